"""Precision and recall over all thresholds, and the area under their curve (average precision).

The area is the sum of (R_n - R_{n-1}) P_n over falling thresholds, without interpolation, as scikit-learn's
`average_precision_score` takes it; straight lines between the points would promise too much (Davis and Goadrich 2006).
"""

import numpy as np

from semicurv_tf.metrics.levels import at_thresholds
from semicurv_tf.metrics.ratio import found_share, ratio


def average_precision(levels):
    """The area under the precision-recall curve.

    Args:
        levels: (..., 2, columns) counts of `count_levels`, of one image or summed over several.

    Returns:
        A float, or an array of shape (...), in [0, 1]; NaN where the target is empty: recall means nothing there.
    """
    hits, predicted = np.moveaxis(np.asarray(levels, np.float64), -2, 0)
    precision = ratio(hits, predicted, 1.0)
    # Column 0 has the lowest threshold; beyond the last column nothing is predicted.
    gained = hits - np.concatenate([hits[..., 1:], np.zeros_like(hits[..., :1])], axis=-1)
    return ratio(np.sum(gained * precision, axis=-1), hits[..., 0], np.nan)


def precision_recall_curve(levels, thresholds):
    """Points of the curve.

    Args:
        levels: (2, columns) counts of `count_levels`, of one image or summed over several.
        thresholds: some of `LEVELS`.

    Returns:
        Precision and recall, float64 of the thresholds' shape. Without a predicted pixel precision is 1 if the
        target is empty too, else 0; recall likewise.
    """
    levels = np.asarray(levels)
    hits, predicted = levels[:, at_thresholds(thresholds)]
    positive = levels[0, 0]
    return found_share(hits, predicted, positive), found_share(hits, np.broadcast_to(positive, hits.shape), predicted)
