"""Wide cracks, gaps and channels: up to 45 pixels, with edges of their own and thin cracks that run out of them."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, jagged, smooth_line

RADIUS_PX = Span(3.0, 22.5, log=True)  # up to 45 pixels: photographs taken close by
UNEVEN = Span(0.05, 0.45)  # deviation of the logarithm of the width
ROUGHNESS = Span(0.03, 0.15)
THIN = 0.6  # share with thin cracks beside or running out of the wide one
THIN_RADIUS_PX = Span(0.5, 2.5, log=True)

# What one sees is what people mark here: the edge is clear.
LOOK = Look(
    dark=0.9, gritty=0.45, margin_px=Span(-0.4, 0.8), least_px=Span(0.5, 1.2), contrast=Span(2.2, 14.0, log=True),
    reflex=0.0, rim=0.15, built=0.15, thinning=Span(0.9, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """One wide crack across the image, sometimes a second, and thin ones."""
    strokes, radius, roughness = [], RADIUS_PX.draw(random), ROUGHNESS.draw(random)
    for _ in range(random.choice([1, 1, 1, 2])):
        start, heading = entry(random, size)
        points = jagged(random, start, start + random.uniform(1.1, 1.9) * size * direction(heading), roughness)
        widths = np.exp(UNEVEN.draw(random) * smooth_line(random, len(points), len(points) / random.uniform(2, 12)))
        widths *= np.linspace(1, random.uniform(0.05, 1.0), len(points))
        strokes.append(Stroke(points, np.minimum(radius * widths, RADIUS_PX.high)))
        for _ in range(random.integers(1, 4) if chance(random, THIN) else 0):
            at = points[random.integers(len(points))]
            tip = at + random.uniform(0.2, 0.8) * size * direction(random.uniform(0, 2 * np.pi))
            thin = jagged(random, at, tip, roughness + 0.04)
            strokes.append(Stroke(thin, np.full(len(thin), THIN_RADIUS_PX.draw(random)), random.uniform(0.6, 1)))
    return strokes
