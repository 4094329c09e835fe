"""Convolution, batch normalisation and ReLU in a row, dilated or separable where asked for."""

import keras

from semicurv_tf.layers.batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable("semicurv_tf")
class ConvolutionUnit(keras.layers.Layer):
    """`relu(BN(conv(x)))`; separable: a depthwise and a 1x1 convolution, each with its own BN and ReLU.

    Args:
        filters: number of output channels.
        size: of the kernel, in pixels of the features.
        dilation: distance of the kernel's taps in pixels (the atrous rate).
        separable: see above (Chen et al. 2018, Sect. 3.1).
        momentum: weight of the old statistics in batch normalisation (Keras' convention).

    Input: `(batch, height, width, channels)`. Output: `(batch, height, width, filters)`.
    """

    def __init__(self, filters, size=3, dilation=1, separable=False, momentum=0.9, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.size = size
        self.dilation = dilation
        self.separable = separable
        self.momentum = momentum
        common = {"padding": "same", "use_bias": False, "dtype": self.dtype_policy}
        normalisation = lambda name: FusedBatchNormalization(momentum=momentum, dtype=self.dtype_policy, name=name)
        # (convolution, its normalisation), in the order they are applied.
        if separable:
            depthwise = keras.layers.DepthwiseConv2D(size, dilation_rate=dilation, name="depthwise", **common)
            pointwise = keras.layers.Conv2D(filters, 1, name="pointwise", **common)
            self.steps = [[depthwise, normalisation("depthwise_norm")], [pointwise, normalisation("pointwise_norm")]]
        else:
            convolution = keras.layers.Conv2D(filters, size, dilation_rate=dilation, name="convolution", **common)
            self.steps = [[convolution, normalisation("norm")]]

    def build(self, input_shape):
        for convolution, normalisation in self.steps:
            convolution.build(input_shape)
            if isinstance(convolution, keras.layers.Conv2D):
                input_shape = (*input_shape[:-1], self.filters)
            normalisation.build(input_shape)

    def call(self, features, training=None):
        for convolution, normalisation in self.steps:
            features = keras.ops.relu(normalisation(convolution(features), training=training))
        return features

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        own = {key: getattr(self, key) for key in ("filters", "size", "dilation", "separable", "momentum")}
        return {**super().get_config(), **own}
