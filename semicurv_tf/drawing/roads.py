"""Road networks from above: even width, straight or gently bent, crossings near right angles, ends and forks."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, inside, walk

RADIUS_PX = Span(1.2, 7.0, log=True)
COUNT = (1, 2, 2, 3, 4, 6)
WIGGLE = Span(0.002, 0.06, log=True)
WIDTHS = (1.0, 1.0, 1.0, 0.8, 0.6, 1.4)  # of side streets to the main one
ENDS = 0.3  # share of roads that end in the image

LOOK = Look(
    dark=0.35, gritty=0.25, margin_px=Span(-0.3, 1.0), least_px=Span(1.5, 3.0), contrast=Span(1.7, 8.0, log=True),
    reflex=0.4, rim=0.25, cells=0.0, built=0.5, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Roads along two directions at right angles, and some along others."""
    strokes, radius, base, wiggle = [], RADIUS_PX.draw(random), random.uniform(0, np.pi), WIGGLE.draw(random)
    for _ in range(random.choice(COUNT)):
        heading = base + random.choice([0.0, np.pi / 2, np.pi / 2, random.uniform(0, np.pi)]) + random.normal(0, 0.06)
        points, _ = walk(random, inside(random, size) - 0.9 * size * direction(heading), heading, 1.8 * size, wiggle)
        if chance(random, ENDS):
            points = points[: int(random.integers(len(points) // 3, len(points)))]
        strokes.append(Stroke(points, np.full(len(points), radius * random.choice(WIDTHS)), random.uniform(0.75, 1.0)))
    return strokes
