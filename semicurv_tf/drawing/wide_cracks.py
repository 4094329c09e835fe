"""Wide cracks, gaps and channels: up to 45 pixels, with edges of their own and thin cracks that run out of them."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, jagged, smooth_line

RADIUS_PX = Span(3.0, 22.5, log=True)  # up to 45 pixels: photographs taken close by
COUNT = (1, 1, 1, 2)
LENGTH = Span(1.1, 1.9)  # of the image's side: it crosses the image
UNEVEN = Span(0.05, 0.45)  # deviation of the logarithm of the width
UNEVEN_PARTS = Span(2.0, 12.0)  # of its course, from each of which to the next the width changes
TIP_RADIUS = Span(0.05, 1.0)  # of the radius at the beginning: from closed to as wide
ROUGHNESS = Span(0.03, 0.15)  # of midpoint displacement
THIN = 0.6  # share with thin cracks beside or running out of the wide one
THIN_COUNT = (1, 4)  # 1 to 3 of them
THIN_LENGTH = Span(0.2, 0.8)  # of the image's side
THIN_ROUGHER = 0.04  # than the wide one: they go round single grains
THIN_RADIUS_PX, THIN_STRENGTH = Span(0.5, 2.5, log=True), Span(0.6, 1.0)  # shallower, and so paler

# What one sees is what people mark here: the edge is clear.
LOOK = Look(
    dark=0.9, gritty=0.45, margin_px=Span(-0.4, 0.8), least_px=Span(0.5, 1.2), contrast=Span(2.2, 14.0, log=True),
    reflex=0.0, rim=0.15, built=0.15, thinning=Span(0.9, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """One wide crack across the image, sometimes a second, and thin ones."""
    strokes, radius, roughness = [], RADIUS_PX.draw(random), ROUGHNESS.draw(random)
    for _ in range(random.choice(COUNT)):
        start, heading = entry(random, size)
        points = jagged(random, start, start + LENGTH.draw(random) * size * direction(heading), roughness)
        count, uneven = len(points), UNEVEN.draw(random)
        widths = np.exp(uneven * smooth_line(random, count, count / UNEVEN_PARTS.draw(random)))
        widths *= np.linspace(1, TIP_RADIUS.draw(random), count)
        strokes.append(Stroke(points, np.minimum(radius * widths, RADIUS_PX.high)))
        for _ in range(random.integers(*THIN_COUNT) if chance(random, THIN) else 0):
            at = points[random.integers(len(points))]
            tip = at + THIN_LENGTH.draw(random) * size * direction(random.uniform(0, 2 * np.pi))
            thin = jagged(random, at, tip, roughness + THIN_ROUGHER)
            radii = np.full(len(thin), THIN_RADIUS_PX.draw(random))
            strokes.append(Stroke(thin, radii, THIN_STRENGTH.draw(random)))
    return strokes
