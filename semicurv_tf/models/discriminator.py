"""The fully convolutional discriminator of Hung et al. 2018 (BMVC): a map of how real each pixel of a mask looks."""

import keras
import tensorflow as tf

WIDTHS = (64, 128, 256, 512)
SLOPE = 0.2


def build_discriminator(seed: int = 0):
    """Five 4x4 convolutions of stride 2 with leaky ReLU between them, then bilinear up-sampling to the input's size.

    Args:
        seed: of the initial weights.

    Returns:
        A `keras.Model`: probabilities `(batch, height, width, 1)` to logits of the same shape, float32, above 0 where
        a pixel looks like one of a true mask. The maps of both classes, p and 1 - p, enter it.
    """
    inputs = keras.Input((None, None, 1), dtype="float32")
    features = keras.layers.Concatenate(dtype="float32")([inputs, 1.0 - inputs])
    for number, width in enumerate((*WIDTHS, 1)):
        kernel = keras.initializers.GlorotUniform(seed=seed + number)
        convolution = keras.layers.Conv2D(width, 4, 2, padding="same", kernel_initializer=kernel, dtype="float32")
        features = convolution(features)
        if number < len(WIDTHS):
            features = keras.layers.LeakyReLU(SLOPE, dtype="float32")(features)
    return keras.Model(inputs, ResizeLike(dtype="float32")([features, inputs]), name="discriminator")


@keras.saving.register_keras_serializable("semicurv_tf")
class ResizeLike(keras.layers.Layer):
    """Bilinear, to height and width of a second map; Keras' own resizing needs sizes known before the graph runs."""

    def call(self, maps):
        features, like = maps
        return tf.image.resize(features, tf.shape(like)[1:3])

    def compute_output_shape(self, input_shapes):
        features, like = input_shapes
        return (*like[:3], features[3])
