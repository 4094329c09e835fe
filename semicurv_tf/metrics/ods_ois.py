"""ODS and OIS: the best F-measure of centrelines with one threshold for the dataset, or one for each image
(Arbelaez et al. 2011, "Contour detection and hierarchical image segmentation", Sect. 3). The counts are those of
`centreline_match`; its docstring says how the matching differs from the Berkeley benchmark's."""

import numpy as np

from semicurv_tf.metrics.ratio import ratio


def match_f1(counts):
    """F-measure of matched centrelines.

    Args:
        counts: (..., 3): matched, predicted, target pixels.

    Returns:
        (...) in [0, 1]; 1 where both are empty, 0 where only one is.
    """
    matched, predicted, target = np.moveaxis(np.asarray(counts), -1, 0)
    return ratio(2 * matched, predicted + target, 1.0)


def ods(counts):
    """The F-measure at the one threshold that is best for all images together.

    Args:
        counts: (..., thresholds, 3) of `count_matches_at`, summed over the images.

    Returns:
        (...) in [0, 1].
    """
    return np.max(match_f1(counts), axis=-1)


def best_counts(counts):
    """An image's counts at its own best threshold: (..., thresholds, 3) to (..., 3); the first of equally good ones.

    OIS is `match_f1` of the sum of these over images, or of one image's.
    """
    counts = np.asarray(counts)
    best = np.argmax(match_f1(counts), axis=-1)
    return np.take_along_axis(counts, best[..., None, None], axis=-2)[..., 0, :]
