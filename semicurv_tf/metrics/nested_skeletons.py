"""Centrelines of up to 64 masks at once: one 64-bit word per pixel, one bit per mask.

The masks of an image's thresholds differ little, and the bits of a word are computed together. The result is that of
`skeleton` for each mask, bit for bit: the passes of Lee, Kashyap and Chu 1994 ("Building skeleton models via 3-D medial
surface/axis thinning algorithms", CVGIP 56(6), 462-478) as scikit-image makes them in two dimensions.
"""

import numpy as np

MASKS = 64  # bits of a word
_BLOCK = 8192  # pixels computed together: their words stay in the processor's cache


def skeletons(words):
    """The centreline of every bit's mask.

    In turns from north, south, east and west, each pixel that is background on that side, has at least two neighbours
    and whose removal joins or parts nothing is removed, until four turns in a row remove nothing. Scikit-image looks
    at the pixels of a turn again one after the other; with a side in common none of them holds back another (a test
    goes through all cases), so that here they leave together.

    Args:
        words: (height, width) uint64; bit k is the k-th mask.

    Returns:
        (height, width) uint64.

    Example:
        >>> skeletons(np.full((3, 3), 3, np.uint64)).tolist()
        [[0, 0, 0], [3, 3, 3], [0, 0, 0]]
    """
    height, width = words.shape
    row = width + 2
    padded = np.zeros((height + 2, row), np.uint64)
    padded[1:-1, 1:-1] = words
    last_change = np.zeros(padded.size, np.int32)
    # Views of each pixel and of its neighbours, clockwise from the north: all are read at the pixel's own index.
    length = max(0, padded.size - 2 * row - 2)
    shifts = (1, 2, row + 2, 2 * row + 2, 2 * row + 1, 2 * row, row, 0)
    pixels, *ring = (padded.reshape(-1)[shift:][:length] for shift in (row + 1, *shifts))
    changed, *changed_ring = (last_change[shift:][:length] for shift in (row + 1, *shifts))
    turns = [ring[side:] + ring[:side] for side in (0, 4, 2, 6)]
    step = last = 0
    while step - last <= len(turns):
        side, *others = turns[step % len(turns)]
        border = pixels & ~side
        # What has not changed since it was looked at from this side is not looked at again.
        places = ((border != 0) & (changed >= step - len(turns))).nonzero()[0]
        found = []
        for begin in range(0, places.size, _BLOCK):
            at = places[begin : begin + _BLOCK]
            leaving = border.take(at) & _removable(*(words.take(at) for words in others))
            some = leaving.nonzero()[0]
            found.append((at[some], leaving[some]))
        for at, leaving in found:
            pixels[at] ^= leaving
            for view in changed_ring:
                view[at] = step
            if at.size:
                last = step
        step += 1
    return padded[1:-1, 1:-1]


def _removable(one, two, three, four, five, six, seven):
    """Where a pixel's neighbours are at least two and connected, while its neighbour zero is background.

    Args:
        one, two, three, four, five, six, seven: words of the neighbours around the pixel, corners the odd ones.
    """
    low, high = three | four, five | six
    # Clockwise, a group of neighbours begins where background on a side is followed by foreground.
    begins = one | two, low & ~two, high & ~four, seven & ~six
    first, second, third, fourth = begins
    single = (first ^ second ^ third ^ fourth) & ~((first & second) | (third & fourth))
    pair = (two & (one | low)) | (four & (three | high)) | (six & (five | seven))
    return single & pair
