"""The size of an encoded image by its first bytes, inside the served graph: before anything is decoded.

A PNG of 100 KB can hold 500 million pixels, a GIF any number of frames. Sizes are read from PNG's header chunk (ISO/IEC
15948, 11.2.2) and from JPEG's frame header; everything else is refused by its first bytes, and so is an animated PNG.
"""

import tensorflow as tf

from semicurv_tf.export.containing import or_otherwise

NO_CODE, UNDECODABLE, FORMAT_NOT_SERVED = 0.0, -1.0, -4.0
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PNG_HEADER_BYTES = 33  # signature, then the header chunk: length, "IHDR", width, height, five bytes, checksum


def pixels_by_header(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Size of one encoded image, and why it is not served.

    Args:
        encoded: string scalar, a file's bytes.

    Returns:
        int64 `(2,)`, height and width, 0 where there is a code; and float32 scalar, 0 or the code: `UNDECODABLE` for a
        header that is damaged, `FORMAT_NOT_SERVED` for neither PNG nor JPEG, and for animations.
    """
    start = tf.strings.substr(encoded, 0, _PNG_HEADER_BYTES)
    start = tf.strings.join([start, tf.constant(bytes(_PNG_HEADER_BYTES))])  # so that short files have these bytes too
    is_png = tf.strings.substr(start, 0, len(PNG)) == PNG
    is_jpeg = tf.strings.substr(start, 0, len(JPEG)) == JPEG
    none = lambda code: (tf.zeros((2,), tf.int64), tf.constant(code))
    return tf.cond(
        is_png,
        lambda: tf.cond(_is_animated(encoded), lambda: none(FORMAT_NOT_SERVED), lambda: _with_code(_png_sides(start))),
        lambda: tf.cond(is_jpeg, lambda: _with_code(_jpeg_sides(encoded)), lambda: none(FORMAT_NOT_SERVED)),
    )


def _with_code(sides):
    usable = tf.reduce_all(sides > 0)
    return tf.where(usable, sides, tf.zeros_like(sides)), tf.where(usable, NO_CODE, UNDECODABLE)


def _png_sides(start):
    width_and_height = tf.io.decode_raw(tf.strings.substr(start, 16, 8), tf.int32, little_endian=False)
    sides = tf.cast(tf.reshape(width_and_height, (2,))[::-1], tf.int64)
    return tf.where(tf.strings.substr(start, 12, 4) == b"IHDR", sides, tf.zeros_like(sides))


def _is_animated(encoded):
    """Whether an animation's control chunk (acTL) stands before the first pixels, where APNG wants it."""
    before_pixels = tf.strings.split(encoded, b"IDAT", maxsplit=1)[0]
    return tf.size(tf.strings.split(before_pixels, b"acTL", maxsplit=1)) > 1


def _jpeg_sides(encoded):
    sides_of = lambda bytes_: tf.image.extract_jpeg_shape(bytes_, tf.int64)[:2]
    return tf.ensure_shape(or_otherwise(sides_of, encoded, tf.zeros((2,), tf.int64)), (2,))
