"""The finished mask of a probability: threshold, hysteresis, bridged gaps, small components left out, in this order.

Gaps are bridged before small components go, so that a line in short pieces is joined before its pieces are judged.
Components are 8-connected.
"""

import numpy as np
from scipy import ndimage

from semicurv_tf.postprocessing.bridge import CORNERS, bridge_gaps
from semicurv_tf.postprocessing.settings import PostProcessing

BYTES_PER_PIXEL = 56  # at most at once, beside the image: 46 were measured, and 4 of the probability
# A bridge needs a probability, its geometric mean over the gap, of this share of the threshold.
BRIDGE_EVIDENCE = 0.1


def finished_mask(
    probability: np.ndarray, threshold: float, settings: PostProcessing, valid: np.ndarray | None = None
) -> np.ndarray:
    """Foreground of an image as a whole.

    Args:
        probability: `(height, width)` in [0, 1].
        threshold: foreground is above it.
        settings: the steps.
        valid: bool `(height, width)`; where it is False there is no foreground. None: everywhere.

    Returns:
        bool `(height, width)`. Without steps `probability > threshold`, within `valid`; an empty mask stays empty.

    Raises:
        UserError: the hysteresis does not begin below the threshold.

    Example:
        >>> probability = np.array([[0.9, 0.4, 0.1, 0.4]])
        >>> finished_mask(probability, 0.5, PostProcessing(hysteresis_low=0.3)).astype(int).tolist()
        [[1, 1, 0, 0]]
    """
    settings.require_below(threshold)
    if valid is not None:
        probability = np.where(valid, probability, 0.0)
    mask = probability > threshold
    if settings.hysteresis_low is not None:
        mask = hysteresis(probability, settings.hysteresis_low, mask)
    if settings.bridge_px:
        mask = bridge_gaps(mask, probability, settings.bridge_px, BRIDGE_EVIDENCE * threshold, valid)
    if settings.smallest_component_px > 1:
        mask = without_small(mask, settings.smallest_component_px)
    return mask


def hysteresis(probability: np.ndarray, low: float, seeds: np.ndarray) -> np.ndarray:
    """Pixels above `low` that are 8-connected to one of the `seeds`; bool of the same shape."""
    labels, count = ndimage.label(probability > low, CORNERS)
    kept = np.zeros(count + 1, bool)
    kept[labels[seeds]] = True
    kept[0] = False
    return kept[labels]


def without_small(mask: np.ndarray, smallest_px: int) -> np.ndarray:
    """The mask without components of fewer pixels than `smallest_px`; bool of the same shape."""
    labels, _ = ndimage.label(mask, CORNERS)
    kept = np.bincount(labels.ravel()) >= smallest_px
    kept[0] = False
    return kept[labels]
