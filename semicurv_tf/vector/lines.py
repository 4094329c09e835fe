"""From the pixels of a path to a line: smoothed, led to the edge of the mask at its ends, simplified.

Coordinates are `(points, 2)` float64, x, y in pixels, x right, y down, pixel centres at integers.
"""

import numpy as np
import shapely
from scipy import ndimage

SMOOTHING_PX = 2.0
_TANGENT_PX = 6.0  # an end's direction is that of so much of the line before it
_STEP_PX = 0.25


def smooth(path: np.ndarray, closed: bool, sigma_px: float = SMOOTHING_PX) -> np.ndarray:
    """Takes the pixel steps out of a path without drawing curves together.

    A Gaussian alone shrinks a circle of radius r by exp(-sigma^2 / 2 r^2); adding back what it lost, smoothed once
    more ("twicing", Tukey 1977), leaves the square of that loss: 0.6 % at r = 5 px and sigma = 2 px.

    Args:
        path: `(points, 2)`, about a pixel apart.
        closed: first and last point are one and the line turns smoothly there. Otherwise both stay where they are.

    Returns:
        As many points.
    """
    if len(path) < 3:
        return path.copy()
    if closed:
        ring = 2 * _gaussian(path[:-1], sigma_px, "wrap") - _gaussian(
            _gaussian(path[:-1], sigma_px, "wrap"), sigma_px, "wrap"
        )
        return np.concatenate([ring, ring[:1]])
    margin = int(np.ceil(8 * sigma_px))
    # Continued through a point reflection about either end, a path keeps its ends.
    long = np.pad(path, ((margin, margin), (0, 0)), mode="reflect", reflect_type="odd")
    once = _gaussian(long, sigma_px, "nearest")
    smoothed = (2 * once - _gaussian(once, sigma_px, "nearest"))[margin:-margin]
    smoothed[0], smoothed[-1] = path[0], path[-1]
    return smoothed


def lead_to_edge(line: np.ndarray, mask: np.ndarray, radius_px: float) -> np.ndarray:
    """Goes on straight from the last point to the edge of the mask: thinning takes half a width off every end.

    Args:
        line: smoothed.
        mask: `(height, width)` bool.
        radius_px: of the mask at the last point; the edge is looked for no further than a pixel beyond it.

    Returns:
        `line` with one more point, where the mask, read bilinearly, falls to a half.
    """
    direction = _end_direction(line)
    if direction is None:
        return line
    steps = np.arange(_STEP_PX, radius_px + 1 + _STEP_PX, _STEP_PX)
    ahead = line[-1] + steps[:, None] * direction
    outside = np.flatnonzero(sample(mask, ahead) <= 0.5)
    reach = outside[0] if len(outside) else len(steps) - 1
    return np.concatenate([line, ahead[reach : reach + 1]])


def simplify(line: np.ndarray, tolerance_px: float) -> np.ndarray:
    """The line with fewer points, nowhere further from it than the tolerance (Douglas & Peucker 1973)."""
    if tolerance_px <= 0 or len(line) < 3:
        return line
    return shapely.get_coordinates(shapely.LineString(line).simplify(tolerance_px))


def tangents(line: np.ndarray, closed: bool) -> np.ndarray:
    """Unit directions of a line at its points, `(points, 2)`; (1, 0) where it does not move."""
    if closed and len(line) > 3:
        ring = line[:-1]
        step = np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0)
        step = np.concatenate([step, step[:1]])
    else:
        step = np.gradient(line, axis=0)
    size = np.hypot(*step.T)
    return np.where(size[:, None] > 0, step / np.maximum(size, 1e-12)[:, None], (1.0, 0.0))


def sample(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A bool mask `(height, width)`, 0 or 1, read bilinearly at points `(..., 2)`; 0 beyond its edge."""
    return ndimage.map_coordinates(mask, np.moveaxis(points[..., ::-1], -1, 0), float, order=1, mode="grid-constant")


def _gaussian(points, sigma_px, mode):
    return ndimage.gaussian_filter1d(points, sigma_px, axis=0, mode=mode, truncate=4.0)


def _end_direction(line):
    """Unit direction in which a line leaves its last point; None where it has no length."""
    away = np.hypot(*(line - line[-1]).T)
    far = np.flatnonzero(away >= _TANGENT_PX)
    origin = line[far[-1]] if len(far) else line[np.argmax(away)]
    step = line[-1] - origin
    size = np.hypot(*step)
    return step / size if size > 0 else None
