"""Scratches and traces: straight or swung lines that fade at both ends; also closed loops and outlines."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, inside, walk

RADIUS_PX = Span(0.4, 2.2, log=True)  # from a hair's width to a groove
RADIUS_SHARE = Span(0.7, 1.4)  # of each scratch, of the image's radius: one tool, pressed more or less
COUNT = (1, 1, 2, 3, 5, 8)
LENGTH = Span(0.2, 1.3)  # of the image's side
WIGGLE = Span(0.001, 0.05, log=True)  # radians per step of 2.5 px: from ruled to swung
FADE_FROM, FADE_POWER = 0.15, 0.5  # both ends of half a wave, radians, and its power: wide but for the ends
STRENGTH = Span(0.5, 1.0)  # some are shallower and paler
LOOPS = 0.3  # share of images with closed lines
LOOP_POINTS = 60  # of the polygon
LOOP_TURNS = (1.0, 1.0, 0.7)  # of a whole turn: some outlines stay open
LOOP_RADIUS = Span(0.08, 0.5, log=True)  # of the image's side
LOOP_FLATNESS = Span(0.4, 1.0)  # height of a loop, of its width: from an eye to a ring
BUMPS, BUMP_WAVES = Span(0.0, 0.2), range(2, 6)  # of the radius, the less the more waves they have per turn
_TURN = 6.3  # radians: any phase

# More often pale than dark: they lay bare what is beneath, or reflect; burrs are a rim.
LOOK = Look(dark=0.4, gritty=0.3, margin_px=Span(0.0, 0.7), least_px=Span(0.6, 1.4), rim=0.15, built=0.15)


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Lines with tapered ends, or loops."""
    strokes, radius, wiggle, loops = [], RADIUS_PX.draw(random), WIGGLE.draw(random), chance(random, LOOPS)
    for _ in range(random.choice(COUNT)):
        if loops:
            points = _loop(random, size)
            taper = np.ones(len(points))
        else:
            start, heading = inside(random, size), random.uniform(0, 2 * np.pi)
            points, _ = walk(random, start, heading, LENGTH.draw(random) * size, wiggle)
            taper = np.sin(np.linspace(FADE_FROM, np.pi - FADE_FROM, len(points))) ** FADE_POWER
        strokes.append(Stroke(points, radius * RADIUS_SHARE.draw(random) * taper, STRENGTH.draw(random)))
    return strokes


def _loop(random, size):
    angle = np.linspace(0, 2 * np.pi * random.choice(LOOP_TURNS), LOOP_POINTS)
    bump = lambda wave: BUMPS.draw(random) / wave * np.cos(wave * angle + random.uniform(0, _TURN))
    bumps = sum(map(bump, BUMP_WAVES))
    radius = LOOP_RADIUS.draw(random) * size * (1 + bumps)
    centre, flatness = inside(random, size), LOOP_FLATNESS.draw(random)
    return centre + np.stack([np.cos(angle), flatness * np.sin(angle)], 1) * radius[:, None]
