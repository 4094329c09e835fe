"""The residual UNet with coordinate encoding (Xu et al. 2022, Sect. III-E, IV-C and Fig. 5)."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling, CoordEncoding, ResidualBlock, Standardization


@keras.saving.register_keras_serializable("semicurv_tf")
class ResidualUNet(keras.Model):
    """Raw image to logits: encoder, bottleneck and decoder of residual blocks with skips.

    8,301,857 trainable parameters with 3 channels, the default widths and the sinusoid encoding, which
    is appended to the input of every encoder block. Images of any size: sides that are no multiple
    of `2 ** (len(widths) - 1)` are padded by reflection and the logits cropped back; the encoding
    then spans the padded image.

    Args:
        widths: channels of the encoder levels; the last is the bottleneck's.
        encoding: "none", "linear" or "sinusoid"; `encoding_period` is K of Eq. 9.
        momentum: of batch normalisation, Keras' convention (weight of the old statistics).
        mean, standard_deviation: per channel, of the training images, raw 0-255. A single number
            serves all channels.

    Input: `(batch, height, width, channels)`, raw 0-255. Output: `(batch, height, width, 1)` float32.

    Example:
        >>> network = ResidualUNet()
        >>> probability = keras.ops.sigmoid(network(image))
    """

    def __init__(
        self,
        widths=(32, 64, 128, 256, 512),
        encoding="sinusoid",
        encoding_period=4.0,
        momentum=0.9,
        mean=(127.5,),
        standard_deviation=(64.0,),
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
        self.standardize = Standardization(mean, standard_deviation, name="standardize")
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
        """Sides of the padded image are multiples of this many pixels."""
        return 2 ** (len(self.widths) - 1)

    def build(self, input_shape):
        channels = input_shape[-1]
        shape = lambda filters: (None, None, None, filters)
        for block in self.encoder:
            block.build(self.encode.compute_output_shape(shape(channels)))
            channels = block.filters
        self.bottleneck.build(shape(channels))
        channels = self.bottleneck.filters
        for block in reversed(self.decoder):
            block.build(shape(channels + block.filters))
            channels = block.filters
        self.head.build(shape(channels))
        self.built = True

    def call(self, image, training=None):
        standardized = self.standardize(image)
        padded, top, left = pad_by_reflection(standardized, self.stride)
        features = tf.cast(padded, self.compute_dtype)
        skips = []
        for block in self.encoder:
            features = block(self.encode(features), training=training)
            skips.append(features)
            features = self.pool(features)
        features = self.bottleneck(features, training=training)
        for block, skip in zip(reversed(self.decoder), reversed(skips)):
            features = tf.concat([self.upsample(features), skip], axis=-1)
            features = block(features, training=training)
        logits = self.head(features)
        size = tf.shape(image)[1:3]
        logits = logits[:, top : top + size[0], left : left + size[1], :]
        logits.set_shape((*image.shape[:3], 1))
        return logits

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)

    def get_config(self):
        return {
            **super().get_config(),
            "widths": self.widths,
            "encoding": self.encoding,
            "encoding_period": self.encoding_period,
            "momentum": self.momentum,
            "mean": self.standardize.mean,
            "standard_deviation": self.standardize.standard_deviation,
        }

    def get_build_config(self):
        return {"input_shape": (None, None, None, self.encoder[0].first.kernel.shape[2] - self._encoding_channels())}

    def build_from_config(self, config):
        self.build(tuple(config["input_shape"]))

    def _encoding_channels(self):
        return 0 if self.encoding == "none" else 2


def pad_by_reflection(image, multiple):
    """Pads height and width to multiples, half on each side, by reflection (edge not repeated).

    Works for sides shorter than the padding too, down to one pixel: the reflection goes back and forth.

    Args:
        image: `(batch, height, width, channels)`.
        multiple: in pixels.

    Returns:
        The padded image, and how many rows were put above and columns to the left of it.
    """
    if all(side is not None and side % multiple == 0 for side in image.shape[1:3]):
        return image, 0, 0
    top, rows = _reflected(tf.shape(image)[1], multiple)
    left, columns = _reflected(tf.shape(image)[2], multiple)
    return tf.gather(tf.gather(image, rows, axis=1), columns, axis=2), top, left


def _reflected(length, multiple):
    """How many pixels go before, and the source pixel of each padded one."""
    extra = -length % multiple
    before = extra // 2
    last = tf.maximum(length - 1, 1)
    position = tf.abs(tf.range(length + extra) - before) % (2 * last)
    return before, tf.minimum(last - tf.abs(position - last), length - 1)
