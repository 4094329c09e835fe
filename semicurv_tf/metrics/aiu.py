"""Average IoU over thresholds, AIU (Yang et al. 2019, "Feature pyramid and hierarchical boosting network for
pavement crack detection", IEEE TITS): the thresholds 0.01, 0.02, ..., 0.99, no tolerance."""

import numpy as np

from semicurv_tf.metrics.levels import at_thresholds
from semicurv_tf.metrics.ratio import ratio

AIU_THRESHOLDS = np.arange(1, 100) / 100


def iou_at(levels, thresholds):
    """IoU at each threshold.

    Args:
        levels: (..., 2, columns) counts of `count_levels`.
        thresholds: some of `LEVELS`.

    Returns:
        (..., thresholds) in [0, 1]; 1 where target and prediction are both empty.
    """
    levels = np.asarray(levels)
    hits, predicted = np.moveaxis(levels[..., at_thresholds(thresholds)], -2, 0)
    return ratio(hits, predicted + levels[..., 0, :1] - hits, 1.0)


def f1_at(levels, thresholds):
    """F1 at each threshold; arguments, result and policy of `iou_at`."""
    levels = np.asarray(levels)
    hits, predicted = np.moveaxis(levels[..., at_thresholds(thresholds)], -2, 0)
    return ratio(2 * hits, predicted + levels[..., 0, :1], 1.0)


def aiu(levels):
    """The mean of the IoU over `AIU_THRESHOLDS`.

    Args:
        levels: (..., 2, columns) counts of `count_levels`, of one image or summed over several.

    Returns:
        A float, or an array of shape (...), in [0, 1].
    """
    mean = iou_at(levels, AIU_THRESHOLDS).mean(axis=-1)
    return mean if mean.ndim else float(mean)
