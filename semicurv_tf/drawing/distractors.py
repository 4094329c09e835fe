"""What is not a curve, and must not be marked, in any image: edges, spots and pebbles, specks, short streaks."""

import numpy as np
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.noise import upsampled
from semicurv_tf.drawing.regions import region
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, field_of, inside, walk

EDGES, EDGE_STEP = 0.4, Span(0.03, 0.3, log=True)  # share of images; brightness across
BLOBS = 0.35  # share of images: pebbles, drops, lesions
BLOB_COUNT, BLOB_RADIUS_PX = Span(1, 12, log=True), Span(1.5, 14.0, log=True)
BLOB_SIDES = 4  # by so many parts of the image a side, blobs are pale or dark
SPECKS = 0.35  # share of images: dust and pores
SPECK_COUNT, SPECK_RADIUS_PX = Span(8, 90, log=True), Span(0.5, 2.2, log=True)
SPECKS_ALIKE = 0.7  # share of images with specks of the curves' sign: those are taken for pieces of curves
SPOT_LENGTH = Span(0.0, 1.2)  # of a spot's radius, by which it is longer than wide
SPOT_STRENGTH = Span(0.3, 1.0)  # of each spot, of the image's strongest
STREAKS, STREAK_COUNT = 0.3, Span(2, 14, log=True)  # share of images; number in each
STREAK_LENGTH_PX = Span(3.0, 14.0)  # shorter than what people mark as a crack
STREAK_RADIUS_PX, STREAK_STRENGTH = Span(0.4, 1.3), Span(0.4, 1.0)  # as wide as thin cracks
STREAK_WIGGLE = 0.2  # radians per step of 2.5 px: bent as short curves are
STRENGTH = Span(0.02, 0.3, log=True)  # brightness of all of them
BLUR_PX = Span(0.4, 2.0, log=True)  # from sharper than the curves to out of focus
REACH_PX = 1.5  # beyond an edge: farther out a spot is not seen
_LEAST_LENGTH_PX = 1e-3  # a stroke's two ends are two points


def everywhere(random: np.random.Generator, size: int, sign: float):
    """Deviations of brightness by things that any image may have, (size, size); `sign` is the curves'."""
    picture = np.zeros((size, size), np.float32)
    if chance(random, EDGES):
        picture += random.choice([-1, 1]) * EDGE_STEP.draw(random) * region(random, size)
    if chance(random, BLOBS):
        picture += STRENGTH.draw(random) * _spots(random, size, BLOB_COUNT, BLOB_RADIUS_PX, both=True)
    if chance(random, SPECKS):
        side = sign if chance(random, SPECKS_ALIKE) else -sign
        picture += side * STRENGTH.draw(random) * _spots(random, size, SPECK_COUNT, SPECK_RADIUS_PX, both=False)
    if chance(random, STREAKS):
        picture += sign * STRENGTH.draw(random) * _streaks(random, size)
    return picture


def _spots(random, size, count, radius, both):
    strokes = []
    for _ in range(int(count.draw(random))):
        centre, length = inside(random, size), radius.draw(random)
        tip = centre + SPOT_LENGTH.draw(random) * length * direction(random.uniform(0, 2 * np.pi))
        ends = np.stack([centre, tip + _LEAST_LENGTH_PX])
        strokes.append(Stroke(ends, np.full(2, length), SPOT_STRENGTH.draw(random)))
    field = field_of(strokes, size, REACH_PX)
    picture = np.clip(0.5 - field.edge, 0, 1) * field.strength
    if both:  # pale and dark ones, each of one sign as a whole
        sides = random.standard_normal((BLOB_SIDES, BLOB_SIDES))
        picture = picture * np.where(upsampled(sides, size) > 0, 1.0, -1.0)
    return gaussian_filter(picture, BLUR_PX.draw(random))


def _streaks(random, size):
    strokes = []
    for _ in range(int(STREAK_COUNT.draw(random))):
        start, heading = inside(random, size), random.uniform(0, 2 * np.pi)
        points, _ = walk(random, start, heading, STREAK_LENGTH_PX.draw(random), STREAK_WIGGLE)
        radii = np.full(len(points), STREAK_RADIUS_PX.draw(random))
        strokes.append(Stroke(points, radii, STREAK_STRENGTH.draw(random)))
    field = field_of(strokes, size, REACH_PX)
    return gaussian_filter(np.clip(0.5 - field.edge, 0, 1) * field.strength, BLUR_PX.draw(random))
