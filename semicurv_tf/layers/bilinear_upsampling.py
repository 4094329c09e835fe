"""Up-sampling by a whole factor, bilinear, at any height and width."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("semicurv_tf")
class BilinearUpsampling(keras.layers.Layer):
    """Multiplies height and width by `factor`, bilinear with half-pixel centres.

    `keras.layers.UpSampling2D(interpolation="bilinear")` fails in a graph whose height or width is
    dynamic; this layer does not.

    Input: `(batch, height, width, channels)`. Output: `(batch, factor height, factor width, channels)`, dtype kept.
    """

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, features):
        if self.factor == 1:
            return features
        size = self.factor * tf.shape(features)[1:3]
        larger = tf.cast(tf.image.resize(features, size, "bilinear"), features.dtype)
        larger.set_shape(self.compute_output_shape(features.shape))
        return larger

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        larger = lambda side: None if side is None else self.factor * side
        return (batch, larger(height), larger(width), channels)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
