"""Standardization of raw images inside the network, so that training and serving cannot differ."""

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable("semicurv_tf")
class Standardization(keras.layers.Layer):
    """`(image - mean) / standard_deviation` per channel, always in float32.

    In bfloat16 a raw value of 0-255 keeps 8 bits only; the result is cast by the layers that follow.

    Args:
        mean, standard_deviation: a number per channel, in the image's raw units (0-255).

    Raises:
        ValueError: when the lengths differ or a standard deviation is not above 0.
    """

    def __init__(self, mean, standard_deviation, **kwargs):
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.mean = [float(value) for value in np.ravel(mean)]
        self.standard_deviation = [float(value) for value in np.ravel(standard_deviation)]
        if len(self.mean) != len(self.standard_deviation) or min(self.standard_deviation) <= 0:
            raise ValueError(
                "Expected a mean and a standard deviation above 0 per channel. "
                f"Received: mean={self.mean}, standard_deviation={self.standard_deviation}"
            )

    def call(self, image):
        image = tf.cast(image, tf.float32)
        return (image - tf.constant(self.mean)) / tf.constant(self.standard_deviation)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "standard_deviation": self.standard_deviation}
