"""The scores of a finished run on images of its dataset."""

from pathlib import Path

from rich.console import Console

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.few_images import few_images_note
from semicurv_tf.evaluation.open_run import OpenRun, PredictedImage, open_run
from semicurv_tf.held_files import held
from semicurv_tf.json_files import read_object
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.metrics.overlap import THRESHOLD, OverlapCounts, summarise
from semicurv_tf.metrics.tally import TOLERANCE_PX, Tally
from semicurv_tf.postprocessing.finish import finished_mask
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict, from_dict
from semicurv_tf.training import run_folder
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import counted, typed

ALWAYS = ("iou", "f1")


def score_run(run: Path, split: str, data_dir: str | None, console: Console) -> dict:
    """Scores a run's deployed network at threshold 0.5: `open_run`, then `score_images` without further metrics."""
    return score_images(open_run(run, data_dir, console), split, console)


def score_images(
    opened: OpenRun,
    split: str,
    console: Console,
    metrics: tuple[str, ...] = (),
    threshold: float = THRESHOLD,
    tolerance_px: float = TOLERANCE_PX,
    steps: PostProcessing = PostProcessing(),
) -> dict:
    """Scores the deployed network of a run and writes RUN/scores.json, a key per split.

    Args:
        opened: the run.
        split: one of `SPLITS`.
        console: for progress.
        metrics: further metrics, names of `METRICS`.
        threshold: foreground is above it. Scores at another one than 0.5 get a key of their own, e.g. "test@0.42"; so
            do those of another averaging than the run's, e.g. "test+d4".
        tolerance_px: of matched centrelines and of buffers.
        steps: what follows the threshold; then only metrics of masks, see `require_mask_metrics`. Their scores
            get a key of their own, e.g. "test@0.42+postprocessing".

    Returns:
        The split's scores: `summarise`'s, with dataset, method, labels, step and each image's IoU and F1; with
        metrics also `Tally.scores`', and each image's; and the names of images that "changed", are "gone" or
        "left_out".

    Raises:
        UserError: no such images, or RUN/scores.json is damaged.
        RetryLater: another process holds RUN/scores.json.
    """
    images = opened.images(split)
    _known_scores(opened)  # a damaged file is said before the work
    # A finished mask is 0 or 1, whatever the threshold.
    tally = Tally(dict.fromkeys((*ALWAYS, *metrics)), 0.5 if steps else threshold, tolerance_px)
    for image in opened.predictions(images, console, f"{split} images"):
        tally.add(image.name, image.target, _finished(image, threshold, steps), image.valid, image.source)
    counts = [OverlapCounts(*map(int, row)) for row in tally.counts("overlap")]
    blank = len(images.indices) - len(counts)
    scores = {
        "dataset": opened.facts["dataset"],
        "method": opened.facts["method"],
        "labels": opened.config.data.labels,
        "split": split,
        "step": opened.facts["step"],
        **(opened.dataset.changes.of_split(split) if opened.dataset.changes else {}),
        **summarise(counts + [OverlapCounts(0, 0, 0, 0)] * blank),
        **(_named(tally.scores(), metrics) if metrics else {}),
        "threshold": threshold,
        "tta": opened.tta,
        **({"resize": opened.config.data.resize} if opened.config.data.resize else {}),
        **({"postprocessing": as_dict(steps)} if steps else {}),
        "each": {name: _rounded(each) for name, each in tally.each().items()},
    }
    other = "" if opened.tta == opened.config.model.tta else opened.tta
    # Scores of another split, by a call beside this one, are read and kept.
    path = opened.folder / run_folder.SCORES
    with held(path):
        told = {**_known_scores(opened), key(split, threshold, other, bool(steps)): scores}
        write_json(path, told)
    return scores


def _known_scores(opened: OpenRun) -> dict:
    path = opened.folder / run_folder.SCORES
    return read_object(path, f"rm {typed(path)}: evaluate writes it again") if path.exists() else {}


def key(split: str, threshold: float, tta: str = "", steps: bool = False) -> str:
    """Under which RUN/scores.json keeps scores.

    The split; averaging and threshold where they are not the usual; and if steps follow.
    """
    name = split + (f"+{tta}" if tta else "") + ("" if threshold == THRESHOLD else f"@{threshold:g}")
    return f"{name}+postprocessing" if steps else name


def require_mask_metrics(names: tuple[str, ...], asked_for_all: bool) -> tuple[str, ...]:
    """Those of the metrics that need a mask alone, not a probability at every threshold.

    Raises:
        UserError: another metric, unless all that there are were asked for.
    """
    of_masks = tuple(name for name in names if METRICS[name].counts not in ("levels", "matches", "best_match"))
    others = [name for name in names if name not in of_masks]
    if others and not asked_for_all:
        raise UserError(
            f"--metrics {','.join(names)}: expected metrics of masks with --postprocessing, found {', '.join(others)}, "
            "which need probabilities. "
            f"Fix: --metrics {','.join(of_masks) or 'iou,cldice'}"
        )
    return of_masks


def _finished(image: PredictedImage, threshold: float, steps: PostProcessing):
    if not steps:
        return image.probability
    return finished_mask(image.probability[..., 0], threshold, steps, image.valid[..., 0] > 0.5)[..., None].astype(
        float
    )


def table(scores: dict) -> str:
    """The scores as text for a terminal; of few images with what they are worth."""
    text = _metric_table(scores) if "metrics" in scores else _overlap_table(scores)
    ious = [each["iou"] for each in scores.get("each", {}).values() if each.get("iou") is not None]
    note = few_images_note(scores["split"], ious)
    return text if note is None else f"{text}\n{note}"


def _overlap_table(scores):
    rows = [
        f"{name:<18}" + "".join(f"{100 * scores[kind][name]:>14.1f}" for kind in ("mean", "pooled"))
        for name in ("iou", "f1", "precision", "recall")
    ]
    return "\n".join([_head(scores), f"{'percent':<18}{'mean of images':>14}{'pooled':>14}", *rows, _empty(scores)])


def _metric_table(scores):
    title = f"{100 * scores['bootstrap']['level']:.0f} % interval"
    lines = [_head(scores), f"{'':<26}{'mean of images':>14}{title:>18}{'pooled':>12}{title:>18}"]
    for name, entry in scores["metrics"].items():
        metric = METRICS[name]
        unit = " %" if metric.percent else ""
        cells = [shown(entry[kind], metric.percent) for kind in ("mean", "pooled")]
        spans = [shown_interval(entry[f"{kind}_interval"], metric.percent) for kind in ("mean", "pooled")]
        lines.append(f"{metric.title + unit:<26}{cells[0]:>14}{spans[0]:>18}{cells[1]:>12}{spans[1]:>18}")
    if any(METRICS[name].with_tolerance for name in scores["metrics"]):
        lines.append(f"tolerance of matched centrelines and buffers: {scores['tolerance_px']:g} px")
    if "ods" in scores["metrics"]:
        lines.append(f"ODS is at threshold {scores['metrics']['ods']['threshold']:g}, the best for these images")
    bootstrap = scores["bootstrap"]
    spread = f"{bootstrap['resamples']} resamples of {bootstrap['sources']} source images, seed {bootstrap['seed']}"
    lines.append(
        f"intervals: {spread}" if bootstrap["sources"] > 1 else "intervals: none, all crops are of one source image"
    )
    return "\n".join([*lines, _empty(scores)])


def shown(value, percent: bool) -> str:
    """A score as text: in percent or as a number, one digit; a dash where there is none."""
    return "-" if value is None else f"{100 * value if percent else value:.1f}"


def shown_interval(limits, percent: bool) -> str:
    """An interval as text, or nothing."""
    return "" if limits is None else " to ".join(shown(limit, percent) for limit in limits)


def _head(scores):
    at = "" if scores["threshold"] == THRESHOLD else f", threshold {scores['threshold']:g}"
    at += "" if scores["tta"] == "none" else f", averaged ({scores['tta']})"
    at += f", seen at {scores['resize']} and scored at their own size" if scores.get("resize") else ""
    if scores.get("postprocessing"):
        at += f", post-processing: {from_dict(scores['postprocessing'], Path(run_folder.SCORES)).said()}"
    what = f"{scores['dataset']} {scores['split']}, {counted(scores['images'], 'image')}"
    return f"{what}, {scores['method']} at step {scores['step']}{at}"


def _empty(scores):
    return f"empty masks: {scores['empty_targets']} (1 where the prediction is empty too, else 0)"


def _named(scores, metrics):
    return {**scores, "metrics": {name: scores["metrics"][name] for name in metrics}}


def _rounded(each):
    return {name: None if value is None else round(value, 4) for name, value in each.items()}
