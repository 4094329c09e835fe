"""All metrics by name. Each is a set of counts that add up over images, and a function from counts to a score.

So the score of an image, of all pixels pooled, and of any resample of the images come from the same two functions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.metrics import overlap, road_buffer
from semicurv_tf.metrics.adapted_rand import adapted_rand_error, count_pairs
from semicurv_tf.metrics.aiu import aiu
from semicurv_tf.metrics.betti import betti_errors
from semicurv_tf.metrics.cldice import cldice, count_cldice
from semicurv_tf.metrics.image import ImageToScore
from semicurv_tf.metrics.levels import count_levels
from semicurv_tf.metrics.ods_ois import best_counts, match_f1, ods
from semicurv_tf.metrics.precision_recall import average_precision

# What is counted on one image -> an array that adds up over images.
COUNTS: dict[str, Callable[[ImageToScore], np.ndarray]] = {
    "overlap": lambda image: np.array(
        overlap.count_overlap(image.target, image.probability, image.valid, image.threshold)
    ),
    "levels": lambda image: count_levels(image.target[image.valid], image.probability[image.valid]),
    "matches": lambda image: image.matches,
    "best_match": lambda image: best_counts(image.matches),
    "cldice": lambda image: count_cldice(
        image.target, image.predicted, image.target_skeleton, image.predicted_skeleton
    ),
    "betti": lambda image: betti_errors(image.target, image.predicted),
    "buffer": lambda image: road_buffer.count_buffer(
        image.target_skeleton, image.predicted_skeleton, image.tolerance_px
    ),
    "pairs": lambda image: count_pairs(image.target, image.predicted, image.valid),
}


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        title: its name in tables.
        about: one line.
        counts: a key of `COUNTS`.
        score: from counts (..., their shape) to scores (...).
        per_image: whether an image has a score of its own, and the set a mean over images.
        pooled: whether the sum of all images' counts has a score.
        percent: a share, shown in percent; else a number.
        lower_is_better: an error.
        with_tolerance: depends on the tolerance in pixels.
    """

    title: str
    about: str
    counts: str
    score: Callable
    per_image: bool = True
    pooled: bool = True
    percent: bool = True
    lower_is_better: bool = False
    with_tolerance: bool = False


def _overlap(score):
    return lambda counts: score(overlap.OverlapCounts(*np.moveaxis(np.asarray(counts), -1, 0)))


METRICS = {
    "iou": Metric("IoU", "overlap / union of the masks", "overlap", _overlap(overlap.iou)),
    "f1": Metric("F1 (Dice)", "harmonic mean of precision and recall of pixels", "overlap", _overlap(overlap.f1)),
    "precision": Metric(
        "Precision", "share of the predicted pixels that are right", "overlap", _overlap(overlap.precision)
    ),
    "recall": Metric("Recall", "share of the target's pixels that were found", "overlap", _overlap(overlap.recall)),
    "average_precision": Metric(
        "Average precision", "area under the precision-recall curve, all thresholds", "levels", average_precision
    ),
    "aiu": Metric("AIU", "mean IoU over the thresholds 0.01 to 0.99", "levels", aiu),
    "ods": Metric(
        "ODS", "F-measure of matched centrelines, one threshold for all", "matches", ods,
        per_image=False, with_tolerance=True,
    ),
    "ois": Metric(
        "OIS", "F-measure of matched centrelines, each image's best threshold", "best_match", match_f1,
        with_tolerance=True,
    ),
    "cldice": Metric("clDice", "do the centrelines run inside the other mask", "cldice", cldice),
    "betti0_error": Metric(
        "Betti-0 error", "connected pieces too many or too few, per image", "betti",
        lambda counts: np.asarray(counts)[..., 0], pooled=False, percent=False, lower_is_better=True,
    ),
    "betti1_error": Metric(
        "Betti-1 error", "loops too many or too few, per image", "betti", lambda counts: np.asarray(counts)[..., 1],
        pooled=False, percent=False, lower_is_better=True,
    ),
    "completeness": Metric(
        "Completeness", "share of the target's length that was found", "buffer", road_buffer.completeness,
        with_tolerance=True,
    ),
    "correctness": Metric(
        "Correctness", "share of the predicted length that is right", "buffer", road_buffer.correctness,
        with_tolerance=True,
    ),
    "quality": Metric(
        "Quality", "completeness and correctness in one", "buffer", road_buffer.quality, with_tolerance=True
    ),
    "rand_error": Metric(
        "Rand error", "adapted Rand error of the enclosed cells", "pairs", adapted_rand_error, lower_is_better=True
    ),
}  # fmt: skip


def parse_metrics(text: str) -> tuple[str, ...]:
    """Metric names of a list such as `iou,f1,cldice`, in that order and once each; `all` stands for every one.

    Raises:
        UserError: naming all that are unknown.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in METRICS and name != "all"]
    if unknown or not names:
        found = ", ".join(unknown) or "none"
        raise UserError(
            f"--metrics {text}: expected names of metrics, found {found}. Fix: all, or some of {', '.join(METRICS)}"
        )
    return tuple(METRICS) if "all" in names else tuple(dict.fromkeys(names))


def metrics_of(text: str | None, page: bool) -> tuple[str, ...]:
    """The further metrics of an evaluation: those of `text`, see `parse_metrics`; without it, on a page all, else none.

    >>> metrics_of("f1", page=True), metrics_of(None, page=False), len(metrics_of(None, page=True)) == len(METRICS)
    (('f1',), (), True)
    """
    if text is None:
        return tuple(METRICS) if page else ()
    return parse_metrics(text)


def counts_of(names: Iterable[str]) -> tuple[str, ...]:
    """The counts that these metrics need, each once."""
    return tuple(dict.fromkeys(METRICS[name].counts for name in names))
