"""The eight flips and quarter turns of an image: exact permutations of its pixels (the dihedral group D4)."""

import functools

import tensorflow as tf

# The four turns come first, so that an average over the first few is spread over the circle.
_ORDER = (0b000, 0b011, 0b101, 0b110, 0b001, 0b010, 0b100, 0b111)
COUNT = len(_ORDER)

_ROWS, _COLUMNS = 1, 2


def orient(maps, number: int):
    """Flips and turns maps.

    Args:
        maps: `(batch, height, width, channels)`.
        number: 0 to 7. 0 leaves the maps as they are, 1 is the half turn, 2 and 3 the quarter turns, 4 and 5 the
            flips, 6 and 7 the flips about the diagonals.

    Returns:
        `(batch, height, width, channels)`, or `(batch, width, height, channels)` for 2, 3, 6 and 7.
    """
    flips, transposed = _parts(number)
    if flips:
        maps = tf.reverse(maps, flips)
    return tf.transpose(maps, [0, 2, 1, 3]) if transposed else maps


def orient_back(maps, number: int):
    """Undoes `orient(maps, number)`."""
    flips, transposed = _parts(number)
    if transposed:
        maps = tf.transpose(maps, [0, 2, 1, 3])
    return tf.reverse(maps, flips) if flips else maps


def mean_over_orientations(predict, image, count: int = COUNT):
    """The mean of `predict` over the first `count` orientations, each prediction turned back.

    Args:
        predict: maps `(batch, height, width, channels)` to `(batch, height, width, 1)` of the same height and width.
        image: `(batch, height, width, channels)`; need not be square.
        count: 1 to 8; 1 is `predict(image)`.

    Returns:
        `(batch, height, width, 1)`.
    """
    return tf.add_n([orient_back(predict(orient(image, number)), number) for number in range(count)]) / count


def in_orientation(predict, image, number):
    """`predict` in one orientation, turned back: `mean_over_orientations` has this for its expectation over `number`.

    Args:
        predict, image: as for `mean_over_orientations`.
        number: of the orientation, scalar int32 tensor, 0 to 7.

    Returns:
        `(batch, height, width, 1)`.
    """

    def one(each):
        return orient_back(predict(orient(image, each)), each)

    return tf.switch_case(number, [functools.partial(one, each) for each in range(COUNT)])


def _parts(number: int):
    """The axes to reverse, and whether rows and columns are then exchanged."""
    bits = _ORDER[number]
    return [axis for axis, bit in ((_COLUMNS, 0b001), (_ROWS, 0b010)) if bits & bit], bool(bits & 0b100)
