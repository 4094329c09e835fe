"""Coordinate encodings: what tells a network where a pixel lies (Xu et al. 2022, Eq. 9 and Table IV).

| encoding   | what it does to feature maps                                 | source              |
|------------|--------------------------------------------------------------|---------------------|
| `none`     | nothing                                                      |                     |
| `linear`   | appends S_x, S_y in [0, 1]                                   | Xu et al., III-E    |
| `sinusoid` | appends sin(K pi S_x), cos(K pi S_y)                         | Xu et al., Eq. 9    |
| `learned`  | appends two learned functions, of S_x and of S_y             | Vaswani et al. 2017 |
| `rotary`   | turns pairs of channels by angles that grow with S_x and S_y | Su et al. 2021      |

Of the last two the paper says no more than the sources, which encode words in a row. Chosen here: `learned` is a table
over a side, read by linear interpolation so that it fits any size and every level, one channel for each direction as
Eq. 9 has. `rotary` is taken along both sides, half of the channels each, as for images (Heo et al. 2024); the fastest
pair turns K half turns along a side, as fast as Eq. 9. Without a product of queries and keys, which a convolution does
not have, it encodes the place itself and not only the distance of two places.
"""

import keras
import tensorflow as tf

# `learned`: places of the table along a side; the paper's crops have 128 pixels.
LEARNED_PLACES = 128
# Nearly nothing at first, as learned embeddings usually begin.
LEARNED_DEVIATION = 0.02

# `rotary`: the slowest pair turns so many times less than the fastest (Heo et al. 2024; 10000 of Su et al. is for rows
# of hundreds of words).
ROTARY_BASE = 100.0

PI = 3.141592653589793


def linear_maps(height, width):
    """`[S_x, S_y]` with `S_x = x / (width - 1)`, `S_y = y / (height - 1)` in [0, 1]; along a side of one pixel, S is 0.

    Args:
        height, width: in pixels, numbers or scalar integer tensors.

    Returns:
        `(1, height, width, 2)` float32.
    """
    return _over_image(_unit_range(width)[:, None], _unit_range(height)[:, None])


def sinusoid_maps(height, width, period=4.0):
    """`[sin(K pi S_x), cos(K pi S_y)]` (Xu et al. 2022, Eq. 9); S as in `linear_maps`.

    Args:
        height, width: in pixels, numbers or scalar integer tensors.
        period: K, half periods along a side.

    Returns:
        `(1, height, width, 2)` float32.
    """
    turn = period * PI
    return _over_image(tf.sin(turn * _unit_range(width))[:, None], tf.cos(turn * _unit_range(height))[:, None])


def learned_maps(height, width, table):
    """A table's two columns, of the place along the width and along the height, interpolated: `(1, height, width, 2)`.

    Args:
        height, width: in pixels, numbers or scalar integer tensors.
        table: `(places, 2)` float32; its first row is at S = 0, its last at S = 1.
    """
    places = table.shape[0]

    def read(length, column):
        position = _unit_range(length) * (places - 1.0)
        below = tf.minimum(tf.cast(tf.floor(position), tf.int32), places - 2)
        share = position - tf.cast(below, tf.float32)
        return ((1.0 - share) * tf.gather(column, below) + share * tf.gather(column, below + 1))[:, None]

    return _over_image(read(width, table[:, 0]), read(height, table[:, 1]))


def rotary_maps(height, width, channels, period=4.0):
    """Cosines and sines of the angles by which `rotated` turns pairs of channels.

    Pair i of n = channels // 4 turns by K pi S_x b^(-i / n) along the width, n more pairs likewise along the height.

    Args:
        height, width: in pixels, numbers or scalar integer tensors.
        channels: of the features; below 4 there is no pair.
        period: K, half turns of the fastest pair along a side.

    Returns:
        `(1, height, width, 4 n)`: 2 n cosines, then 2 n sines.
    """
    pairs = channels // 4
    speed = period * PI * ROTARY_BASE ** (-tf.range(pairs, dtype=tf.float32) / max(pairs, 1))
    angle = _over_image(_unit_range(width)[:, None] * speed, _unit_range(height)[:, None] * speed)
    return tf.concat([tf.cos(angle), tf.sin(angle)], axis=-1)


def rotated(features, maps):
    """Pairs of channels turned: `(a cos - b sin, a sin + b cos)`.

    Args:
        features: `(batch, height, width, channels)`; the last `channels % 4` pass unchanged, so an image of three does.
        maps: of `rotary_maps`, in the features' dtype.
    """
    half = maps.shape[-1] // 2
    first, second, rest = tf.split(features, [half, half, features.shape[-1] - 2 * half], axis=-1)
    cosine, sine = tf.split(maps, 2, axis=-1)
    return tf.concat([first * cosine - second * sine, first * sine + second * cosine, rest], axis=-1)


def _over_image(along_width, along_height):
    """Functions of x `(width, n)` and of y `(height, n)` as channels of an image: `(1, height, width, 2 n)`."""
    shape = [tf.shape(along_height)[0], tf.shape(along_width)[0], along_width.shape[1]]
    x, y = tf.broadcast_to(along_width[None], shape), tf.broadcast_to(along_height[:, None], shape)
    return tf.concat([x, y], axis=-1)[None]


def _unit_range(length):
    positions = tf.range(tf.cast(length, tf.float32), dtype=tf.float32)
    return positions / tf.maximum(tf.cast(length, tf.float32) - 1.0, 1.0)


class NoEncoding:
    """Lets the features pass; the base of the others.

    Args:
        period: K of Eq. 9.

    Attributes:
        added_channels: how many channels it appends.
        uses_period: whether K changes anything.
        table_shape: of its learned table, None: it has none.
    """

    added_channels = 0
    uses_period = False
    table_shape: tuple[int, int] | None = None

    def __init__(self, period: float):
        self.period = period

    def maps(self, height, width, channels, table):
        """What is appended, or by what is turned: `(1, height, width, ...)` float32; None: nothing."""

    def apply(self, features, maps):
        """The encoded features, from maps in the features' dtype."""
        return features


class LinearEncoding(NoEncoding):
    """Appends `linear_maps`; the base of those that append channels."""

    added_channels = 2

    def maps(self, height, width, channels, table):
        """The two channels."""
        return linear_maps(height, width)

    def apply(self, features, maps):
        """The maps as channels beside the features."""
        return tf.concat([features, tf.tile(maps, [tf.shape(features)[0], 1, 1, 1])], axis=-1)


class SinusoidEncoding(LinearEncoding):
    """Appends `sinusoid_maps`."""

    uses_period = True

    def maps(self, height, width, channels, table):
        """The two channels."""
        return sinusoid_maps(height, width, self.period)


class LearnedEncoding(LinearEncoding):
    """Appends `learned_maps`."""

    table_shape = (LEARNED_PLACES, 2)

    def maps(self, height, width, channels, table):
        """The two channels, from the table."""
        return learned_maps(height, width, table.value)


class RotaryEncoding(NoEncoding):
    """Turns pairs of channels: `rotary_maps` and `rotated`."""

    uses_period = True

    def maps(self, height, width, channels, table):
        """Cosines and sines."""
        return rotary_maps(height, width, channels, self.period)

    def apply(self, features, maps):
        """The features turned."""
        return rotated(features, maps)


ENCODINGS = {
    "none": NoEncoding,
    "linear": LinearEncoding,
    "sinusoid": SinusoidEncoding,
    "learned": LearnedEncoding,
    "rotary": RotaryEncoding,
}


@keras.saving.register_keras_serializable("semicurv_tf")
class CoordEncoding(keras.layers.Layer):
    """Encodes the place in feature maps of any height, width and number of channels, also dynamic in a graph.

    Args:
        encoding: a name of `ENCODINGS`; "none" lets the features pass unchanged.
        period: K of Eq. 9, used by "sinusoid" and "rotary".

    Input: `(batch, height, width, channels)`. Output: the same, with two more channels except for "none" and "rotary";
    dtype kept. One layer serves all levels of a network; a learned table is then shared by them.
    """

    def __init__(self, encoding="sinusoid", period=4.0, **kwargs):
        super().__init__(**kwargs)
        if encoding not in ENCODINGS:
            raise ValueError(f"Expected encoding in {tuple(ENCODINGS)}. Received: encoding={encoding!r}")
        if not period > 0:
            raise ValueError(f"Expected a period above 0. Received: period={period}")
        self.encoding = encoding
        self.period = float(period)
        self.table = None
        self._rule = ENCODINGS[encoding](self.period)

    @property
    def encodes(self) -> bool:
        """Whether it changes the features at all."""
        return type(self._rule) is not NoEncoding

    @property
    def added_channels(self):
        """How many channels it appends."""
        return self._rule.added_channels

    def build(self, input_shape):
        if self._rule.table_shape is not None:
            initial = keras.initializers.RandomNormal(stddev=LEARNED_DEVIATION)
            shape = self._rule.table_shape
            self.table = self.add_weight(
                shape=shape, initializer=initial, dtype="float32", autocast=False, name="table"
            )
        self.built = True

    def maps(self, height, width, channels):
        """What is appended, or by what is turned: `(1, height, width, ...)` float32; None: nothing."""
        return self._rule.maps(height, width, channels, self.table)

    def apply_maps(self, features, maps):
        """The encoded features, from maps in the features' dtype."""
        return self._rule.apply(features, maps)

    def call(self, features):
        if not self.encodes:
            return features
        shape = tf.shape(features)
        height, width = features.shape[1] or shape[1], features.shape[2] or shape[2]
        maps = tf.cast(self.maps(height, width, features.shape[-1]), features.dtype)
        maps.set_shape([1, features.shape[1], features.shape[2], maps.shape[-1]])
        return self.apply_maps(features, maps)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.added_channels)

    def get_config(self):
        return {**super().get_config(), "encoding": self.encoding, "period": self.period}
