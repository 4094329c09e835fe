"""Scratches and traces: straight or swung lines that fade at both ends; also closed loops and outlines."""

import numpy as np

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, inside, walk

RADIUS_PX = Span(0.4, 2.2, log=True)
COUNT = (1, 1, 2, 3, 5, 8)
LENGTH = Span(0.2, 1.3)
WIGGLE = Span(0.001, 0.05, log=True)
LOOPS = 0.3  # share of images with closed lines
LOOP_RADIUS = Span(0.08, 0.5, log=True)  # of the image's side

LOOK = Look(dark=0.4, gritty=0.3, margin_px=Span(0.0, 0.7), least_px=Span(0.6, 1.4), rim=0.15, built=0.15)


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """Lines with tapered ends, or loops."""
    strokes, radius, wiggle, loops = [], RADIUS_PX.draw(random), WIGGLE.draw(random), chance(random, LOOPS)
    for _ in range(random.choice(COUNT)):
        if loops:
            points = _loop(random, size)
            taper = np.ones(len(points))
        else:
            points, _ = walk(
                random, inside(random, size), random.uniform(0, 2 * np.pi), LENGTH.draw(random) * size, wiggle
            )
            taper = np.sin(np.linspace(0.15, np.pi - 0.15, len(points))) ** 0.5
        strokes.append(Stroke(points, radius * random.uniform(0.7, 1.4) * taper, random.uniform(0.5, 1)))
    return strokes


def _loop(random, size):
    angle = np.linspace(0, 2 * np.pi * random.choice([1.0, 1.0, 0.7]), 60)
    bumps = sum(random.uniform(0, 0.2) / wave * np.cos(wave * angle + random.uniform(0, 6.3)) for wave in range(2, 6))
    radius = LOOP_RADIUS.draw(random) * size * (1 + bumps)
    return inside(random, size) + np.stack([np.cos(angle), random.uniform(0.4, 1) * np.sin(angle)], 1) * radius[:, None]
