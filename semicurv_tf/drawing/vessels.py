"""Vessel trees: trunks that taper, fork at acute angles and cross each other; also roots, veins of leaves, neurites."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, entry, walk

RADIUS_PX = Span(0.7, 4.5, log=True)  # of a trunk
LEAST_RADIUS_PX = Span(0.25, 0.6)  # below which nothing is seen
TREES = (1, 2, 2, 3, 4)
WIGGLE = Span(0.03, 0.2, log=True)
LENGTH = Span(0.6, 1.6)  # of the image's side
BRANCHING = Span(0.03, 0.16)  # chance per step of 2.5 px
BRANCH_RADIUS = Span(0.3, 0.8)  # of the parent's: Murray's law gives 0.79 for equal daughters
BRANCH_ANGLE = Span(0.3, 1.35)  # radians
DEPTH = (1, 2, 3, 3)
MOST = 70  # strokes: beyond that trees fill the image

# Annotators mark what they see, to the pixel: half of the marked vessels are 1 to 2 pixels wide.
LOOK = Look(
    dark=0.78, gritty=0.12, margin_px=Span(-0.1, 0.5), least_px=Span(0.45, 0.95), contrast=Span(1.8, 10.0, log=True),
    reflex=0.25, rim=0.08, view=0.4, built=0.0, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Trees that enter from the border; those of a second kind, fainter, cross the first."""
    strokes: list[Stroke] = []
    wiggle, rate, floor = WIGGLE.draw(random), BRANCHING.draw(random), LEAST_RADIUS_PX.draw(random)
    radius = RADIUS_PX.draw(random)
    for _ in range(random.choice(TREES)):
        start, heading = entry(random, size)
        kind = 1.0 if chance(random, 0.6) else random.uniform(0.5, 1.0)  # arteries are paler than veins
        _grow(
            random, strokes, start, heading, LENGTH.draw(random) * size, radius * random.uniform(0.4, 1.1), wiggle,
            rate, floor, int(random.choice(DEPTH)), kind,
        )  # fmt: skip
    return strokes


def _grow(random, strokes, start, heading, length, radius, wiggle, rate, floor, depth, strength):
    points, angle = walk(random, start, heading, length, wiggle)
    radii = np.maximum(radius * np.linspace(1, random.uniform(0.5, 0.95), len(points)), floor)
    # Thin vessels lie deep or hold little blood: they are paler, too.
    strokes.append(Stroke(points, radii, strength * (1.0 if radius > 1.2 else random.uniform(0.4, 1.0))))
    if depth == 0:
        return
    for at in np.nonzero(random.random(len(points)) < rate)[0]:
        daughter = radii[at] * BRANCH_RADIUS.draw(random)
        if daughter < floor or len(strokes) > MOST:
            continue
        side = random.choice([-1.0, 1.0]) * BRANCH_ANGLE.draw(random)
        _grow(
            random, strokes, points[at], angle[at] + side, length * random.uniform(0.25, 0.8), daughter,
            wiggle * random.uniform(1.0, 1.6), rate * random.uniform(0.8, 1.3), floor, depth - 1, strength,
        )  # fmt: skip
