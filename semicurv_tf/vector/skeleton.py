"""From a mask to its skeleton: one pixel wide, in the middle of every line, with the radius at each pixel.

Thinning is Lee's (Lee, Kashyap & Chu 1994), which keeps every component and hole. Zhang & Suen's, the default of
scikit-image, eats lines at 45 degrees from their ends, down to a dot.

Both are computed by blocks with a margin, so that memory does not grow with the mask. Each layer taken off looks a few
pixels around; with a margin wide enough for a block's thickest line the blocks' pixels are those of the whole mask.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage.morphology import remove_small_holes, skeletonize

BLOCK_PX = 2048
MARGIN_PX = 64
# A margin grows with the thickest line in its block, up to this: lines of more than about 600 px in width may
# break where blocks meet. Such an area is no line.
LARGEST_MARGIN_PX = 1024


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """The pixels of a skeleton, sorted by row, then column.

    Attributes:
        shape: height and width of the mask in pixels.
        rows, columns: int64 `(pixels,)`.
        radius_px: float32 `(pixels,)`, distance in the filled mask from the pixel's centre to the nearest background
            pixel's centre (Euclidean). Beyond the edge of the mask nothing is background.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    radius_px: np.ndarray


def find_skeleton(
    mask: np.ndarray,
    fill_px: int = 0,
    block_px: int = BLOCK_PX,
    margin_px: int = MARGIN_PX,
    advance: Callable[[float], None] | None = None,
) -> Skeleton:
    """The skeleton of a mask.

    Args:
        mask: `(height, width)`, foreground where not 0.
        fill_px: holes of at most this many pixels are no holes: a line goes through them and not around.
        block_px: side of the blocks in pixels.
        margin_px: the least margin around a block.
        advance: called with the share of the mask that was just done.

    Returns:
        The skeleton; of no pixels where the mask is empty.
    """
    height, width = mask.shape
    tops, lefts = range(0, height, block_px), range(0, width, block_px)
    found = []
    for top in tops:
        for left in lefts:
            found.append(_block(mask, top, left, fill_px, block_px, margin_px))
            if advance:
                advance(1.0 / (len(tops) * len(lefts)))
    rows, columns, radius = (np.concatenate(parts) for parts in zip(*found))
    order = np.lexsort((columns, rows))
    return Skeleton((height, width), rows[order], columns[order], radius[order])


def _block(mask: np.ndarray, top: int, left: int, fill_px: int, block: int, margin: int):
    """Rows, columns and radius of the skeleton's pixels in one block."""
    height, width = mask.shape
    if not mask[top : top + block, left : left + block].any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    while True:
        first_row, first_column = max(0, top - margin), max(0, left - margin)
        last_row, last_column = min(height, top + block + margin), min(width, left + block + margin)
        window = np.asarray(mask[first_row:last_row, first_column:last_column]) != 0
        if fill_px:
            window = remove_small_holes(window, max_size=fill_px)
        distance = _distance(window)
        whole = window.shape == mask.shape
        # A line of radius r is thinned in at most 1.5 r layers (along diagonals), each of which looks 2 px around.
        if whole or margin >= LARGEST_MARGIN_PX or 3 * distance.max() + 4 <= margin:
            break
        margin = min(LARGEST_MARGIN_PX, max(2 * margin, int(3 * distance.max()) + 5))
    core = np.s_[top - first_row : top - first_row + block, left - first_column : left - first_column + block]
    rows, columns = np.nonzero(skeletonize(window, method="lee")[core])
    radius = distance[core][rows, columns].astype(np.float32)
    return rows + top, columns + left, radius


def _distance(window: np.ndarray) -> np.ndarray:
    if window.all():  # no background to measure from: what lies beyond the edge is taken for it
        return ndimage.distance_transform_edt(np.pad(window, 1))[1:-1, 1:-1]
    return ndimage.distance_transform_edt(window)
