"""Fibres: many long lines of one width that cross, aligned or at random; hair, filaments, textile, collagen."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span
from semicurv_tf.drawing.strokes import Stroke, direction, inside, walk

RADIUS_PX = Span(0.45, 2.5, log=True)  # from filaments of a pixel to hair seen from close by
RADIUS_SHARE = Span(0.7, 1.3)  # of each fibre, of the image's radius: fibres of one sort are about as thick
COUNT = Span(2, 18, log=True)  # beyond that they cover the ground
SPREAD = Span(0.05, 1.6)  # radians: from combed to felted
LENGTH = Span(0.25, 1.6)  # of the image's side: from fibres that end in the image to those that cross it
WIGGLE = Span(0.008, 0.12, log=True)  # radians per step of 2.5 px: from stiff to limp
STRENGTH = Span(0.5, 1.0)  # some lie deeper and are paler

# As often paler as darker than what lies under them; round ones shine along the middle.
LOOK = Look(
    dark=0.5, gritty=0.2, margin_px=Span(0.0, 0.7), least_px=Span(0.6, 1.5), reflex=0.12, rim=0.1, cells=0.1, built=0.1
)


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Fibres of about one direction."""
    strokes, radius, base, spread = [], RADIUS_PX.draw(random), random.uniform(0, np.pi), SPREAD.draw(random)
    wiggle = WIGGLE.draw(random)
    for _ in range(int(COUNT.draw(random))):
        heading, length = base + spread * random.standard_normal(), LENGTH.draw(random) * size
        points, _ = walk(random, inside(random, size) - length / 2 * direction(heading), heading, length, wiggle)
        radii = np.full(len(points), radius * RADIUS_SHARE.draw(random))
        strokes.append(Stroke(points, radii, STRENGTH.draw(random)))
    return strokes
