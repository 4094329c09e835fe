"""PNG of 16 bit inside the served graph: its values become 8 bit by the run's range, as `predict` reads files.

`images/values.py` has the rule. A range that the run keeps becomes a table of 65,536 values; where it keeps none, as of
training images of 8 bit, each image is measured by itself, by the same steps.
"""

import numpy as np
import tensorflow as tf

from semicurv_tf.images.values import PERCENTILES, SAMPLES_PER_IMAGE, SPREAD_OF_HIGH_BYTE, ValueRanges

_BIT_DEPTH_BYTE = 24  # of a PNG: behind signature, length, "IHDR", width and height
_ALL = np.arange(65_536, dtype=np.uint16)
_LUMA, _LUMA_HALF, _LUMA_UNIT = (19595, 38470, 7471), 32768, 65536  # ITU-R 601, rounded as Pillow does


def is_wide_png(encoded: tf.Tensor) -> tf.Tensor:
    """Whether the bytes of an image, a string scalar, are a PNG of 16 bit."""
    start = tf.strings.substr(encoded, 0, _BIT_DEPTH_BYTE + 1)
    start = tf.strings.join([start, tf.constant(bytes(_BIT_DEPTH_BYTE + 1))])  # short files have these bytes too
    is_png = tf.strings.substr(start, 0, 4) == b"\x89PNG"
    return is_png & (tf.strings.substr(start, _BIT_DEPTH_BYTE, 1) == b"\x10")


def to_eight_bit(values: tf.Tensor, value_range: ValueRanges | None) -> tf.Tensor:
    """Values of 16 bit as uint8.

    Args:
        values: uint16 of any shape, without alpha, upright.
        value_range: of the run; None, or one without 16 bit, measures these values.
    """
    known = value_range.of(np.dtype(np.uint16)) if value_range else None
    values = tf.cast(values, tf.int32)
    table = _measured_table(values) if known is None else tf.constant(known.to_uint8(_ALL))
    return tf.gather(table, values)


def to_colours(pixels: tf.Tensor, channels: int) -> tf.Tensor:
    """Grey or RGB uint8 `(height, width, 1 or 3)` as `channels`, 1 or 3; which it is may be known in the graph only."""
    is_grey = tf.shape(pixels)[-1] == 1
    if channels == 3:
        colours = tf.cond(is_grey, lambda: tf.tile(pixels, (1, 1, 3)), lambda: tf.identity(pixels))
    else:
        colours = tf.cond(is_grey, lambda: tf.identity(pixels), lambda: _luma(pixels))
    return tf.ensure_shape(colours, (None, None, channels))


def _luma(pixels):
    weighted = tf.cast(pixels, tf.int32) * tf.constant(_LUMA)
    return tf.cast((tf.reduce_sum(weighted, axis=-1, keepdims=True) + _LUMA_HALF) // _LUMA_UNIT, tf.uint8)


def _measured_table(values):
    """The table of `measure_range` on one image."""
    flat = tf.reshape(values, (-1,))
    count = tf.size(flat)
    step = tf.maximum(1, (count + SAMPLES_PER_IMAGE - 1) // SAMPLES_PER_IMAGE)
    sampled = tf.gather(flat, tf.range(0, count, step))  # a slice by a tensor's step would lose its rank
    seen = tf.cast(tf.sort(sampled), tf.float64)
    last = tf.cast(tf.size(seen) - 1, tf.float64)

    def percentile(percent):
        place = last * (percent / 100)
        below = tf.floor(place)
        at = lambda index: tf.gather(seen, tf.cast(index, tf.int32))
        low, high, share = at(below), at(tf.minimum(below + 1, last)), place - below
        # From the nearer side, as NumPy does: the same bits, and so the same pixels.
        return tf.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share))

    low, high = map(percentile, PERCENTILES)
    by_high_byte = high - low >= SPREAD_OF_HIGH_BYTE
    margin = (high - low) / 2
    low, high = tf.maximum(low - margin, seen[0]), tf.minimum(high + margin, seen[-1])
    high = tf.where(high > low, high, low + 1)
    everything = tf.constant(_ALL.astype(np.float64))
    stretched = tf.round(tf.clip_by_value((everything - low) / (high - low), 0.0, 1.0) * 255)
    return tf.cast(tf.where(by_high_byte, tf.floor(everything / 256), stretched), tf.uint8)
