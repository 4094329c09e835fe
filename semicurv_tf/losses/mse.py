"""Mean square error between student and teacher: the consistency loss of mean teacher (Sect. III-B, Eq. 2)."""

import keras
import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.losses.pixel_loss import PixelLoss
from semicurv_tf.losses.valid_pixels import keep_valid_pixels


def mse_loss(student, teacher, valid=None):
    """The mean of (g - g_hat)^2 over the valid pixels of the batch (Xu et al. 2022, Eq. 2).

    Differs from the paper: Eq. 2 is the squared Frobenius norm, a sum. The mean does not depend on the
    image's size or on how much of it both views saw. Without a valid pixel it is 0.

    Args:
        student: g, (batch, height, width, 1), any float dtype, 0 to 1.
        teacher: g_hat, same shape; gets no gradient.
        valid: (batch, height, width, 1), weights >= 0 of the pixels, or None: all 1.

    Returns:
        A scalar, float32 (float64 for float64 maps).

    Raises:
        ValueError: shapes that differ.

    Example:
        >>> float(mse_loss(tf.fill((1, 2, 2, 1), 0.5), tf.zeros((1, 2, 2, 1))))
        0.25
    """
    student, teacher, valid = keep_valid_pixels(valid, student=student, teacher=tf.stop_gradient(teacher))
    squares = tf.square(student - teacher)
    if valid is None:
        return tf.reduce_mean(squares)
    return tf.math.divide_no_nan(*replicas.total([tf.reduce_sum(valid * squares), tf.reduce_sum(valid)]))


@keras.saving.register_keras_serializable("semicurv_tf")
class MSELoss(PixelLoss):
    """`mse_loss` as a Keras loss: y_true the teacher's map, y_pred the student's, sample_weight the valid mask."""

    def __init__(self, name="mse"):
        super().__init__(name=name)

    def call(self, y_true, y_pred, valid=None):
        """Returns `mse_loss(y_pred, y_true, valid)`."""
        return mse_loss(y_pred, y_true, valid)
