"""Regions: parts of an image with an edge of their own, as something large has. No curves, and never marked."""

import numpy as np

from semicurv_tf.drawing.noise import clouds
from semicurv_tf.drawing.span import Span

MIDDLE = Span(-0.1, 1.1)  # of the image's side: also just outside, so that borders cut regions
HALVES, PATCHES = 0.45, 0.3  # shares of regions; the others are islands
HALF_BEND_PX, HALF_KNOTS = Span(0.0, 6.0), 4  # from a ruled edge to a hand-cut one
PATCH_RADIUS, PATCH_RATIO = Span(0.08, 0.5), Span(0.6, 1.8)  # of the image's side; of its width to its height
PATCH_BEND_PX, PATCH_KNOTS = Span(0.0, 8.0), 5  # from a disc to a puddle
ISLAND_HEIGHT_PX, ISLAND_KNOTS = 12.0, (3, 7)  # deviation of the landscape; 3 to 6 knots: a few large islands
WATER_PX = Span(2.0, 14.0)  # above the landscape's mean, so that less than half of it is land
EDGE_PX = Span(0.4, 8.0, log=True)  # over which the edge fades: from a cut to a soft shadow
_STEEPEST = 30.0  # of a logistic function: beyond that it is 0 or 1


def region(random: np.random.Generator, size: int):
    """A part of the image, (size, size), 0 to 1, with a soft or sharp border: the edge of something large."""
    kind = random.random()
    centre = random.uniform(MIDDLE.low * size, MIDDLE.high * size, 2)
    if kind < HALVES:
        level = _half(random, size, centre)
    elif kind < HALVES + PATCHES:
        level = _patch(random, size, centre)
    else:
        knots = int(random.integers(*ISLAND_KNOTS))
        level = ISLAND_HEIGHT_PX * clouds(random, size, knots) - WATER_PX.draw(random)
    slope = level / np.float64(EDGE_PX.draw(random))  # islands are float32, and their edges are not
    return 1 / (1 + np.exp(-np.clip(slope, -_STEEPEST, _STEEPEST)))


def _half(random, size, centre):
    """Pixels by which each point lies within one side of a line through `centre`."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    level = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    return level + HALF_BEND_PX.draw(random) * clouds(random, size, HALF_KNOTS)


def _patch(random, size, centre):
    """Pixels by which each point lies within an ellipse about `centre`."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    ratio = PATCH_RATIO.draw(random)
    level = PATCH_RADIUS.draw(random) * size - np.hypot(x - centre[0], (y - centre[1]) * ratio)
    return level + PATCH_BEND_PX.draw(random) * clouds(random, size, PATCH_KNOTS)
