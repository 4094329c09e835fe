"""Pixels of two centrelines matched one to one within a tolerance, at one threshold or at many.

As in the Berkeley boundary benchmark (Martin, Fowlkes and Malik 2004), prediction and target are thinned and each
pixel is used once. Differs from it: the benchmark minimises the summed distance and counts pairs within 0.0075 of the
image's diagonal; here the number of pairs is the largest there is, and the tolerance is a stated number of pixels, the
same for all image sizes.
"""

import numpy as np

from semicurv_tf.metrics.nested_matches import most_pairs
from semicurv_tf.metrics.nested_skeletons import MASKS, skeletons

# Of ODS and OIS: 0.5 is one of them.
MATCH_THRESHOLDS = np.arange(1, 50) / 50


def count_matches(first, second, tolerance_px):
    """The most pairs of a pixel of `first` and one of `second`, each used once, no farther apart than the tolerance.

    Args:
        first, second: (height, width) bool, of one shape.
        tolerance_px: largest distance of two pixel centres, inclusive, at least 0.

    Returns:
        int.

    Example:
        >>> count_matches(np.array([[1, 1, 0, 0]], bool), np.array([[0, 0, 0, 1]], bool), 2)
        1
    """
    return int(most_pairs(first, second.astype(np.uint64), 1, tolerance_px)[0])


def count_matches_at(target_skeleton, probability, valid, tolerance_px, thresholds=MATCH_THRESHOLDS):
    """Matched pixels of the centrelines at each threshold.

    Args:
        target_skeleton: (height, width) bool, the target's centreline.
        probability: (height, width) float, 0 to 1; foreground is where it exceeds the threshold.
        valid: (height, width) bool; the prediction counts there only.
        tolerance_px: as in `count_matches`.
        thresholds: in [0, 1), ascending.

    Returns:
        (thresholds, 3) int64: matched pixels, pixels of the predicted centreline, of the target's.
    """
    exceeded = np.searchsorted(thresholds, probability)  # so many thresholds, the first ones
    exceeded[~valid] = 0
    # Thresholds with no probability between them have one mask: the first of them begins it.
    begins = np.bincount(exceeded.reshape(-1), minlength=len(thresholds) + 1)[: len(thresholds)] > 0
    begins[:1] = True
    masks_of = np.cumsum([0, *begins])  # of a pixel, by how many thresholds it exceeds
    counts = np.zeros((masks_of[-1], 3), np.int64)
    counts[:, 2] = np.count_nonzero(target_skeleton)
    for begin in range(0, len(counts), MASKS):
        part = counts[begin : begin + MASKS]
        low_bits = [(1 << int(number)) - 1 for number in np.clip(masks_of - begin, 0, len(part))]
        centrelines = skeletons(np.array(low_bits, np.uint64)[exceeded])
        part[:, 0] = most_pairs(target_skeleton, centrelines, len(part), tolerance_px)
        pixels = centrelines[centrelines != 0]
        part[:, 1] = [np.count_nonzero(pixels & np.uint64(1 << bit)) for bit in range(len(part))]
    return counts[masks_of[1:] - 1]
