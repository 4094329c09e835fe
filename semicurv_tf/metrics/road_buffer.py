"""Completeness, correctness and quality of extracted lines by the buffer method (Heipke, Mayer, Wiedemann and Jamet
1997, "Evaluation of automatic road extraction", IAPRS 32; Wiedemann et al. 1998).

A pixel of a centreline is matched where the other centreline passes within the buffer: many may match one, unlike in
`centreline_match`. Length is counted in pixels of the centreline; Mnih (2013) takes whole masks instead.
"""

import numpy as np

from semicurv_tf.metrics.ratio import found_share, ratio


def count_buffer(target_skeleton, predicted_skeleton, buffer_px):
    """Matched and all pixels of both centrelines.

    Args:
        target_skeleton, predicted_skeleton: (height, width) bool.
        buffer_px: largest distance of pixel centres, inclusive.

    Returns:
        (4,) int64: matched pixels of the prediction, all of it, matched pixels of the target, all of it.
    """
    return np.array(
        [
            _matched(predicted_skeleton, target_skeleton, buffer_px), np.count_nonzero(predicted_skeleton),
            _matched(target_skeleton, predicted_skeleton, buffer_px), np.count_nonzero(target_skeleton),
        ]
    )  # fmt: skip


def completeness(counts):
    """The share of the target's length that was found: (..., 4) counts to (...), 1 where both lines are empty."""
    _, predicted, found, target = np.moveaxis(np.asarray(counts), -1, 0)
    return found_share(found, target, predicted)


def correctness(counts):
    """The share of the predicted length that is right: (..., 4) counts to (...), 1 where both lines are empty."""
    right, predicted, _, target = np.moveaxis(np.asarray(counts), -1, 0)
    return found_share(right, predicted, target)


def quality(counts):
    """Matched prediction / (prediction + missed target): (..., 4) counts to (...), 1 where both lines are empty."""
    right, predicted, found, target = np.moveaxis(np.asarray(counts), -1, 0)
    return ratio(right, predicted + target - found, 1.0)


def _matched(line, other, buffer_px):
    if not line.any() or not other.any():
        return 0
    from scipy.ndimage import distance_transform_edt

    return np.count_nonzero(distance_transform_edt(~other)[line] <= buffer_px)
