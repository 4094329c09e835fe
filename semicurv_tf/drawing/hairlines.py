"""Hair-thin cracks of 1 to 2 pixels, as in plaster, glaze, glass and asphalt seen from above: faint, long, few."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, inside, jagged, walk

RADIUS_PX = Span(0.3, 0.9, log=True)
COUNT = (1, 1, 2, 2, 3, 5)
ROUGHNESS = Span(0.03, 0.16)
WIGGLE = Span(0.03, 0.25, log=True)
LENGTH = Span(0.3, 1.6)

LOOK = Look(
    dark=0.85, gritty=0.5, margin_px=Span(0.0, 0.6), least_px=Span(0.55, 1.6), contrast=Span(2.0, 8.0, log=True),
    reflex=0.0, rim=0.05, built=0.25, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A few thin lines, jagged or gently bent, some with a branch."""
    strokes: list[Stroke] = []
    radius, rough = RADIUS_PX.draw(random), chance(random, 0.6)
    roughness, wiggle = ROUGHNESS.draw(random), WIGGLE.draw(random)
    for _ in range(random.choice(COUNT)):
        start, heading = entry(random, size)
        if chance(random, 0.3):
            start = inside(random, size)
        if strokes and chance(random, 0.5):  # a branch of one that is there
            parent = strokes[random.integers(len(strokes))].points
            start, heading = parent[random.integers(len(parent))], random.uniform(0, 2 * np.pi)
        length = LENGTH.draw(random) * size
        if rough:
            points = jagged(random, start, start + length * direction(heading), roughness)
        else:
            points, _ = walk(random, start, heading, length, wiggle)
        strokes.append(Stroke(points, np.full(len(points), radius * random.uniform(0.8, 1.2)), random.uniform(0.5, 1)))
    return strokes
