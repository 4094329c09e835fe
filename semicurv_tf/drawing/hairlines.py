"""Hair-thin cracks of 1 to 2 pixels, as in plaster, glaze, glass and asphalt seen from above: faint, long, few."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, inside, jagged, walk

RADIUS_PX = Span(0.3, 0.9, log=True)  # of lines of 1 to 2 pixels
RADIUS_SHARE = Span(0.8, 1.2)  # of each line, of the image's radius: one material cracks about alike
COUNT = (1, 1, 2, 2, 3, 5)
ROUGH = 0.6  # share of images with jagged lines, as in asphalt and plaster; those in glaze and glass bend
ROUGHNESS = Span(0.03, 0.16)  # of midpoint displacement: from plaster to coarse grain
WIGGLE = Span(0.03, 0.25, log=True)  # radians per step of 2.5 px: from nearly straight to winding
LENGTH = Span(0.3, 1.6)  # of the image's side: some end within it, some cross it
INSIDE = 0.3  # share of lines that begin within the image
BRANCHES = 0.5  # share of further lines that begin on one that is there
STRENGTH = Span(0.5, 1.0)  # none so faint beside the others that nobody would mark it

# People mark a hairline a pixel or more wide, however thin it is, and follow it where it is faint.
LOOK = Look(
    dark=0.85, gritty=0.5, margin_px=Span(0.0, 0.6), least_px=Span(0.55, 1.6), contrast=Span(2.0, 8.0, log=True),
    reflex=0.0, rim=0.05, built=0.25, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A few thin lines, jagged or gently bent, some with a branch."""
    strokes: list[Stroke] = []
    radius, rough = RADIUS_PX.draw(random), chance(random, ROUGH)
    roughness, wiggle = ROUGHNESS.draw(random), WIGGLE.draw(random)
    for _ in range(random.choice(COUNT)):
        start, heading = entry(random, size)
        if chance(random, INSIDE):
            start = inside(random, size)
        if strokes and chance(random, BRANCHES):  # a branch of one that is there
            parent = strokes[random.integers(len(strokes))].points
            start, heading = parent[random.integers(len(parent))], random.uniform(0, 2 * np.pi)
        length = LENGTH.draw(random) * size
        if rough:
            points = jagged(random, start, start + length * direction(heading), roughness)
        else:
            points, _ = walk(random, start, heading, length, wiggle)
        radii = np.full(len(points), radius * RADIUS_SHARE.draw(random))
        strokes.append(Stroke(points, radii, STRENGTH.draw(random)))
    return strokes
