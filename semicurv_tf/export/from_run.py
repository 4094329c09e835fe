"""From a run folder to a version folder that TensorFlow Serving loads."""

import dataclasses
import datetime
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.export.saved_model import MAX_PIXELS, new_version, write_card, write_saved_model
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.inference.memory import less_memory
from semicurv_tf.inference.predictor import STRIDE_PX
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict

KERAS_MODEL = "model.keras"  # in assets.extra: for Keras users who import semicurv_tf, and for the check


@dataclasses.dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        version: the version folder.
        nodes: nodes of the served graphs, functions included.
        notes: what the user should know, in lines.
    """

    version: Path
    nodes: int
    notes: tuple[str, ...]


def export_run(
    run: str | Path,
    models: str | Path,
    *,
    version: int | None = None,
    max_batch: int = 8,
    size: tuple[int, int] | None = None,
    threshold: float | None = None,
    precision: str = "float32",
    max_pixels: int | None = None,
) -> Exported:
    """Exports the deployed network of a run.

    Args:
        run: the run folder.
        models: the model's folder; the version becomes a folder in it.
        version: a number above 0; None takes the highest one there plus 1.
        max_batch: the largest batch the server is allowed; warm-up requests go up to it.
        size: (height, width) to serve this size only, with constant coordinate maps; None serves any.
        threshold: of `mask`; None takes the one chosen on validation images (`RUN/threshold.json`), else 0.5.
        precision: "float32" or "bfloat16" (features; inputs and outputs stay uint8 and float32).
        max_pixels: largest height x width of an image that is served; None: 2048 x 2048, and more of a network that
            sees images smaller (`data.resize`), in about the same memory.

    Raises:
        UserError: the run cannot be read, or the version exists or cannot be written.
    """
    from semicurv_tf.training.run_folder import chosen_postprocessing, chosen_threshold, load_deployed

    network, facts = load_deployed(run)
    max_pixels = max_pixels or round(MAX_PIXELS * less_memory(network))
    if size and size[0] * size[1] > max_pixels:
        raise UserError(
            f"--size {size[0]}x{size[1]}: more than --max-pixels {max_pixels}. Fix: raise --max-pixels knowingly"
        )
    # Another threshold than the chosen one sets aside the steps that were chosen with it.
    steps = chosen_postprocessing(run) if threshold is None else PostProcessing()
    threshold = threshold if threshold is not None else chosen_threshold(run) or 0.5
    settings = {
        "threshold": threshold,
        "postprocessing": as_dict(steps) if steps else None,
        "size": size,
        "max_pixels": max_pixels,
        "max_batch": max_batch,
        "precision": precision,
    }
    done = export_network(network, models, {**about_run(Path(run), facts), **settings}, version=version)
    if not steps:
        return done
    note = (
        f"the graph gives raw masks; what was chosen to follow them ({steps.said()}) is in the card: predict "
        f"--saved-model does it, with a server predict --postprocessing {done.version}"
    )
    return dataclasses.replace(done, notes=(*done.notes, note))


def export_network(network, models: str | Path, card: dict, *, version: int | None = None) -> Exported:
    """Exports a network that is already in memory.

    Args:
        network: from raw float32 images to float32 logits.
        models: the model's folder.
        card: the model card; its `channels`, `threshold`, `size`, `max_pixels`, `max_batch` and
            `precision` say what is exported.
        version: a number above 0, or None.
    """
    from semicurv_tf.export.fold import CannotFold, copy_network, folded_for_inference
    from semicurv_tf.export.graph_size import count_nodes
    from semicurv_tf.export.warmup import write_warmup

    channels, size = card["channels"], card["size"]
    dtype = "float32" if card["precision"] == "float32" else "mixed_bfloat16"
    require_numbers(network)
    with new_version(models, version) as (part, final):
        notes: tuple[str, ...] = ()
        try:
            inference = folded_for_inference(network, channels, dtype)
        except CannotFold as why:
            inference = copy_network(network, channels, dtype)
            notes = (f"batch normalisation is served as it is, not folded into convolutions: {why}",)
        write_saved_model(
            inference, part, channels, threshold=card["threshold"], size=size, max_pixels=card["max_pixels"],
            max_batch=card["max_batch"],
            value_range=parse_ranges(card["value_range"]) if card.get("value_range") else None,
        )  # fmt: skip
        nodes = count_nodes(part)
        write_card(
            part,
            {
                **card,
                "stride": getattr(network, "grid_px", STRIDE_PX),
                "exported": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "nodes": nodes,
            },
        )
        network.save(part / "assets.extra" / KERAS_MODEL)
        if card.get("tta") in ("d4", "scales", "all"):
            notes += (
                f"the graph sees an image once; the run's averaging ({card['tta']}) is in the card, and predict "
                "--saved-model does it",
            )
        notes += write_warmup(part, Path(models).name, channels, size, card["max_batch"])
    return Exported(final, nodes, notes)


def require_numbers(network) -> None:
    """Refuses a network with weights that are no numbers, as a training that diverged leaves them.

    Raises:
        UserError: naming the first of them.
    """
    for weight in network.weights:
        if not np.isfinite(weight.numpy()).all():
            raise UserError(
                f"{weight.path}: expected finite weights, found NaN or infinity: the training diverged. "
                "Fix: train again with a lower training.learning_rate"
            )


_SCORE_AGAIN = "Fix: delete the file, or semicurv-tf evaluate --run RUN"


def about_run(run: Path, facts: dict) -> dict:
    """What the card says of where the model comes from."""
    from semicurv_tf.training.run_folder import SCORES, THRESHOLD, read_config

    config = read_config(run)
    return {
        "run": run.resolve().name,
        "step": facts.get("step"),
        "channels": facts["channels"],
        "value_range": facts.get("value_range"),
        "no_data": facts.get("no_data") or None,
        "tta": config.model.tta,
        "resize": config.data.resize,
        "dataset": config.data.dataset,
        "labelled_fraction": config.data.labels if isinstance(config.data.labels, float) else None,
        "labelled_images": facts.get("labelled"),
        "licence_of_the_data": _licence(config.data.dataset),
        "method": config.method.name,
        "scores": _without_lists(_json(run / SCORES), run / SCORES),
        "threshold_chosen": _json(run / THRESHOLD),
        "configuration": config.model_dump(mode="json"),
        "versions": facts.get("versions"),
        "input": "uint8 images (batch, height, width, channels), raw 0-255, RGB; never scaled to 0..1, which is black",
        "limits": "trained on the images of this dataset only; check masks by eye before relying on them elsewhere",
    }


def _json(path: Path):
    from semicurv_tf.training.run_folder import read_json

    return read_json(path) if path.is_file() else None


def _without_lists(scores: dict | None, path: Path) -> dict | None:
    """The scores of each split without each image's and without curves: a card is read by people."""
    if scores is None:
        return None
    damaged = [split for split, of in scores.items() if not isinstance(of, dict)]
    if damaged:
        raise UserError(f"{path}: {damaged[0]}: expected scores by name, found {scores[damaged[0]]!r}. {_SCORE_AGAIN}")
    return {
        split: {name: value for name, value in of.items() if name not in ("each", "curve")}
        for split, of in scores.items()
    }


def _licence(dataset: str) -> str | None:
    try:
        from semicurv_tf.data.catalog import dataset_info

        return dataset_info(dataset).licence
    except (ImportError, UserError):
        return None
