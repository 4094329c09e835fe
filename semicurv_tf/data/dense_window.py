"""The window of a large mask that shows most of its structures."""

import numpy as np


def densest_window(mask: np.ndarray, side: int) -> tuple[slice, slice]:
    """Where in a mask the most foreground is.

    Args:
        mask: `(height, width)` bool or numbers, foreground where not 0.
        side: of the window in pixels; it is cut to the image, and looked for on a grid of a quarter of this.

    Returns:
        Rows and columns; of equal windows the first from the top, then from the left.
    """
    step = max(1, side // 4)
    tops, lefts = ([*range(0, max(1, length - side), step), max(0, length - side)] for length in mask.shape)
    places = [(slice(top, top + side), slice(left, left + side)) for top in tops for left in lefts]
    return max(places, key=lambda place: np.count_nonzero(mask[place]))
