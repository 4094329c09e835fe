"""Counts of one image at every threshold at once: what curves, average precision and AIU are made of.

The thresholds are fixed, so that counts of images add up: steps of 0.001 from 0 to 0.999, and finer ones towards
0 and 1, where a trained network's probabilities crowd.
"""

import numpy as np

_TAIL = np.logspace(-7, -3, 41)[:-1]
# Ascending, in [0, 1). Quotients, not multiples of a step: 0.42 is found here as the very same number.
LEVELS = np.unique(np.concatenate([np.arange(1000) / 1000, _TAIL, 1 - _TAIL]))


def count_levels(target, probability):
    """True positives and predicted pixels at every threshold.

    Args:
        target: (pixels,) bool.
        probability: (pixels,) float, 0 to 1.

    Returns:
        (2, 1 + len(LEVELS)) int64: row 0 true positives, row 1 predicted pixels; column 0 with every pixel
        predicted, column 1 + k with those where `probability > LEVELS[k]`, as in `count_overlap`.
    """
    probability = np.asarray(probability)
    # How many levels lie below each probability, both in the probability's own precision.
    passed = np.searchsorted(LEVELS.astype(probability.dtype), probability, side="left")
    bins = len(LEVELS) + 1
    histograms = np.stack([np.bincount(passed[target], minlength=bins), np.bincount(passed, minlength=bins)])
    return np.cumsum(histograms[:, ::-1], axis=1)[:, ::-1]


def at_thresholds(thresholds):
    """The columns of `count_levels` that hold these thresholds.

    Raises:
        ValueError: a threshold that is not among `LEVELS`.
    """
    thresholds = np.asarray(thresholds, np.float64)
    places = np.minimum(np.searchsorted(LEVELS, thresholds), len(LEVELS) - 1)
    if not np.array_equal(LEVELS[places], thresholds):
        raise ValueError(f"Expected thresholds in steps of 0.001 from 0 to 0.999. Received: thresholds={thresholds}")
    return places + 1
