"""Vessel trees: trunks that taper, fork at acute angles and cross each other; also roots, veins of leaves, neurites."""

from typing import NamedTuple

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
BRANCH_LENGTH = Span(0.25, 0.8)  # of the parent's
MORE_WIGGLE, MORE_BRANCHING = Span(1.0, 1.6), Span(0.8, 1.3)  # of a daughter, times its parent's
DEPTH = (1, 2, 3, 3)
TREE_RADIUS = Span(0.4, 1.1)  # of each trunk, times the image's
TIP_RADIUS = Span(0.5, 0.95)  # of a vessel's radius at its beginning
VEINS, ARTERY_STRENGTH = 0.6, Span(0.5, 1.0)  # share of trees; the others, arteries, are paler
PALE_BELOW_PX, PALE = 1.2, Span(0.4, 1.0)  # radius; strength of thinner vessels
MOST = 70  # strokes: beyond that trees fill the image

# Annotators mark what they see, to the pixel: half of the marked vessels are 1 to 2 pixels wide.
LOOK = Look(
    dark=0.78, gritty=0.12, margin_px=Span(-0.1, 0.5), least_px=Span(0.45, 0.95), contrast=Span(1.8, 10.0, log=True),
    reflex=0.25, rim=0.08, view=0.4, built=0.0, thinning=Span(0.8, 1.0),
)  # fmt: skip


class _Habit(NamedTuple):
    """How a vessel grows; its daughters wind and branch more.

    Attributes:
        wiggle: radians per step by which it turns.
        branching: chance per step of a daughter.
        least_radius: in pixels; thinner daughters are not drawn.
    """

    wiggle: float
    branching: float
    least_radius: float


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Trees that enter from the border; those of a second kind, fainter, cross the first."""
    strokes: list[Stroke] = []
    habit = _Habit(WIGGLE.draw(random), BRANCHING.draw(random), LEAST_RADIUS_PX.draw(random))
    radius = RADIUS_PX.draw(random)
    for _ in range(random.choice(TREES)):
        start, heading = entry(random, size)
        strength = 1.0 if chance(random, VEINS) else ARTERY_STRENGTH.draw(random)
        length, trunk = LENGTH.draw(random) * size, radius * TREE_RADIUS.draw(random)
        _grow(random, strokes, habit, start, heading, length, trunk, strength, int(random.choice(DEPTH)))
    return strokes


def _grow(random, strokes, habit, start, heading, length, radius, strength, depth):
    """Appends a vessel and, `depth` times over, daughters of daughters."""
    points, angle = walk(random, start, heading, length, habit.wiggle)
    radii = np.maximum(radius * np.linspace(1, TIP_RADIUS.draw(random), len(points)), habit.least_radius)
    # Thin vessels lie deep or hold little blood: they are paler, too.
    strokes.append(Stroke(points, radii, strength * (1.0 if radius > PALE_BELOW_PX else PALE.draw(random))))
    if depth == 0:
        return
    for at in np.nonzero(random.random(len(points)) < habit.branching)[0]:
        daughter = radii[at] * BRANCH_RADIUS.draw(random)
        if daughter < habit.least_radius or len(strokes) > MOST:
            continue
        side = random.choice([-1.0, 1.0]) * BRANCH_ANGLE.draw(random)
        shorter = length * BRANCH_LENGTH.draw(random)
        its = _Habit(
            habit.wiggle * MORE_WIGGLE.draw(random), habit.branching * MORE_BRANCHING.draw(random), habit.least_radius
        )
        _grow(random, strokes, its, points[at], angle[at] + side, shorter, daughter, strength, depth - 1)
