"""Dice loss: the overlap with the foreground alone, so that few positives weigh enough (Sect. III-F, Eq. 10)."""

from typing import NamedTuple

import keras
import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.losses.pixel_loss import PixelLoss
from semicurv_tf.losses.valid_pixels import keep_valid_pixels

# Over the positive ratio it is the loss of a perfect prediction: 5e-7 at 2 % foreground, 3e-3 for
# one positive pixel in 512x512.
DELTA = 1e-8

REDUCTIONS = ("image", "batch")


class DiceSums(NamedTuple):
    """What Dice needs of an image, (batch,) each: sums add up over images and replicas, ratios do not."""

    intersection: tf.Tensor  # sum of valid * probability * target
    total: tf.Tensor  # sum of valid * (probability + target)
    count: tf.Tensor  # sum of valid, pixels


def dice_loss(target, probability, valid=None, delta=DELTA, reduction="image"):
    """1 - 2 (g + delta)'(Y + delta) / (|g + delta|_1 + |Y + delta|_1) (Xu et al. 2022, Eq. 10).

    An image without foreground costs 1 - delta whatever is predicted and teaches nothing, as in the
    paper; with `reduction="batch"` its false positives do count. An image without a valid pixel costs 0.

    Args:
        target: Y, (batch, height, width, 1), any numeric dtype, 0 to 1.
        probability: g, (batch, height, width, 1), any float dtype, 0 to 1.
        valid: (batch, height, width, 1), weights >= 0 of the pixels in all four sums; None: all 1.
        delta: keeps the quotient defined where both maps are empty.
        reduction: "image": the mean over the images of Eq. 10, as Eq. 1 sums losses of images;
            "batch": Eq. 10 once, over all pixels of the batch, of all replicas.

    Returns:
        A scalar, float32 (float64 for float64 maps).

    Raises:
        ValueError: shapes that differ, or an unknown `reduction`.

    Example:
        >>> loss = dice_loss(tf.ones((1, 2, 2, 1)), tf.fill((1, 2, 2, 1), 0.5))
        >>> round(float(loss), 4)  # 1 - 2 * 2 / (2 + 4)
        0.3333
    """
    _check_reduction(reduction)
    sums = dice_sums(target, probability, valid)
    if reduction == "batch":
        sums = replicas.total(DiceSums(*(tf.reduce_sum(s) for s in sums)))
    return tf.reduce_mean(dice_from_sums(sums, delta))


def dice_sums(target, probability, valid=None):
    """Returns the `DiceSums` of each image; arguments as for `dice_loss`."""
    target, probability, valid = keep_valid_pixels(valid, target=target, probability=probability)
    product, both = probability * target, probability + target
    if valid is None:
        valid = tf.ones_like(both)
    else:
        product, both = valid * product, valid * both
    return DiceSums(*(tf.reduce_sum(m, axis=(1, 2, 3)) for m in (product, both, valid)))


def dice_from_sums(sums, delta=DELTA):
    """Eq. 10 from its sums, elementwise: (g + delta)'(Y + delta) = g'Y + delta (|g| + |Y|) + delta^2 count."""
    # Written out because g + delta would lose delta to rounding.
    overlap = sums.intersection + delta * sums.total + delta**2 * sums.count
    size = sums.total + 2 * delta * sums.count
    loss = 1 - tf.math.divide_no_nan(2 * overlap, size)
    return tf.where(sums.count > 0, loss, tf.zeros_like(loss))


@keras.saving.register_keras_serializable("semicurv_tf")
class DiceLoss(PixelLoss):
    """`dice_loss` as a Keras loss: y_true the target, y_pred the probability, sample_weight the valid mask.

    Args:
        delta, reduction: see `dice_loss`.
        name: of the loss.
        from_logits: `y_pred` holds logits, as `ResidualUNet` gives them; without it logits are refused.

    Example:
        >>> target, logits = tf.ones((1, 2, 2, 1)), tf.zeros((1, 2, 2, 1))  # probability 0.5
        >>> round(float(DiceLoss(from_logits=True)(target, logits)), 4)
        0.3333
    """

    def __init__(self, delta=DELTA, reduction="image", name="dice", from_logits=False):
        _check_reduction(reduction)
        super().__init__(name=name, from_logits=from_logits)
        self.delta = delta
        self.reduction = reduction

    def call(self, y_true, y_pred, valid=None):
        """Returns `dice_loss(y_true, y_pred, valid)`."""
        return dice_loss(y_true, y_pred, valid, self.delta, self.reduction)

    def get_config(self):
        """Returns the constructor's arguments."""
        own = {"delta": self.delta, "reduction": self.reduction, "from_logits": self.from_logits}
        return {**super().get_config(), **own}


def _check_reduction(reduction):
    if reduction not in REDUCTIONS:
        raise ValueError(f"Expected reduction to be one of {REDUCTIONS}. Received: reduction={reduction!r}")
