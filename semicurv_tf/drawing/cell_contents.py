"""What lies within cells, and must not be marked: organelles with rims and inner stripes, vesicles as small rings."""

import numpy as np
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.noise import clouds
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, field_of, inside

ORGANELLES = Span(1, 6)  # per image: mitochondria and nuclei
ORGANELLE_RADIUS_PX = Span(4.0, 22.0, log=True)
ORGANELLE_RATIO = Span(1.0, 2.0)  # of its length to its width: from round to bean-shaped
WOBBLE_PX, WOBBLE_KNOTS = 1.5, 6  # by which outlines are displaced; parts of the image a side over which that changes
SOFT_PX = 1.5  # over which an organelle ends
BODY = Span(0.1, 0.6)  # of the full brightness: no organelle is as strong as its own rim
STRIPED, STRIPES = 0.6, Span(0.0, 0.5)  # share of organelles with cristae; their brightness
STRIPE_PERIOD_PX, STRIPE_BEND = Span(3.0, 8.0), 2.0  # as close as membranes; radians by which they bend
RIMMED, RIM, RIM_PX = 0.6, Span(0.2, 0.7), Span(0.7, 1.6)  # share with a membrane of their own; brightness; width
VESICLED = 0.7  # share of images with vesicles
VESICLES, VESICLE_RADIUS_PX = Span(2, 40, log=True), Span(1.2, 5.0, log=True)
VESICLE_SPREAD = Span(0.06, 0.6)  # of the image's side: from a clump, as at synapses, to everywhere
VESICLE_STRENGTH = Span(0.3, 0.9)
RING_POINTS, RING_RADIUS_PX = 16, 0.5  # of the polygon; half the width of its line
RING_FADE_PX = 0.6  # from its edge, to where a ring is seen
RING_REACH_PX = 1.5  # up to where distances are known: beyond `RING_FADE_PX`
BLUR_PX = Span(0.4, 1.0)  # about as sharp as the membranes


def contents_of_cells(random: np.random.Generator, size: int, sign: float):
    """Organelles with rims and inner stripes, vesicles as small rings, nuclei: (size, size), with the curves' sign."""
    picture = np.zeros((size, size), np.float32)
    wobble = clouds(random, size, WOBBLE_KNOTS)
    for _ in range(int(ORGANELLES.draw(random))):
        picture = np.maximum(picture, _organelle(random, size, wobble))
    if chance(random, VESICLED):
        picture = np.maximum(picture, _vesicles(random, size))
    return sign * gaussian_filter(picture, BLUR_PX.draw(random))


def _organelle(random, size, wobble):
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    centre, radius, turn = inside(random, size), ORGANELLE_RADIUS_PX.draw(random), random.uniform(0, np.pi)
    along = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
    across = (y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)
    distance = np.hypot(along / ORGANELLE_RATIO.draw(random), across) + WOBBLE_PX * wobble - radius
    body = np.clip(0.5 - distance / SOFT_PX, 0, 1)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * along / STRIPE_PERIOD_PX.draw(random) + STRIPE_BEND * wobble)
    thing = body * (BODY.draw(random) + STRIPES.draw(random) * chance(random, STRIPED) * wave)
    if chance(random, RIMMED):
        thing += RIM.draw(random) * np.exp(-((distance / RIM_PX.draw(random)) ** 2))
    return thing


def _vesicles(random, size):
    clump, spread = inside(random, size), VESICLE_SPREAD.draw(random) * size
    angle = np.linspace(0, 2 * np.pi, RING_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    line = np.full(RING_POINTS, RING_RADIUS_PX)
    rings = []
    for _ in range(int(VESICLES.draw(random))):
        centre, radius = clump + random.normal(0, spread, 2), VESICLE_RADIUS_PX.draw(random)
        rings.append(Stroke(centre + radius * circle, line))
    edge = field_of(rings, size, RING_REACH_PX).edge
    return VESICLE_STRENGTH.draw(random) * np.clip(RING_FADE_PX - edge, 0, 1)
