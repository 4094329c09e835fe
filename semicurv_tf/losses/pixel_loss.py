"""The Keras face of the losses: `sample_weight` is the valid mask, the value is already a scalar."""

import keras
import tensorflow as tf

from semicurv_tf import replicas

# Beyond [0, 1] by so much a probability may be, after a bilinear warp say.
TOLERANCE = 1e-3


class PixelLoss(keras.losses.Loss):
    """Base of the losses on maps. Subclasses define `call(y_true, y_pred, valid)`.

    Keras would multiply the finished loss by `sample_weight`; here it is the valid mask, so that
    `fit` on (image, mask, valid) leaves invalid pixels out. Dtypes are left to the pure function,
    which never reduces below float32.

    Args:
        name: of the loss.
        from_logits: `y_pred` holds logits, as the networks of this package give them, in place of probabilities.
    """

    def __init__(self, name=None, from_logits=False):
        super().__init__(name=name)
        self.from_logits = from_logits

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the scalar loss.

        Args:
            y_true: (batch, height, width, 1), the target, or the teacher's probabilities.
            y_pred: (batch, height, width, 1), the probabilities that learn; logits with `from_logits`.
            sample_weight: (batch, height, width, 1), the valid mask, or None.

        Raises:
            ValueError: a valid pixel of `y_pred` is no probability, as logits are not; in a graph it is an
                `InvalidArgumentError`.
        """
        y_pred = tf.convert_to_tensor(y_pred)
        if self.from_logits:
            y_pred = tf.sigmoid(y_pred if y_pred.dtype == tf.float64 else tf.cast(y_pred, tf.float32))
        else:
            y_pred = _expect_probabilities(y_pred, sample_weight, type(self).__name__)
        # Keras' `fit` adds up the gradients of the replicas.
        return self.call(y_true, y_pred, sample_weight) / replicas.count()

    def call(self, y_true, y_pred, valid=None):
        """Returns the scalar loss over the pixels where `valid` is above 0."""
        raise NotImplementedError

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"name": self.name}


def _expect_probabilities(values, valid, loss: str):
    """The values, refused where one that counts lies outside [0, 1]."""
    outside = (values < -TOLERANCE) | (values > 1 + TOLERANCE)
    if valid is not None:
        outside &= tf.convert_to_tensor(valid) > 0
    fit = tf.logical_not(tf.reduce_any(outside))
    said = f"Expected y_pred of {loss} in [0, 1]. Received: values outside, as logits have"
    fix = " Fix: from_logits=True" if loss in ("DiceLoss", "WeightedCrossEntropyLoss") else " Fix: tf.sigmoid(y_pred)"
    if tf.executing_eagerly():
        if not fit:
            raise ValueError(f"{said}.{fix}")
        return values
    with tf.control_dependencies([tf.debugging.Assert(fit, [f"{said}.{fix}"])]):
        return tf.identity(values)
