"""What all networks share: raw pixels in, any image size, float32 logits of that size out."""

import keras
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling, Standardization


class SegmentationNetwork(keras.Model):
    """Standardises the image, pads it by reflection, and crops the logits back; subclasses say what is between.

    A subclass sets `stride`, makes its layers in `__init__`, builds them in `build_layers` and gives the logits of the
    padded image in `padded_logits`. Networks with deep supervision have `side_outputs` more logits per pixel.

    Args:
        mean, standard_deviation: per channel, of the training images, raw 0-255. A single number serves all channels;
            three numbers make three channels of a grey image.
        times_smaller: side in pixels of the blocks of the image whose means are what the network sees; logits are
            enlarged as often, bilinear. 1: it sees the image as it is.

    Input: `(batch, height, width, channels)`, raw 0-255. Output: `(batch, height, width, 1)` float32; with `sides=True`
    `(batch, height, width, 1 + side_outputs)`, the side outputs after the logit that one deploys.

    Raises:
        ValueError: when called on images of another rank or number of channels than it was built for, or on none.
    """

    side_outputs = 0
    stride: int  # sides of the padded image that the network sees are multiples of this many pixels

    def __init__(self, mean=(127.5,), standard_deviation=(64.0,), times_smaller=1, **kwargs):
        super().__init__(**kwargs)
        self.standardize = Standardization(mean, standard_deviation, name="standardize")
        self.times_smaller = times_smaller
        self.enlarge = BilinearUpsampling(times_smaller, dtype="float32", name="enlarge")
        self.channels = None

    @property
    def grid_px(self):
        """Side in pixels of the image that one pixel of the coarsest feature map covers."""
        return self.stride * self.times_smaller

    def build_layers(self, channels):
        """Builds all layers for standardised images of `channels` channels."""
        raise NotImplementedError

    def padded_logits(self, features, training):
        """Logits `(batch, height, width, 1 + side_outputs)` of a standardised image of sides that `stride` divides."""
        raise NotImplementedError

    def side_weights(self, probability, target):
        """How much each pixel counts in the loss of each side output; here 1.

        Args:
            probability: of the side outputs, `(batch, height, width, side_outputs)` float32.
            target: the mask, `(batch, height, width, 1)`.

        Returns:
            Shaped as `probability`, without gradient.
        """
        return tf.ones_like(probability)

    def build(self, input_shape):
        self.channels = input_shape[-1]
        self.build_layers(max(self.channels, len(self.standardize.mean)))
        self.built = True

    @property
    def last_layer(self):
        """The convolution that gives the logit one deploys."""
        return self.head

    def divide_logits(self, temperature):
        """Divides the logits that one deploys by a number, in the weights of the last layer; 1 changes no bit."""
        if temperature != 1.0:
            for weight in self.last_layer.weights:
                weight.assign(weight / temperature)

    def call(self, image, training=None, sides=False):
        self._expect(image.shape)
        padded, top, left = pad_by_reflection(self.standardize(image), self.grid_px)
        if self.times_smaller > 1:
            padded = tf.nn.avg_pool2d(padded, self.times_smaller, self.times_smaller, "VALID")
        logits = self.enlarge(self.padded_logits(tf.cast(padded, self.compute_dtype), training))
        outputs = 1 + self.side_outputs if sides else 1
        size = tf.shape(image)[1:3]
        logits = tf.cast(logits[:, top : top + size[0], left : left + size[1], :outputs], tf.float32)
        logits.set_shape((*image.shape[:3], outputs))
        return logits

    def _expect(self, shape):
        """One channel would broadcast against the mean of three, and Keras' convolutions fail on nothing at all."""
        fits = shape.rank in (None, 4) and (shape.rank is None or shape[-1] in (None, self.channels))
        if not fits or 0 in (shape if shape.rank is not None else ()):
            raise ValueError(
                f"Expected image (batch, height, width, {self.channels}) of at least one pixel. Received: shape={shape}"
            )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)

    def get_config(self):
        statistics = {"mean": self.standardize.mean, "standard_deviation": self.standardize.standard_deviation}
        return {**super().get_config(), **statistics, "times_smaller": self.times_smaller}

    def get_build_config(self):
        return {"input_shape": (None, None, None, self.channels)}

    def build_from_config(self, config):
        self.build(tuple(config["input_shape"]))


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
    extra = (multiple - length % multiple) % multiple  # of positive numbers alone: ONNX's division is truncated
    before = extra // 2
    last = tf.maximum(length - 1, 1)
    position = tf.abs(tf.range(length + extra) - before) % (2 * last)
    return before, tf.minimum(last - tf.abs(position - last), length - 1)
