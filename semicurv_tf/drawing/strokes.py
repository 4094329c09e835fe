"""Curves as points with radii, how they run, and the field of distances that all pictures of them are made from.

Coordinates are [x, y] in pixels, pixel centres at integers, x right, y down. Curves may leave the image.
"""

from typing import NamedTuple

import numpy as np

from semicurv_tf.drawing.span import Span, chance

STEP_PX = 2.5  # between the points of a walk: shorter than any bend that is drawn
BEYOND_PX = 12.0  # how far outside the image a curve may begin, so that borders cut curves at all angles
ENTRY = 0.65  # of the image's side, from its middle, where curves enter: near its border in all directions
TOWARDS = Span(0.2, 0.8)  # of the image's side, where they head for: well inside
WINDING = 0.5  # share of walks that turn ever farther away from their heading
TURN = 3.0  # how much farther a smooth walk turns in a step than a winding one, which adds its turns up
TURN_SMOOTHNESS = Span(1.0, 6.0)  # steps over which a smooth walk turns: rivers, vessels
HALVINGS = (2, 7)  # of a jagged line: at least four pieces; at most 128, or 2.5 px each of 320 px
LEAST_RADIUS_PX = 0.25  # half a pixel's width: thinner ones would fall between pixel centres
REACH_PX = 4.5  # beyond a curve's edge up to which distances are known: blur, rims and the mask's margin end there
DISCS_PER_RADIUS, SPACING_PX = 3.0, (0.6, 3.0)  # so dense, within these bounds, that discs make a smooth edge
# A distance in the high bits of an integer, in parts of a pixel and above 0, and the number of a point in the low ones.
_PARTS_PER_PX, _DEEPEST_PX, _NUMBER_BITS, _NONE = 1024.0, 128.0, 24, np.int64(2) ** 62


class Stroke(NamedTuple):
    """One curve.

    Attributes:
        points: (n, 2) float, [x, y] in pixels.
        radius: (n,) float, half the visible width at each point, in pixels.
        strength: how visible it is relative to the image's other curves, about 0.4 to 1.
    """

    points: np.ndarray
    radius: np.ndarray
    strength: float = 1.0


class Field(NamedTuple):
    """What is known of each pixel, (size, size) float32 each.

    Attributes:
        edge: distance to the nearest curve's edge in pixels, negative inside; `REACH_PX` or more where none is near.
        radius: half the width of that curve there.
        strength: of that curve; 0 where none is near.
    """

    edge: np.ndarray
    radius: np.ndarray
    strength: np.ndarray


def field_of(strokes: list[Stroke], size: int, reach: float = REACH_PX) -> Field:
    """The field of some strokes in a square image; without strokes nothing is near anywhere."""
    points, radius, strength = _resampled(strokes)
    half = np.ceil(radius + reach).astype(int)
    near = np.all((points > -half[:, None]) & (points < size - 1 + half[:, None]), axis=1)
    points, radius, strength, half = points[near], radius[near], strength[near], half[near]
    pad = 2 * int(half.max(initial=0)) + 1
    side = size + 2 * pad
    # One minimum finds both the distance and the point.
    best = np.full(side * side, _NONE)
    corner = np.floor(points).astype(int)
    for window in np.unique(half):
        chosen = np.nonzero(half == window)[0]
        offset = np.arange(-window, window + 2)
        along = (offset[None, :, None] - (points - corner)[chosen][:, None, :]).astype(np.float32)
        distance = np.sqrt(along[:, None, :, 0] ** 2 + along[:, :, None, 1] ** 2) - radius[chosen, None, None]
        packed = ((distance + _DEEPEST_PX) * _PARTS_PER_PX).astype(np.int64) << _NUMBER_BITS | chosen[:, None, None]
        x, y = corner[chosen, 0, None] + offset + pad, corner[chosen, 1, None] + offset + pad
        np.minimum.at(best, (y[:, :, None] * side + x[:, None, :]).ravel(), packed.ravel())
    best = best.reshape(side, side)[pad : pad + size, pad : pad + size]
    found = best < _NONE
    number = np.where(found, best & (2**_NUMBER_BITS - 1), 0)
    pick = lambda values: np.where(found, values[number] if len(values) else 0.0, 0.0).astype(np.float32)
    edge = np.where(found, (best >> _NUMBER_BITS) / _PARTS_PER_PX - _DEEPEST_PX, 2 * reach).astype(np.float32)
    return Field(edge, pick(radius), pick(strength))


def _resampled(strokes: list[Stroke]):
    """Points, radii and strengths of all strokes, so dense that the discs around them leave no visible scallops."""
    if not strokes:
        return np.zeros((0, 2)), np.zeros(0), np.zeros(0)
    points = np.concatenate([stroke.points for stroke in strokes])
    radius = np.maximum(np.concatenate([stroke.radius for stroke in strokes]), LEAST_RADIUS_PX)
    lengths = [len(stroke.points) for stroke in strokes]
    strength = np.repeat([stroke.strength for stroke in strokes], lengths)
    step, thicker = np.diff(points, axis=0), np.diff(radius)
    spacing = np.clip(np.minimum(radius[1:], radius[:-1]) / DISCS_PER_RADIUS, *SPACING_PX)
    pieces = np.ceil(np.hypot(step[:, 0], step[:, 1]) / spacing).astype(int).clip(1)
    pieces[np.cumsum(lengths)[:-1] - 1] = 1  # from one stroke's end to the next one's start there is no curve
    part = np.repeat(np.arange(len(pieces)), pieces)
    share = (np.arange(len(part)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[part]
    last = np.cumsum(lengths) - 1  # whose piece, the last, is left out above
    return (
        np.concatenate([points[part] + share[:, None] * step[part], points[last]]),
        np.concatenate([radius[part] + share * thicker[part], radius[last]]),
        np.concatenate([strength[part], strength[last]]),
    )


def walk(random, start, heading: float, length: float, wiggle: float, winding: float = WINDING):
    """A curve that turns at random: smoothly about its heading, or (`winding`: the share) ever farther away from it.

    Args:
        start: (2,), its first point.
        heading: radians, from the x axis towards the y axis.
        length: in pixels.
        wiggle: radians per step by which it turns.

    Returns:
        Points (n, 2) and headings (n,).
    """
    count = max(3, int(length / STEP_PX))
    turn = random.standard_normal(count)
    if chance(random, winding):
        turn = np.cumsum(turn)
    else:
        turn = TURN * smooth_line(random, count, TURN_SMOOTHNESS.draw(random))
    angle = heading + wiggle * (turn - turn[0])
    points = STEP_PX * np.cumsum(np.stack([np.cos(angle), np.sin(angle)], 1), axis=0) + start
    return points, angle


def jagged(random, start, end, roughness: float):
    """From start to end by midpoint displacement: each half's middle moves by `roughness` of its length (fractures)."""
    points = np.stack([np.asarray(start, float), np.asarray(end, float)])
    levels = int(np.clip(np.log2(np.hypot(*(points[1] - points[0])) / STEP_PX + 1.0), *HALVINGS))
    for _ in range(levels):
        step = np.diff(points, axis=0)
        normal = np.stack([-step[:, 1], step[:, 0]], 1)
        middle = (points[1:] + points[:-1]) / 2 + normal * (roughness * random.standard_normal((len(step), 1)))
        finer = np.empty((2 * len(points) - 1, 2))
        finer[0::2], finer[1::2] = points, middle
        points = finer
    return points


def smooth_line(random, count: int, scale: float):
    """(count,) noise of deviation about 1 that changes over `scale` points."""
    knots = random.standard_normal(int(count / max(scale, 1.0)) + 3)
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)


def entry(random, size: int):
    """A point on or beyond the image's border, and the heading from it towards a point well inside."""
    angle = random.uniform(0, 2 * np.pi)
    centre = size / 2
    point = (centre + ENTRY * size * np.array([np.cos(angle), np.sin(angle)])).clip(-BEYOND_PX, size + BEYOND_PX)
    towards = random.uniform(TOWARDS.low * size, TOWARDS.high * size, 2) - point
    return point, float(np.arctan2(towards[1], towards[0]))


def inside(random, size: int):
    """A point of the image."""
    return random.uniform(0, size, 2)


def direction(angle: float):
    """The unit vector of a heading."""
    return np.array([np.cos(angle), np.sin(angle)])
