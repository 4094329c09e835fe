"""Overlap of a predicted mask with its target: IoU, F1, precision, recall (Sect. IV-B).

Policy on empty masks, the same for all four scores: an image whose target and prediction are both empty
scores 1; one where only one of them is empty scores 0. Pixels that are not valid count nowhere.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from semicurv_tf.metrics.ratio import ratio

THRESHOLD = 0.5


class OverlapCounts(NamedTuple):
    """The pixels of one image, or of several pooled, by target and prediction; or arrays with one place per image."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def count_overlap(target, probability, valid=None, threshold=THRESHOLD):
    """Counts the valid pixels of one image; foreground is where `probability > threshold`.

    Args:
        target: (height, width) or (height, width, 1), 0 to 1; foreground is above 0.5.
        probability: same shape, 0 to 1.
        valid: same shape, a pixel counts where it is above 0.5; None: all pixels count.
        threshold: in [0, 1).

    Returns:
        `OverlapCounts`.

    Raises:
        ValueError: shapes that differ, or a probability that is NaN on a valid pixel.

    Example:
        >>> count_overlap(np.array([[1, 1, 0]]), np.array([[0.9, 0.1, 0.2]]))
        OverlapCounts(true_positive=1, false_positive=0, false_negative=1, true_negative=1)
    """
    target, probability = np.asarray(target), np.asarray(probability)
    counted = np.ones(target.shape, bool) if valid is None else np.asarray(valid) > 0.5
    if not target.shape == probability.shape == counted.shape:
        raise ValueError(
            "Expected target, probability and valid of one shape. Received: "
            f"target.shape={target.shape}, probability.shape={probability.shape}, valid.shape={counted.shape}"
        )
    if np.isnan(probability[counted]).any():
        raise ValueError("Expected probabilities in [0, 1]. Received: NaN on a valid pixel")
    positive, predicted = (target > 0.5) & counted, (probability > threshold) & counted
    positives, predictions = np.count_nonzero(positive), np.count_nonzero(predicted)
    both = np.count_nonzero(positive & predicted)
    pixels = np.count_nonzero(counted)
    return OverlapCounts(
        int(both), int(predictions - both), int(positives - both), int(pixels - predictions - positives + both)
    )


def iou(counts):
    """TP / (TP + FP + FN), the Jaccard index, of an `OverlapCounts`; 1 where target and prediction are empty."""
    return _score(counts, counts.true_positive, counts.true_positive + counts.false_positive + counts.false_negative)


def f1(counts):
    """2 TP / (2 TP + FP + FN), the Dice index, of an `OverlapCounts`; 1 where target and prediction are empty."""
    double = 2 * counts.true_positive
    return _score(counts, double, double + counts.false_positive + counts.false_negative)


def precision(counts):
    """TP / (TP + FP) of an `OverlapCounts`; 0 where only the prediction is empty, 1 where both are."""
    return _score(counts, counts.true_positive, counts.true_positive + counts.false_positive)


def recall(counts):
    """TP / (TP + FN) of an `OverlapCounts`; 0 where only the target is empty, 1 where both are."""
    return _score(counts, counts.true_positive, counts.true_positive + counts.false_negative)


SCORES = {"iou": iou, "f1": f1, "precision": precision, "recall": recall}


def pool(counts: Iterable[OverlapCounts]):
    """Adds the counts of several images, as if their pixels were those of one."""
    return OverlapCounts(*(int(sum(column)) for column in zip(*counts, strict=True)))


def summarise(counts: Iterable[OverlapCounts]):
    """The scores of a set of images, ready for JSON.

    Args:
        counts: one `OverlapCounts` per image. Images without a valid pixel are left out of the scores.

    Returns:
        "images" (scored), "images_without_valid_pixels", "empty_targets" and "empty_predictions" among the scored
        ones; "mean": the mean over images of "iou", "f1", "precision", "recall" (as the paper reports);
        "pooled": the same scores of all pixels together; "counts": the pooled counts. Scores in [0, 1].

    Raises:
        ValueError: no image has a valid pixel.
    """
    every = list(counts)
    scored = [c for c in every if sum(c) > 0]
    if not scored:
        raise ValueError(f"Expected counts of at least one image with valid pixels. Received: {len(every)} images")
    pooled = pool(scored)
    return {
        "images": len(scored),
        "images_without_valid_pixels": len(every) - len(scored),
        "empty_targets": sum(c.true_positive + c.false_negative == 0 for c in scored),
        "empty_predictions": sum(c.true_positive + c.false_positive == 0 for c in scored),
        "mean": {name: float(np.mean([score(c) for c in scored])) for name, score in SCORES.items()},
        "pooled": {name: score(pooled) for name, score in SCORES.items()},
        "counts": pooled._asdict(),
    }


def batch_iou(target, probability, valid=None, threshold=THRESHOLD):
    """The mean over a batch of each image's IoU, as a TensorFlow graph function, for live progress.

    Same thresholds and policy as `count_overlap` and `iou`; an image without a valid pixel scores 1.

    Args:
        target: (batch, height, width, 1), any numeric dtype.
        probability: same shape, any float dtype.
        valid: same shape, or None.
        threshold: in [0, 1).

    Returns:
        A scalar float32 tensor. Means of batches of one size average to the mean over images.
    """
    import tensorflow as tf  # here, so that evaluation in NumPy starts without it

    positive = tf.cast(target, tf.float32) > 0.5
    predicted = tf.cast(probability, tf.float32) > threshold
    if valid is not None:
        counted = tf.cast(valid, tf.float32) > 0.5
        positive, predicted = positive & counted, predicted & counted
    axes = (1, 2, 3)
    intersection = tf.math.count_nonzero(positive & predicted, axis=axes)
    union = tf.math.count_nonzero(positive | predicted, axis=axes)
    scores = tf.where(union > 0, intersection / tf.maximum(union, 1), tf.ones([], tf.float64))
    return tf.cast(tf.reduce_mean(scores), tf.float32)


def _score(counts, numerator, denominator):
    return ratio(numerator, denominator, np.asarray(counts.false_positive) + counts.false_negative == 0)
