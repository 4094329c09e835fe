"""The plain UNet (Ronneberger, Fischer & Brox 2015, MICCAI): what the residual UNet adds its shortcuts to."""

import keras
import tensorflow as tf

from semicurv_tf.layers import CoordEncoding
from semicurv_tf.models.segmentation_network import SegmentationNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class UNet(SegmentationNetwork):
    """Two 3x3 convolutions per level with ReLU and no normalisation, 2x2 up-convolutions, skips by concatenation.

    With widths 64 to 1024 the network of Ronneberger et al.: 31,030,593 parameters for one channel and one logit. The
    default widths are those of the residual UNet, to compare with it. Differs from Ronneberger et al.: convolutions
    keep the size where theirs lose a pixel at each edge, so the mask is as large as the image; no dropout, for which
    they give no rate and whose random numbers would be no function of seed and step.

    Args:
        widths: channels of the levels; the last is the bottom's.
        encoding, encoding_period: as in `ResidualUNet`; "none" is the original.
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.
    """

    def __init__(self, widths=(32, 64, 128, 256, 512), encoding="none", encoding_period=4.0, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        self.encoding = encoding
        self.encoding_period = encoding_period
        policy = self.dtype_policy
        self.encode = CoordEncoding(encoding, encoding_period, dtype=policy, name="encode")
        self.encoder = [
            ConvolutionPair(width, dtype=policy, name=f"encoder_{level}") for level, width in enumerate(self.widths)
        ]
        self.pool = keras.layers.MaxPooling2D(2, dtype=policy, name="pool")
        up = lambda level: keras.layers.Conv2DTranspose(self.widths[level], 2, 2, dtype=policy, name=f"up_{level}")
        self.up = [up(level) for level in range(len(self.widths) - 1)]
        self.decoder = [
            ConvolutionPair(width, dtype=policy, name=f"decoder_{level}")
            for level, width in enumerate(self.widths[:-1])
        ]
        self.head = keras.layers.Conv2D(1, 1, dtype="float32", name="head")

    @property
    def stride(self):
        return 2 ** (len(self.widths) - 1)

    def build_layers(self, channels):
        shape = lambda filters: (None, None, None, filters)
        self.encode.build(shape(channels))
        for level, pair in enumerate(self.encoder):
            bottom = level == len(self.widths) - 1
            pair.build(shape(channels) if bottom else self.encode.compute_output_shape(shape(channels)))
            channels = pair.filters
        for up, pair in zip(reversed(self.up), reversed(self.decoder)):
            up.build(shape(channels))
            pair.build(shape(2 * pair.filters))
            channels = pair.filters
        self.head.build(shape(channels))

    def padded_logits(self, features, training):
        skips = []
        for pair in self.encoder[:-1]:
            features = pair(self.encode(features))
            skips.append(features)
            features = self.pool(features)
        features = self.encoder[-1](features)
        for up, pair, skip in zip(reversed(self.up), reversed(self.decoder), reversed(skips)):
            features = pair(tf.concat([skip, up(features)], axis=-1))
        return self.head(features)

    def get_config(self):
        own = {"widths": self.widths, "encoding": self.encoding, "encoding_period": self.encoding_period}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("semicurv_tf")
class ConvolutionPair(keras.layers.Layer):
    """`relu(conv3(relu(conv3(x))))`, both with `filters` channels; kernels as Ronneberger et al. (He et al. 2015)."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.first, self.second = (
            keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", kernel_initializer="he_normal",
                dtype=self.dtype_policy, name=name,
            )
            for name in ("first", "second")
        )  # fmt: skip

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], self.filters))

    def call(self, features):
        return self.second(self.first(features))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}
