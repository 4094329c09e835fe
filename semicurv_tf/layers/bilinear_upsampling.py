"""Up-sampling by two, bilinear, at any height and width."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("semicurv_tf")
class BilinearUpsampling(keras.layers.Layer):
    """Doubles height and width by bilinear interpolation with half-pixel centres.

    `keras.layers.UpSampling2D(interpolation="bilinear")` fails in a graph whose height or width is
    dynamic; this layer does not.

    Input: `(batch, height, width, channels)`. Output: `(batch, 2 height, 2 width, channels)`, dtype kept.
    """

    def call(self, features):
        size = 2 * tf.shape(features)[1:3]
        larger = tf.cast(tf.image.resize(features, size, "bilinear"), features.dtype)
        larger.set_shape(self.compute_output_shape(features.shape))
        return larger

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        double = lambda side: None if side is None else 2 * side
        return (batch, double(height), double(width), channels)
