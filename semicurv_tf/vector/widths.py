"""How wide a line is at each point: where the distance transform says to look, to a fraction of a pixel.

Twice the distance transform is wrong by up to a pixel and a half: it counts whole pixels, its error depends on the
line's direction, and a skeleton cannot lie between two rows. Here it only says how far the edges can be; the
width is the mask, read bilinearly, summed along the normal. Reading bilinearly keeps a mask's area, so that
the mean over a straight piece is its width, at every angle.
"""

import numpy as np
from scipy import ndimage

from semicurv_tf.vector.lines import sample

_STEP_PX = 0.25
# The skeleton is at most so much off the middle, and the edge half a pixel before the nearest background pixel.
_BEYOND_RADIUS_PX = 1.5
_AVERAGED_POINTS = 5
_SAMPLES_AT_ONCE = 2_000_000


def widths_along(mask: np.ndarray, path: np.ndarray, tangent: np.ndarray, radius_px: np.ndarray) -> np.ndarray:
    """The width of the mask across a path.

    Args:
        mask: `(height, width)` bool.
        path: `(points, 2)` x, y in pixels, on foreground pixels.
        tangent: `(points, 2)` unit directions of the line.
        radius_px: `(points,)` distance transform of the mask at the points.

    Returns:
        float64 `(points,)`, in pixels; a mean over five neighbouring points, so that the largest is no
        single jag of the edge.
    """
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    reach = radius_px + _BEYOND_RADIUS_PX
    count = int(np.ceil(reach.max() / _STEP_PX))
    width = np.zeros(len(path))
    piece = max(1, _SAMPLES_AT_ONCE // count)
    for begin in range(0, len(path), piece):
        part = slice(begin, begin + piece)
        width[part] = sum(_one_side(mask, path[part], side * normal[part], reach[part], count) for side in (1, -1))
    return ndimage.uniform_filter1d(width, min(_AVERAGED_POINTS, len(width)), mode="nearest")


def _one_side(mask, path, direction, reach, count):
    """The mask summed from each point outwards; beyond a gap nothing counts, it belongs to another line."""
    steps = (np.arange(count) + 0.5) * _STEP_PX
    value = sample(mask, path[:, None] + steps[None, :, None] * direction[:, None])
    value = np.minimum.accumulate(value, axis=1)
    return (value * (steps <= reach[:, None])).sum(axis=1) * _STEP_PX
