"""The residual UNet with coordinate encoding (Xu et al. 2022, Sect. III-E, IV-C and Fig. 5)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling, CoordEncoding, ResidualBlock
from semicurv_tf.models.segmentation_network import SegmentationNetwork


@keras.saving.register_keras_serializable("semicurv_tf")
class ResidualUNet(SegmentationNetwork):
    """Raw image to logits: encoder, bottleneck and decoder of residual blocks with skips.

    8,301,857 trainable parameters with 3 channels, the default widths and the sinusoid encoding, which
    is appended to the input of every encoder block; it spans the padded image.

    Args:
        widths: channels of the encoder levels; the last is the bottleneck's.
        encoding: one of `semicurv_tf.layers.coord_encoding.ENCODINGS`; `encoding_period` is K of Eq. 9.
        momentum: of batch normalisation, Keras' convention (weight of the old statistics).
        mean, standard_deviation: see `SegmentationNetwork`, and for inputs and outputs.

    Example:
        >>> network = ResidualUNet(widths=(4, 8))
        >>> network(keras.ops.zeros((1, 30, 40, 3))).shape  # logits
        TensorShape([1, 30, 40, 1])
    """

    def __init__(
        self,
        widths=(32, 64, 128, 256, 512),
        encoding="sinusoid",
        encoding_period=4.0,
        momentum=0.9,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.widths = tuple(widths)
        self.encoding = encoding
        self.encoding_period = encoding_period
        self.momentum = momentum
        policy = self.dtype_policy
        block = lambda width, name: ResidualBlock(width, momentum, dtype=policy, name=name)
        levels = range(len(self.widths) - 1)
        self.encode = CoordEncoding(encoding, encoding_period, dtype=policy, name="encode")
        self.encoder = [block(self.widths[level], f"encoder_{level}") for level in levels]
        self.pool = keras.layers.MaxPooling2D(2, dtype=policy, name="pool")
        self.bottleneck = block(self.widths[-1], "bottleneck")
        self.upsample = BilinearUpsampling(dtype=policy, name="upsample")
        self.decoder = [block(self.widths[level], f"decoder_{level}") for level in levels]
        # One logit in float32: near 0 and 1 a probability needs more bits than bfloat16 has.
        self.head = keras.layers.Conv2D(1, 1, dtype="float32", name="head")

    @property
    def stride(self):
        return 2 ** (len(self.widths) - 1)

    def build_layers(self, channels):
        shape = lambda filters: (None, None, None, filters)
        self.encode.build(shape(channels))
        for block in self.encoder:
            block.build(self.encode.compute_output_shape(shape(channels)))
            channels = block.filters
        self.bottleneck.build(shape(channels))
        channels = self.bottleneck.filters
        for block in reversed(self.decoder):
            block.build(shape(channels + block.filters))
            channels = block.filters
        self.head.build(shape(channels))

    def padded_logits(self, features, training):
        skips = []
        for block in self.encoder:
            features = block(self.encode(features), training=training)
            skips.append(features)
            features = self.pool(features)
        features = self.bottleneck(features, training=training)
        for block, skip in zip(reversed(self.decoder), reversed(skips)):
            features = tf.concat([self.upsample(features), skip], axis=-1)
            features = block(features, training=training)
        return self.head(features)

    def get_config(self):
        return {
            **super().get_config(),
            "widths": self.widths,
            "encoding": self.encoding,
            "encoding_period": self.encoding_period,
            "momentum": self.momentum,
        }
