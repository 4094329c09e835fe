"""The threshold of a run's masks, chosen on images that no result is reported on."""

import numpy as np
from rich.console import Console

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.open_run import OpenRun
from semicurv_tf.metrics.aiu import AIU_THRESHOLDS, f1_at, iou_at
from semicurv_tf.metrics.overlap import THRESHOLD
from semicurv_tf.metrics.tally import Tally
from semicurv_tf.training import run_folder
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import counted, typed

# What the threshold is chosen by: the mean over images of the metric.
CHOICES = {"iou": iou_at, "f1": f1_at}
FEWEST = 5  # images


def require_no_test(split: str | None):
    """Refuses images that results are reported on.

    Raises:
        UserError: the split is "test" or "new".
    """
    if split in ("test", "new"):
        raise UserError(
            f"{'--new' if split == 'new' else '--split test'}: a threshold is never chosen on the images that "
            "results are reported on. "
            "Fix: --split validation or --split labelled"
        )


def choose_threshold(opened: OpenRun, split: str | None, metric: str, console: Console) -> dict:
    """Chooses among 0.01, 0.02, ..., 0.99 and writes RUN/threshold.json.

    Args:
        opened: the run.
        split: "validation" or "labelled"; None, or "validation" of a dataset without: validation where it has enough
            images, else labelled.
        metric: a key of `CHOICES`; its mean over images is to be highest.
        console: for progress.

    Returns:
        What was written: "threshold", "split", "score" (at the threshold), "metric", "score_at_0.5", "images", "step".

    Raises:
        UserError: the split is "test" or "new", has fewer than `FEWEST` images, or none with a valid pixel.
    """
    require_no_test(split)
    split = _enough(opened, split)
    tally = Tally(["aiu"])
    for image in opened.predictions(opened.images(split), console, f"{split} images"):
        tally.add(image.name, image.target, image.probability, image.valid)
    if not tally.names:
        raise UserError(f"--split {split}: expected images with valid pixels, found none. Fix: another --split")
    scores = CHOICES[metric](tally.counts("levels"), AIU_THRESHOLDS).mean(axis=0)
    place = best_place(scores)
    chosen = {
        "threshold": float(AIU_THRESHOLDS[place]),
        "split": split,
        "score": round(float(scores[place]), 4),
        "metric": metric,
        "score_at_0.5": round(float(scores[AIU_THRESHOLDS == THRESHOLD][0]), 4),
        "images": len(tally.names),
        "step": opened.facts["step"],
    }
    write_json(opened.folder / run_folder.THRESHOLD, chosen)
    return chosen


def _enough(opened: OpenRun, split: str | None) -> str:
    """The split to choose on: with at least `FEWEST` images, so that the choice is not one image's chance."""
    count = lambda name: len(opened.images(name).indices)
    if opened.dataset.validation is None or (split is None and count("validation") < FEWEST <= count("labelled")):
        split = "labelled"
    split = split or "validation"
    found = count(split)
    if found < FEWEST:
        others = [name for name in ("validation", "labelled") if name != split and getattr(opened.dataset, name, True)]
        better = [f"--split {name}" for name in others if count(name) >= FEWEST]
        raise UserError(
            f"--choose-threshold: expected at least {FEWEST} {split} images with masks, found {found}; {THRESHOLD:g} "
            f"stays in use. Fix: {better[0] if better else 'label more images'}"
        )
    return split


def best_place(scores: np.ndarray) -> int:
    """Where the highest score is; of equal ones (within 1e-9) that nearest to threshold 0.5."""
    equal = np.flatnonzero(scores >= scores.max() - 1e-9)
    return int(equal[np.argmin(np.abs(AIU_THRESHOLDS[equal] - THRESHOLD))])


def describe(chosen: dict, opened: OpenRun) -> str:
    """The choice as text for a terminal; says plainly when the images were trained on."""
    name, images = opened.config.data.dataset, counted(chosen["images"], f"{chosen['split']} image")
    text = (
        f"threshold {chosen['threshold']:g}: mean {chosen['metric']} {100 * chosen['score']:.1f} on {images}, "
        f"{100 * chosen['score_at_0.5']:.1f} at 0.5; written to {opened.folder / run_folder.THRESHOLD}"
    )
    if chosen["split"] == "labelled":
        few = opened.dataset.validation is not None and len(opened.images("validation").indices) < FEWEST
        why = f"{name} has no validation images; " if opened.dataset.validation is None else ""
        why = f"{name} has fewer than {FEWEST} validation images with masks; " if few else why
        text += (
            f"\nnote: {why}these are the labelled training images, which the network knows: "
            "expect another best threshold on new ones"
        )
    return text


def threshold_of(text: str, opened: OpenRun) -> float:
    """The threshold that `--threshold` names: a number, or "chosen" for that of RUN/threshold.json.

    Raises:
        UserError: none was chosen, or at another step.
    """
    if text != "chosen":
        return float(text)
    threshold = run_folder.chosen_threshold(opened.folder, opened.facts["step"])
    if threshold is None:
        raise UserError(
            f"--threshold chosen: {opened.folder} has no {run_folder.THRESHOLD}. "
            f"Fix: semicurv-tf evaluate --run {typed(opened.folder)} --choose-threshold"
        )
    return threshold
