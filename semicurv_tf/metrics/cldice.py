"""Centreline Dice, clDice (Shit et al. 2021, "clDice: a novel topology-preserving loss function for tubular
structure segmentation", CVPR, Eq. 1-3): do the centrelines run inside the other mask?"""

import numpy as np

from semicurv_tf.metrics.ratio import found_share, harmonic_mean


def count_cldice(target, predicted, target_skeleton, predicted_skeleton):
    """Counts of one image.

    Args:
        target, predicted: (height, width) bool, valid pixels only.
        target_skeleton, predicted_skeleton: their centrelines, of `skeleton`.

    Returns:
        (4,) int64: pixels of the predicted centreline inside the target, all of it, pixels of the target's
        centreline inside the prediction, all of it.
    """
    parts = predicted_skeleton & target, predicted_skeleton, target_skeleton & predicted, target_skeleton
    return np.array([np.count_nonzero(part) for part in parts])


def cldice(counts):
    """The harmonic mean of topology precision and topology sensitivity.

    Args:
        counts: (..., 4) of `count_cldice`, of one image or summed over several.

    Returns:
        (...) in [0, 1]; 1 where both masks are empty, 0 where only one is.
    """
    inside, line, covered, target_line = np.moveaxis(np.asarray(counts), -1, 0)
    return harmonic_mean(found_share(inside, line, target_line), found_share(covered, target_line, line))
