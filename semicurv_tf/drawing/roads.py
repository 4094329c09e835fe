"""Road networks from above: even width, straight or gently bent, crossings near right angles, ends and forks."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, inside, walk

RADIUS_PX = Span(1.2, 7.0, log=True)  # of roads of 2 to 14 pixels: aerial images of about a metre per pixel
COUNT = (1, 2, 2, 3, 4, 6)
TURNS = (0.0, np.pi / 2, np.pi / 2)  # radians from the image's main direction; one more is any
ASKEW = 0.06  # deviation in radians: no grid is exact
BEFORE, LENGTH = 0.9, 1.8  # of the image's side, before a point in the image and in all: mostly from border to border
WIGGLE = Span(0.002, 0.06, log=True)  # radians per step of 2.5 px: from ruled to a country road
WIDTHS = (1.0, 1.0, 1.0, 0.8, 0.6, 1.4)  # of side streets to the main one
ENDS, ENDS_AFTER = 0.3, 3  # share of roads that end in the image; a third of each is left at least
STRENGTH = Span(0.75, 1.0)  # the same surface looks about alike

# Mostly paler than fields and woods; kerbs, verges and lane markings are rims and pale lines; paint lies on them.
LOOK = Look(
    dark=0.35, gritty=0.25, margin_px=Span(-0.3, 1.0), least_px=Span(1.5, 3.0), contrast=Span(1.7, 8.0, log=True),
    reflex=0.4, rim=0.25, cells=0.0, built=0.5, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Roads along two directions at right angles, and some along others."""
    strokes, radius, base, wiggle = [], RADIUS_PX.draw(random), random.uniform(0, np.pi), WIGGLE.draw(random)
    for _ in range(random.choice(COUNT)):
        heading = base + random.choice([*TURNS, random.uniform(0, np.pi)]) + random.normal(0, ASKEW)
        start = inside(random, size) - BEFORE * size * direction(heading)
        points, _ = walk(random, start, heading, LENGTH * size, wiggle)
        if chance(random, ENDS):
            points = points[: int(random.integers(len(points) // ENDS_AFTER, len(points)))]
        radii = np.full(len(points), radius * random.choice(WIDTHS))
        strokes.append(Stroke(points, radii, STRENGTH.draw(random)))
    return strokes
