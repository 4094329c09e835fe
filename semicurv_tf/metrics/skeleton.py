"""Centrelines of masks, one pixel wide (Lee et al. 1994, by scikit-image).

Its default, Zhang and Suen 1984, eats diagonals.
"""

import numpy as np


def skeleton(mask):
    """The centreline of a mask; every component keeps at least one pixel, and no two are joined.

    Args:
        mask: (height, width) bool.

    Returns:
        (height, width) bool.
    """
    from skimage.morphology import skeletonize  # here: it takes half a second to load

    mask = np.asarray(mask, bool)
    return skeletonize(mask, method="lee") if mask.any() else np.zeros_like(mask)
