"""The residual block of the UNet: two 3x3 convolutions beside a 1x1 shortcut."""

import keras

from semicurv_tf.layers.batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable("semicurv_tf")
class ResidualBlock(keras.layers.Layer):
    """`relu(BN(conv3(relu(BN(conv3(x))))) + BN(conv1(x)))`, all with `filters` channels.

    Args:
        filters: number of output channels.
        momentum: weight of the old statistics in batch normalisation (Keras' convention).
        epsilon: of batch normalisation.

    Input: `(batch, height, width, channels)`. Output: `(batch, height, width, filters)`.
    """

    def __init__(self, filters, momentum=0.9, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.momentum = momentum
        self.epsilon = epsilon
        convolution = lambda size, name: keras.layers.Conv2D(
            filters, size, padding="same", dtype=self.dtype_policy, name=name
        )
        normalisation = lambda name: FusedBatchNormalization(
            momentum=momentum, epsilon=epsilon, dtype=self.dtype_policy, name=name
        )
        self.first = convolution(3, "first")
        self.first_norm = normalisation("first_norm")
        self.second = convolution(3, "second")
        self.second_norm = normalisation("second_norm")
        self.shortcut = convolution(1, "shortcut")
        self.shortcut_norm = normalisation("shortcut_norm")

    def build(self, input_shape):
        inner = (*input_shape[:-1], self.filters)
        self.first.build(input_shape)
        self.shortcut.build(input_shape)
        self.second.build(inner)
        for norm in (self.first_norm, self.second_norm, self.shortcut_norm):
            norm.build(inner)

    def call(self, features, training=None):
        inner = keras.ops.relu(self.first_norm(self.first(features), training=training))
        outer = self.second_norm(self.second(inner), training=training)
        shortcut = self.shortcut_norm(self.shortcut(features), training=training)
        return keras.ops.relu(outer + shortcut)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
