"""Rivers and channels: one meandering course that widens, tributaries, braids around islands."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, entry, smooth_line, walk

RADIUS_PX = Span(1.0, 9.0, log=True)
WIGGLE = Span(0.15, 0.6)
TRIBUTARIES = Span(0, 5)
UNEVEN = Span(0.1, 0.5)
BRAIDED = 0.2  # share whose course splits and joins again

LOOK = Look(dark=0.6, gritty=0.15, margin_px=Span(-0.3, 0.8), least_px=Span(0.7, 1.5), rim=0.25, built=0.1)


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A course from border to border with tributaries."""
    radius, wiggle, uneven = RADIUS_PX.draw(random), WIGGLE.draw(random), UNEVEN.draw(random)

    def course(start, heading, length, width):
        points, angle = walk(random, start, heading, length, wiggle, winding=0.15)
        radii = width * np.exp(uneven * smooth_line(random, len(points), 8)) * np.linspace(1, 0.7, len(points))
        return Stroke(points, radii, random.uniform(0.7, 1.0)), angle

    start, heading = entry(random, size)
    main, angle = course(start, heading, 1.8 * size, radius)
    strokes = [main]
    for _ in range(int(TRIBUTARIES.draw(random))):
        at = int(random.integers(len(angle)))
        side = angle[at] + random.choice([-1.0, 1.0]) * random.uniform(0.4, 1.3)
        strokes.append(
            course(main.points[at], side, random.uniform(0.2, 0.9) * size, radius * random.uniform(0.2, 0.6))[0]
        )
    if chance(random, BRAIDED):
        away = np.stack([smooth_line(random, len(angle), 9) for _ in range(2)], 1) * 2.5 * radius
        strokes.append(Stroke(main.points + away, main.radius * random.uniform(0.3, 0.9), main.strength))
    return strokes
