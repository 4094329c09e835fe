"""Shapes to pixels: a pixel belongs to a shape when its centre does. Coordinates: see `shapes.py`."""

import itertools

import numpy as np

from semicurv_tf.annotations.shapes import Ellipse, Line, Patch, Polygon, Shape

_PIECE_PX = 256.0  # long lines are drawn in pieces, so that what is computed stays near the line


def paint(canvas: np.ndarray, shape: Shape, value: bool, line_width_px: float) -> int:
    """Sets the pixels of a shape.

    A polygon takes the centres that lie inside by the even-odd rule (its left and upper edges included, its right and
    lower ones not, so that neighbours share no pixel); a line those at most half its width away, ends rounded.

    Args:
        canvas: bool (height, width), changed in place. What lies outside is cut off.
        shape: what to draw.
        value: what the pixels become.
        line_width_px: width of lines, in pixels.

    Returns:
        How many pixels of the canvas the shape covers.
    """
    covered = 0
    for top, left, mask in _parts(shape, *canvas.shape, line_width_px):
        window = canvas[top : top + mask.shape[0], left : left + mask.shape[1]]
        window[mask] = value
        covered += int(mask.sum())
    return covered


def _parts(shape, height, width, line_width_px):
    """(top, left, mask) of the parts of a shape, within the canvas."""
    if isinstance(shape, Polygon):
        yield from _polygon(shape.rings, height, width)
    elif isinstance(shape, Ellipse):
        yield from _ellipse(shape, height, width)
    elif isinstance(shape, Line):
        for begin, end in zip(shape.points[:-1], shape.points[1:]):
            yield from _segment(begin, end, line_width_px / 2, height, width)
    elif isinstance(shape, Patch):
        top, left = max(0, shape.top), max(0, shape.left)
        mask = shape.mask[top - shape.top :, left - shape.left :][: max(0, height - top), : max(0, width - left)]
        yield top, left, mask


def _polygon(rings, height, width):
    corners = np.concatenate(rings)
    window = _window(corners.min(axis=0), corners.max(axis=0), height, width)
    if window is None:
        return
    top, bottom, left, right = window
    # Each edge switches inside to outside, and back, from the first centre to its right on; in each row it crosses.
    switches = np.zeros((bottom - top, right - left + 1), np.int32)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0)):
            if y0 > y1:
                x0, y0, x1, y1 = x1, y1, x0, y0
            first, last = _first_centre(y0, top, bottom), _first_centre(y1, top, bottom)
            if first == last:
                continue
            rows = np.arange(first, last)
            crossings = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            columns = np.clip(np.ceil(crossings - 0.5), left, right).astype(np.int64)
            np.add.at(switches, (rows - top, columns - left), 1)
    yield top, left, np.cumsum(switches[:, :-1], axis=1) % 2 == 1


def _first_centre(y, top, bottom) -> int:
    """The first row whose centre is not above `y`, within the window."""
    return int(np.clip(np.ceil(y - 0.5), top, bottom))


def _ellipse(shape: Ellipse, height, width):
    centre, (across, along) = np.asarray(shape.centre), shape.radii
    if min(across, along) <= 0:
        return
    cosine, sine = np.cos(shape.angle), np.sin(shape.angle)
    reach = np.array([np.hypot(across * cosine, along * sine), np.hypot(across * sine, along * cosine)])
    window = _window(centre - reach, centre + reach, height, width)
    if window is None:
        return
    x, y = _centres(window, centre)
    inside = ((x * cosine + y * sine) / across) ** 2 + ((y * cosine - x * sine) / along) ** 2 <= 1
    yield window[0], window[2], inside


def _segment(begin, end, radius, height, width):
    clipped = _clip(begin, end, (-radius - 1, -radius - 1), (width + radius + 1, height + radius + 1))
    if clipped is None:
        return
    begin, end = clipped
    pieces = max(1, int(np.ceil(np.hypot(*(end - begin)) / _PIECE_PX)))
    stops = begin + np.linspace(0, 1, pieces + 1)[:, None] * (end - begin)
    for start, stop in itertools.pairwise(stops):
        window = _window(np.minimum(start, stop) - radius, np.maximum(start, stop) + radius, height, width)
        if window is None:
            continue
        x, y = _centres(window, start)
        along = stop - start
        length = along @ along
        share = np.clip((x * along[0] + y * along[1]) / length, 0, 1) if length else 0.0
        yield window[0], window[2], (x - share * along[0]) ** 2 + (y - share * along[1]) ** 2 <= radius**2


def _clip(begin, end, low, high):
    """The part of a segment within a box (Liang and Barsky 1984), so that a far end costs nothing; None: outside."""
    step, first, last = end - begin, 0.0, 1.0
    for axis in (0, 1):
        if step[axis] == 0:
            if not low[axis] <= begin[axis] <= high[axis]:
                return None
            continue
        reached = sorted(((low[axis] - begin[axis]) / step[axis], (high[axis] - begin[axis]) / step[axis]))
        first, last = max(first, reached[0]), min(last, reached[1])
    return None if first > last else (begin + first * step, begin + last * step)


def _window(low, high, height, width):
    """(top, bottom, left, right) of the pixels that may lie between two corners; None: none."""
    left, top = (int(np.clip(np.floor(value), 0, side)) for value, side in zip(low, (width, height)))
    right, bottom = (int(np.clip(np.ceil(value), 0, side)) for value, side in zip(high, (width, height)))
    return (top, bottom, left, right) if top < bottom and left < right else None


def _centres(window, origin):
    """Coordinates of the window's pixel centres from `origin`: x as a row, y as a column."""
    top, bottom, left, right = window
    return np.arange(left, right) + 0.5 - origin[0], (np.arange(top, bottom) + 0.5 - origin[1])[:, None]
