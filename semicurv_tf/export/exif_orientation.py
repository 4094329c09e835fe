"""The orientation tag of cameras inside the served graph, so that encoded images are read as `predict` reads files.

The tag (EXIF 2.3, 0x0112, 1 to 8) stands in the first directory of a TIFF structure: in JPEG's APP1 segment, in PNG's
eXIf chunk. Offsets come from strangers: whatever lies beyond the bytes counts as zero, and an image without a readable
tag is taken as it is stored.
"""

import tensorflow as tf

from semicurv_tf.export.wide_png import is_wide_png, to_colours, to_eight_bit
from semicurv_tf.images.values import ValueRanges

_ORIENTATION_TAG = 0x0112
_LARGEST_BLOCK = 65_536  # bytes of a block that are looked at; a JPEG segment has no more
_MOST_SEGMENTS = 1000
_MOST_ENTRIES = 256


def orientation_of(encoded: tf.Tensor) -> tf.Tensor:
    """The orientation tag of one encoded image.

    Args:
        encoded: string scalar, the bytes of a PNG or JPEG file.

    Returns:
        int32 scalar, 1 (upright) to 8.
    """
    is_png = tf.strings.substr(encoded, 0, 4) == b"\x89PNG"
    block = tf.cond(
        _is_jpeg(encoded),
        lambda: _block_of_jpeg(encoded),
        lambda: tf.cond(is_png, lambda: _block_of_png(encoded), lambda: tf.constant(b"")),
    )
    return _tag_of(block)


def decode_as_read(encoded: tf.Tensor, channels: int, value_range: ValueRanges | None = None) -> tf.Tensor:
    """One encoded image as `semicurv_tf.images` reads its file.

    Args:
        encoded: string scalar, the bytes of a PNG or JPEG file; of another number of channels than 1 or 3 a grey PNG
            with the bands one below the other, as `images.encoded.encode_png` writes it.
        channels: of the network.
        value_range: of values of 16 bit, from the training data; None measures the image's own.

    Returns:
        uint8 `(height, width, channels)`, upright.

    Raises:
        tf.errors.InvalidArgumentError: it cannot be decoded.
    """
    if channels in (1, 3):
        return tf.cond(
            is_wide_png(encoded),
            lambda: _wide_as_read(encoded, channels, value_range),
            lambda: _narrow_as_read(encoded, channels),
        )
    stacked = tf.cond(
        is_wide_png(encoded),
        lambda: to_eight_bit(tf.io.decode_png(encoded, channels=1, dtype=tf.uint16), value_range),
        lambda: tf.io.decode_png(encoded, channels=1),
    )
    height = tf.shape(stacked)[0] // channels
    bands = tf.reshape(stacked, (channels, height, tf.shape(stacked)[1]))
    return tf.transpose(bands, (1, 2, 0))


def _narrow_as_read(encoded, channels):
    """8 bit: to the value what Pillow decodes. TensorFlow's default for JPEG is a faster transform, off by up to 8."""
    own = 3 if channels == 3 else 0  # 0: as many as the file has, since the decoders' own grey is not Pillow's luma
    image = tf.cond(
        _is_jpeg(encoded),
        lambda: tf.io.decode_jpeg(encoded, channels=own, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_png(encoded, channels=own),
    )
    if channels == 1:
        image = to_colours(_without_alpha(image), 1)
    return turned_upright(tf.ensure_shape(image, (None, None, channels)), orientation_of(encoded))


def _wide_as_read(encoded, channels, value_range):
    stored = tf.io.decode_png(encoded, dtype=tf.uint16)
    upright = turned_upright(_without_alpha(stored), orientation_of(encoded))
    return to_colours(to_eight_bit(upright, value_range), channels)


def _without_alpha(stored):
    """The first 1 or 3 channels, whichever there are."""
    return stored[..., : tf.where(tf.shape(stored)[-1] < 3, 1, 3)]


def _is_jpeg(encoded):
    return tf.strings.substr(encoded, 0, 2) == b"\xff\xd8"


def sides_as_read(encoded: tf.Tensor, sides: tf.Tensor, channels: int) -> tf.Tensor:
    """Height and width that `decode_as_read` gives, from those of the header.

    Args:
        encoded: string scalar, the bytes of a PNG or JPEG file.
        sides: int64 `(2,)`, height and width as they are stored.
        channels: of the network.
    """
    if channels in (1, 3):
        return tf.where(orientation_of(encoded) >= 5, sides[::-1], sides)
    return tf.stack([sides[0] // channels, sides[1]])


def turned_upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """An image `(height, width, channels)` as stored, turned as its orientation tag says."""
    among = lambda *tags: tf.reduce_any(orientation == tf.constant(tags))
    channels = image.shape[-1]
    for wanted, turn in (
        (among(5, 6, 7, 8), lambda stored: tf.transpose(stored, (1, 0, 2))),
        (among(2, 3, 6, 7), lambda stored: tf.reverse(stored, [1])),
        (among(3, 4, 7, 8), lambda stored: tf.reverse(stored, [0])),
    ):
        image = tf.cond(wanted, lambda image=image, turn=turn: turn(image), lambda image=image: tf.identity(image))
        image = tf.ensure_shape(image, (None, None, channels))
    return image


def _block_of_jpeg(encoded):
    """The TIFF structure in the segments before the scan: marker, length, then "Exif" and two zeros."""

    def step(count, at, block):
        head = _bytes(encoded, at, 10)
        length = head[2] * 256 + head[3]
        is_exif = tf.reduce_all(head[:2] == [0xFF, 0xE1]) & tf.reduce_all(head[4:] == list(b"Exif\0\0"))
        found = lambda: tf.strings.substr(encoded, at + 10, tf.maximum(length - 8, 0))
        block = tf.cond(is_exif & (length > 8) & (at + 10 < size), found, lambda: tf.identity(block))
        # A fill byte may stand before a marker; the scan (DA) and the end (D9) close the search.
        is_fill = (head[0] == 0xFF) & (head[1] == 0xFF)
        ends = (head[0] != 0xFF) | (head[1] == 0xDA) | (head[1] == 0xD9) | (length < 2)
        following = tf.where(is_fill, at + 1, tf.where(ends, size, at + 2 + length))
        return count + 1, following, block

    size = tf.strings.length(encoded)
    return _search(encoded, 2, step, size)


def _block_of_png(encoded):
    """The content of the eXIf chunk, before or behind the pixels: length, kind, content, checksum."""

    def step(count, at, block):
        head = _bytes(encoded, at, 8)
        length = _number(head[:4], tf.constant(False))
        is_exif = tf.reduce_all(head[4:] == list(b"eXIf"))
        found = lambda: tf.strings.substr(encoded, at + 8, tf.clip_by_value(length, 0, _LARGEST_BLOCK))
        block = tf.cond(is_exif & (at + 8 < size), found, lambda: tf.identity(block))
        room = size - at - 12
        return count + 1, tf.where((length >= 0) & (length <= room), at + 12 + length, size), block

    size = tf.strings.length(encoded)
    return _search(encoded, 8, step, size)


def _search(encoded, start, step, size):
    goes_on = lambda count, at, block: (count < _MOST_SEGMENTS) & (at + 4 <= size) & (tf.strings.length(block) == 0)
    start = (tf.constant(0), tf.constant(start), tf.constant(b""))
    return tf.while_loop(goes_on, step, start, parallel_iterations=1)[2]


def _tag_of(block):
    """The tag in the first directory of a TIFF structure; 1 where there is none."""
    little = tf.strings.substr(block, 0, 2) == b"II"
    raw = _bytes(block, 0, _LARGEST_BLOCK)
    at = lambda place, count: tf.gather(
        raw, tf.clip_by_value(place[..., None] + tf.range(count), 0, _LARGEST_BLOCK - 1)
    )
    directory = _number(at(tf.constant(4), 4), little)
    usable = (directory >= 8) & (directory < _LARGEST_BLOCK - 2) & (tf.strings.length(block) >= 14)
    directory = tf.where(usable, directory, 0)
    entries = tf.minimum(_number(at(directory, 2), little), _MOST_ENTRIES)
    places = directory + 2 + 12 * tf.range(_MOST_ENTRIES)
    tags, values = _number(at(places, 2), little), _number(at(places + 8, 2), little)
    hit = (tags == _ORIENTATION_TAG) & (tf.range(_MOST_ENTRIES) < entries) & (places + 12 <= _LARGEST_BLOCK) & usable
    value = tf.reduce_max(tf.where(hit, values, 0))
    return tf.where((value >= 2) & (value <= 8), value, 1)


def _bytes(text, at, count):
    """`count` bytes from `at` on as int32; zeros where the text is shorter."""
    at = tf.clip_by_value(at, 0, tf.strings.length(text))
    part = tf.io.decode_raw(tf.strings.substr(text, at, count), tf.uint8)
    part = tf.cast(tf.reshape(part, (-1,)), tf.int32)
    return tf.ensure_shape(tf.pad(part, [[0, count - tf.size(part)]]), (count,))


def _number(digits, little):
    """Unsigned number of 2 or 4 bytes along the last axis; of 4 bytes above 2^31 it is negative."""
    digits = tf.where(little, tf.reverse(digits, [-1]), digits)
    count = digits.shape[-1]
    return tf.reduce_sum(digits * tf.constant([256 ** (count - 1 - place) for place in range(count)]), axis=-1)
