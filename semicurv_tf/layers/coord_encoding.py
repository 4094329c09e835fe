"""Coordinate encoding: two channels that tell a network where a pixel lies (Xu et al. 2022, Eq. 9)."""

import keras
import tensorflow as tf

ENCODINGS = ("none", "linear", "sinusoid")


def coordinate_maps(height, width, encoding="sinusoid", period=4.0, dtype="float32"):
    """The two channels of an encoding.

    With `S_x = x / (width - 1)` and `S_y = y / (height - 1)` in [0, 1], "linear" gives
    `[S_x, S_y]` and "sinusoid" `[sin(K pi S_x), cos(K pi S_y)]` (Xu et al. 2022, Eq. 9).
    Along a side of one pixel, S is 0.

    Args:
        height, width: in pixels, numbers or scalar integer tensors.
        encoding: "linear" or "sinusoid".
        period: K of Eq. 9, half periods along a side.
        dtype: of the result; computed in float32.

    Returns:
        `(1, height, width, 2)`.
    """
    x = _unit_range(width)
    y = _unit_range(height)
    if encoding == "sinusoid":
        turn = period * 3.141592653589793
        x, y = tf.sin(turn * x), tf.cos(turn * y)
    shape = [height, width]
    maps = tf.stack([tf.broadcast_to(x[None, :], shape), tf.broadcast_to(y[:, None], shape)], axis=-1)
    return tf.cast(maps[None], dtype)


def _unit_range(length):
    positions = tf.range(tf.cast(length, tf.float32), dtype=tf.float32)
    return positions / tf.maximum(tf.cast(length, tf.float32) - 1.0, 1.0)


@keras.saving.register_keras_serializable("semicurv_tf")
class CoordEncoding(keras.layers.Layer):
    """Appends the coordinate maps to feature maps of any height and width, also dynamic in a graph.

    Args:
        encoding: "none" (the features pass unchanged), "linear" or "sinusoid".
        period: K of Eq. 9, used by "sinusoid".

    Input: `(batch, height, width, channels)`. Output: the same with two more channels, dtype kept.
    """

    def __init__(self, encoding="sinusoid", period=4.0, **kwargs):
        super().__init__(**kwargs)
        if encoding not in ENCODINGS:
            raise ValueError(f"Expected encoding in {ENCODINGS}. Received: encoding={encoding!r}")
        if not period > 0:
            raise ValueError(f"Expected a period above 0. Received: period={period}")
        self.encoding = encoding
        self.period = float(period)

    def call(self, features):
        if self.encoding == "none":
            return features
        shape = tf.shape(features)
        height = features.shape[1] or shape[1]
        width = features.shape[2] or shape[2]
        maps = coordinate_maps(height, width, self.encoding, self.period, features.dtype)
        maps = tf.broadcast_to(maps, [shape[0], height, width, 2])
        return tf.concat([features, maps], axis=-1)

    def compute_output_shape(self, input_shape):
        extra = 0 if self.encoding == "none" else 2
        return (*input_shape[:-1], input_shape[-1] + extra)

    def get_config(self):
        return {**super().get_config(), "encoding": self.encoding, "period": self.period}
