"""One image to be scored: its masks within the valid area, and what several metrics need of them, computed once."""

from functools import cached_property

import numpy as np

from semicurv_tf.metrics.centreline_match import count_matches_at
from semicurv_tf.metrics.skeleton import skeleton


class ImageToScore:
    """Target and prediction of an image.

    Args:
        target: (height, width) or (height, width, 1), foreground is above 0.5.
        probability: same shape, 0 to 1; foreground is above the threshold.
        valid: same shape, a pixel counts where it is above 0.5; None: all pixels count. Outside, both masks are
            background: a structure ends where the valid area ends.
        threshold: in [0, 1).
        tolerance_px: of matched centrelines and of buffers.

    Attributes:
        target, predicted, valid: (height, width) bool.
        probability: (height, width) float.

    Raises:
        ValueError: shapes that differ, or a probability that is NaN on a valid pixel.
    """

    def __init__(self, target, probability, valid=None, threshold=0.5, tolerance_px=2.0):
        target, probability = np.asarray(target), np.asarray(probability)
        valid = np.ones(target.shape, bool) if valid is None else np.asarray(valid) > 0.5
        if not target.shape == probability.shape == valid.shape:
            raise ValueError(
                "Expected target, probability and valid of one shape. Received: "
                f"target.shape={target.shape}, probability.shape={probability.shape}, valid.shape={valid.shape}"
            )
        if target.ndim == 3 and target.shape[-1] == 1:
            target, probability, valid = target[..., 0], probability[..., 0], valid[..., 0]
        if target.ndim != 2:
            raise ValueError(f"Expected (height, width) or (height, width, 1). Received: target.shape={target.shape}")
        if np.isnan(probability[valid]).any():
            raise ValueError("Expected probabilities in [0, 1]. Received: NaN on a valid pixel")
        self.threshold, self.tolerance_px = threshold, tolerance_px
        self.valid, self.probability = valid, probability
        self.target, self.predicted = (target > 0.5) & valid, (probability > threshold) & valid

    @cached_property
    def target_skeleton(self):
        """The target's centreline."""
        return skeleton(self.target)

    @cached_property
    def predicted_skeleton(self):
        """The prediction's centreline at `threshold`."""
        return skeleton(self.predicted)

    @cached_property
    def matches(self):
        """(thresholds, 3) counts of `count_matches_at`."""
        return count_matches_at(self.target_skeleton, self.probability, self.valid, self.tolerance_px)
