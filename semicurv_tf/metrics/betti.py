"""Betti numbers of a mask, and their errors: how many pieces and how many loops too many or too few.

Foreground is joined over corners, background over edges alone, so that a closed line of pixels separates its inside.
The error is taken over the whole image; Hu et al. (2019, "Topology-preserving deep image segmentation", NeurIPS) take
it over random patches, and their figures are not comparable.
"""

import numpy as np

_CORNERS = np.ones((3, 3), bool)


def betti_numbers(mask):
    """Connected pieces and holes of a mask.

    Args:
        mask: (height, width) bool. Beyond the image lies background.

    Returns:
        (pieces, holes), ints; (0, 0) of an empty mask, (1, 0) of a full one.

    Example:
        >>> betti_numbers(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool))
        (1, 1)
    """
    from scipy.ndimage import label

    pieces = label(mask, _CORNERS)[1]
    background = label(np.pad(~np.asarray(mask, bool), 1, constant_values=True))[1]
    return pieces, background - 1


def betti_errors(target, predicted):
    """Absolute differences of the two masks' numbers of pieces (Betti-0) and of holes (Betti-1): (2,) int64."""
    return np.abs(np.subtract(betti_numbers(target), betti_numbers(predicted)))
