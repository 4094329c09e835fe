"""The scores of a finished run on its dataset's test or validation images."""

from pathlib import Path

from rich.console import Console
from rich.progress import track

from semicurv_tf.data.pipeline import evaluation_batches
from semicurv_tf.errors import UserError
from semicurv_tf.metrics.overlap import f1, iou, summarise
from semicurv_tf.training import run_folder
from semicurv_tf.training.evaluation import count_images, make_predictor
from semicurv_tf.training.train import open_dataset
from semicurv_tf.whole_files import write_json


def score_run(run: Path, split: str, data_dir: str | None, console: Console) -> dict:
    """Scores the deployed network of a run and writes RUN/scores.json, a key per split.

    Args:
        run: a run folder with a checkpoint.
        split: "test" or "validation".
        data_dir: in place of the configuration's, or None.
        console: for progress.

    Returns:
        The split's scores: `summarise`'s, with dataset, method, labels, step and each image's IoU and F1.

    Raises:
        UserError: no run, no checkpoint, no such images.
    """
    network, facts = run_folder.load_deployed(run)
    config = run_folder.read_config(run)
    if data_dir is not None:
        config = config.model_copy(update={"data": config.data.model_copy(update={"data_dir": data_dir})})
    dataset = open_dataset(config, console)
    store = getattr(dataset, split)
    if store is None:
        raise UserError(f"--split {split}: {config.data.dataset} has no {split} images. Fix: another --split")
    batches = track(
        evaluation_batches(store, 4), description=f"{split} images", total=-(-len(store) // 4), console=console, transient=True
    )
    counts = count_images(make_predictor(network), batches)
    scores = {
        "dataset": facts["dataset"],
        "method": facts["method"],
        "labels": config.data.labels,
        "split": split,
        "step": facts["step"],
        **summarise(counts.values()),
        "each": {name: {"iou": round(iou(count), 4), "f1": round(f1(count), 4)} for name, count in counts.items()},
    }
    path = run / run_folder.SCORES
    known = run_folder.read_json(path) if path.exists() else {}
    write_json(path, {**known, split: scores})
    return scores


def table(scores: dict) -> str:
    """The scores as text for a terminal."""
    head = f"{scores['dataset']} {scores['split']}, {scores['images']} images, {scores['method']} at step {scores['step']}"
    rows = [
        f"{name:<18}" + "".join(f"{100 * scores[kind][name]:>14.1f}" for kind in ("mean", "pooled"))
        for name in ("iou", "f1", "precision", "recall")
    ]
    note = f"empty masks: {scores['empty_targets']} (1 where the prediction is empty too, else 0)"
    return "\n".join([head, f"{'percent':<18}{'mean of images':>14}{'pooled':>14}", *rows, note])
