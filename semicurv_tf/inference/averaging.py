"""Averaging at test time: a prediction blended over scales, over flips and quarter turns, or over both."""

from collections.abc import Callable

import numpy as np

# What `--tta` and `model.tta` take.
CHOICES = ("none", "d4", "scales", "all")
# Compared with one and five on hidden training masks: results/pretraining/README.md.
SCALES = (0.5, 1.0, 1.5)


def enlarged(tta: str) -> float:
    """How many times the pixels of an image the network sees at once, at most."""
    return max(SCALES) ** 2 if tta in ("scales", "all") else 1.0


def averaged(predict: Callable[[np.ndarray], np.ndarray], image: np.ndarray, tta: str) -> np.ndarray:
    """The prediction of images, averaged.

    One scale and one orientation after the other: a graph of all may run them at once, in many times the memory.

    Args:
        predict: maps `(batch, height, width, channels)` of any height and width to probabilities `(batch, height,
            width, 1)` float32.
        image: `(batch, height, width, channels)`, raw 0-255, uint8 or float32; what `predict` gets is of the same type.
        tta: "none"; "d4": the mean over the eight flips and quarter turns; "scales": over `SCALES`, blended by how sure
            the network is at each (`geometry.scales`); "all": each scale in each orientation.

    Returns:
        Probabilities `(batch, height, width, 1)` float32.
    """
    if tta == "none":
        return np.asarray(predict(image))
    turned = (lambda image: _over_orientations(predict, image)) if tta in ("d4", "all") else predict
    if tta == "d4":
        return turned(image)
    from semicurv_tf.geometry.scales import blend_over_scales

    def at_scale(scaled):
        scaled = np.asarray(scaled)
        if scaled.dtype != image.dtype:
            scaled = np.clip(np.rint(scaled), 0, 255).astype(image.dtype)
        return np.asarray(turned(scaled))

    return np.asarray(blend_over_scales(at_scale, image, SCALES))


def _over_orientations(predict, image):
    from semicurv_tf.geometry.orientations import COUNT, orient, orient_back

    total = np.zeros((*image.shape[:3], 1), np.float32)
    for number in range(COUNT):
        turned = np.asarray(predict(np.asarray(orient(image, number))))
        total += np.asarray(orient_back(turned, number))
    return total / COUNT
