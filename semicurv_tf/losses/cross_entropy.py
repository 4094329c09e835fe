"""Weighted cross-entropy: the usual loss of a segmentation, its classes balanced (discussed in Sect. III-F)."""

import keras
import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.losses.pixel_loss import PixelLoss
from semicurv_tf.losses.valid_pixels import keep_valid_pixels

# Probabilities are squeezed into [EPSILON, 1 - EPSILON], not clipped: a clipped pixel gets no gradient,
# and a foreground pixel predicted as 0 is the one that needs it most.
EPSILON = 1e-7


def weighted_cross_entropy_loss(target, probability, valid=None, positive_weight=None):
    """-sum(w Y log g + (1 - Y) log(1 - g)) / sum(w Y + 1 - Y) over the valid pixels of the batch.

    Divided by the weights and not by the pixels, so that the loss keeps its scale whatever w is. A batch
    without foreground (or background) gives the plain mean over what it has, one without a valid pixel 0.

    Args:
        target: Y, (batch, height, width, 1), any numeric dtype, 0 to 1.
        probability: g, (batch, height, width, 1), any float dtype, 0 to 1.
        valid: (batch, height, width, 1), weights >= 0 of the pixels, or None: all 1.
        positive_weight: w, > 0, the weight of a foreground pixel against a background pixel. None:
            background pixels over foreground pixels of this batch (inverse frequency), the mean of
            the two classes' own cross-entropies.

    Returns:
        A scalar, float32 (float64 for float64 maps), in nats.

    Raises:
        ValueError: shapes that differ, or `positive_weight` not above 0.

    Example:
        >>> half = tf.fill((1, 2, 2, 1), 0.5)
        >>> loss = weighted_cross_entropy_loss(tf.ones((1, 2, 2, 1)), half, positive_weight=1.0)  # plain cross-entropy
        >>> round(float(loss), 4)  # log 2
        0.6931
    """
    _check_positive_weight(positive_weight)
    target, probability, valid = keep_valid_pixels(valid, target=target, probability=probability)
    positive, negative = target, 1 - target
    if valid is not None:
        positive, negative = valid * positive, valid * negative
    costs = (positive * -_safe_log(probability), negative * -_safe_log(1 - probability))
    sums = replicas.total([tf.reduce_sum(values) for values in (positive, negative, *costs)])
    positives, negatives, positive_cost, negative_cost = sums
    if positive_weight is None:
        both = (positives > 0) & (negatives > 0)
        positive_weight = tf.where(both, tf.math.divide_no_nan(negatives, positives), tf.ones_like(positives))
    return tf.math.divide_no_nan(
        positive_weight * positive_cost + negative_cost, positive_weight * positives + negatives
    )


@keras.saving.register_keras_serializable("semicurv_tf")
class WeightedCrossEntropyLoss(PixelLoss):
    """`weighted_cross_entropy_loss` as a Keras loss: sample_weight is the valid mask.

    Args:
        positive_weight: see `weighted_cross_entropy_loss`.
        name: of the loss.
        from_logits: `y_pred` holds logits, as `ResidualUNet` gives them; without it logits are refused.
    """

    def __init__(self, positive_weight=None, name="weighted_cross_entropy", from_logits=False):
        _check_positive_weight(positive_weight)
        super().__init__(name=name, from_logits=from_logits)
        self.positive_weight = positive_weight

    def call(self, y_true, y_pred, valid=None):
        """Returns `weighted_cross_entropy_loss(y_true, y_pred, valid)`."""
        return weighted_cross_entropy_loss(y_true, y_pred, valid, self.positive_weight)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "positive_weight": self.positive_weight, "from_logits": self.from_logits}


def _safe_log(probability):
    return tf.math.log(EPSILON + (1 - 2 * EPSILON) * probability)


def _check_positive_weight(positive_weight):
    if positive_weight is not None and not positive_weight > 0:
        raise ValueError(f"Expected positive_weight above 0, or None. Received: positive_weight={positive_weight}")
