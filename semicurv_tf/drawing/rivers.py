"""Rivers and channels: one meandering course that widens, tributaries, braids around islands."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, entry, smooth_line, walk

RADIUS_PX = Span(1.0, 9.0, log=True)  # from a brook of two pixels to a stream
LENGTH = 1.8  # of the image's side: beyond the far border, for all its bends
WIGGLE = Span(0.15, 0.6)  # radians per step of 2.5 px: more than any other kind
WINDING = 0.15  # share that turns ever farther away; the others keep about their direction, as the land falls
UNEVEN, UNEVEN_POINTS = Span(0.1, 0.5), 8  # deviation of the logarithm of the width; points over which it changes
NARROWER = 0.7  # radius at one end, of that at the other: a course widens downstream
STRENGTH = Span(0.7, 1.0)  # all water looks about alike
TRIBUTARIES = Span(0, 5)
TRIBUTARY_ANGLE = Span(0.4, 1.3)  # radians to the course: it joins at an acute angle
TRIBUTARY_LENGTH, TRIBUTARY_RADIUS = Span(0.2, 0.9), Span(0.2, 0.6)  # of the image's side; of the main course's
BRAIDED = 0.2  # share whose course splits and joins again
BRAID_POINTS, BRAID_AWAY = 9, 2.5  # over which the second arm sways; how far, of the radius: islands are left between
BRAID_RADIUS = Span(0.3, 0.9)  # of the main arm's

# Water is dark or glitters; banks and reeds are a rim; people draw the bank a little inside or outside.
LOOK = Look(dark=0.6, gritty=0.15, margin_px=Span(-0.3, 0.8), least_px=Span(0.7, 1.5), rim=0.25, built=0.1)


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A course from border to border with tributaries."""
    radius, wiggle, uneven = RADIUS_PX.draw(random), WIGGLE.draw(random), UNEVEN.draw(random)

    def course(start, heading, length, width):
        points, angle = walk(random, start, heading, length, wiggle, WINDING)
        along = np.exp(uneven * smooth_line(random, len(points), UNEVEN_POINTS))
        radii = width * along * np.linspace(1, NARROWER, len(points))
        return Stroke(points, radii, STRENGTH.draw(random)), angle

    start, heading = entry(random, size)
    main, angle = course(start, heading, LENGTH * size, radius)
    strokes = [main]
    for _ in range(int(TRIBUTARIES.draw(random))):
        at = int(random.integers(len(angle)))
        side = angle[at] + random.choice([-1.0, 1.0]) * TRIBUTARY_ANGLE.draw(random)
        length, width = TRIBUTARY_LENGTH.draw(random) * size, radius * TRIBUTARY_RADIUS.draw(random)
        strokes.append(course(main.points[at], side, length, width)[0])
    if chance(random, BRAIDED):
        away = np.stack([smooth_line(random, len(angle), BRAID_POINTS) for _ in range(2)], 1) * BRAID_AWAY * radius
        strokes.append(Stroke(main.points + away, main.radius * BRAID_RADIUS.draw(random), main.strength))
    return strokes
