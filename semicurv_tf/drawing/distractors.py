"""What is not a curve, and must not be marked: spots, pebbles, short streaks, edges, text, paint, contents of cells."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.backgrounds import region
from semicurv_tf.drawing.noise import clouds, upsampled
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, field_of, inside, walk

EDGES, EDGE_STEP = 0.4, Span(0.03, 0.3, log=True)  # share of images; brightness across
BLOBS, BLOB_COUNT, BLOB_RADIUS_PX = 0.35, Span(1, 12, log=True), Span(1.5, 14.0, log=True)
SPECKS, SPECK_COUNT, SPECK_RADIUS_PX = 0.35, Span(8, 90, log=True), Span(0.5, 2.2, log=True)
STREAKS, STREAK_COUNT = 0.3, Span(2, 14, log=True)
STREAK_LENGTH_PX = Span(3.0, 14.0)  # shorter than what people mark as a crack
STRENGTH = Span(0.02, 0.3, log=True)  # brightness of all of them
BLUR_PX = Span(0.4, 2.0, log=True)
ORGANELLES = Span(1, 6)
ORGANELLE_RADIUS_PX = Span(4.0, 22.0, log=True)
VESICLES, VESICLE_RADIUS_PX = Span(2, 40, log=True), Span(1.2, 5.0, log=True)
TEXT, PAINT, STAINS, PATTERN = 0.25, 0.3, 0.4, 0.12  # shares of images of built things
LETTERS = "ABCDEFGHKLMNPRSTUVXYZabdeghkmnprsy0123456789"
TEXT_PX = Span(9, 40, log=True)
PAINT_RADIUS_PX = Span(5.0, 40.0, log=True)  # painted lines and kerbs: wide, straight, brighter than the ground
STRIPE_PERIOD_PX = Span(4.0, 24.0, log=True)


def everywhere(random: np.random.Generator, size: int, sign: float):
    """Deviations of brightness by things that any image may have, (size, size); `sign` is the curves'."""
    picture = np.zeros((size, size), np.float32)
    if chance(random, EDGES):
        picture += random.choice([-1, 1]) * EDGE_STEP.draw(random) * region(random, size)
    if chance(random, BLOBS):
        picture += STRENGTH.draw(random) * _spots(random, size, BLOB_COUNT, BLOB_RADIUS_PX, both=True)
    if chance(random, SPECKS):
        side = sign if chance(random, 0.7) else -sign
        picture += side * STRENGTH.draw(random) * _spots(random, size, SPECK_COUNT, SPECK_RADIUS_PX, both=False)
    if chance(random, STREAKS):
        picture += sign * STRENGTH.draw(random) * _streaks(random, size)
    return picture


def built(random: np.random.Generator, size: int):
    """Text, painted lines, stains and regular stripes: walls, pavements, plates."""
    picture = np.zeros((size, size), np.float32)
    if chance(random, STAINS):
        stain = region(random, size) * np.clip(0.6 + 0.5 * clouds(random, size, 12), 0, 1)
        picture -= random.choice([-0.5, 1]) * STRENGTH.draw(random) * stain
    if chance(random, PAINT):
        radius, heading = PAINT_RADIUS_PX.draw(random), random.uniform(0, 2 * np.pi)
        away = random.uniform(-0.3, 0.3) * size
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) - size / 2
        across = np.abs(x * np.sin(heading) - y * np.cos(heading) - away) - radius
        worn = np.clip(1 + 0.5 * clouds(random, size, size // 3), 0.2, 1.2)
        picture += random.uniform(0.05, 0.4) * worn * np.clip(0.5 - across / random.uniform(0.8, 3), 0, 1)
    if chance(random, TEXT):
        picture += random.choice([-1, 1]) * random.uniform(0.05, 0.4) * _text(random, size)
    if chance(random, PATTERN):
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        angle, period = random.uniform(0, np.pi), STRIPE_PERIOD_PX.draw(random)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period + random.uniform(0, 6.3))
        picture += random.uniform(0.01, 0.06) * wave
    return picture


def contents_of_cells(random: np.random.Generator, size: int, sign: float):
    """Organelles with rims and inner stripes, vesicles as small rings, nuclei: (size, size), with the curves' sign."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    picture = np.zeros((size, size), np.float32)
    wobble = clouds(random, size, 6)
    for _ in range(int(ORGANELLES.draw(random))):
        centre, radius, turn = inside(random, size), ORGANELLE_RADIUS_PX.draw(random), random.uniform(0, np.pi)
        along = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
        across = (y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)
        distance = np.hypot(along / random.uniform(1.0, 2.0), across) + 1.5 * wobble - radius
        body = np.clip(0.5 - distance / 1.5, 0, 1)
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * along / random.uniform(3, 8) + 2 * wobble)
        thing = body * (random.uniform(0.1, 0.6) + random.uniform(0, 0.5) * chance(random, 0.6) * wave)
        if chance(random, 0.6):
            thing += random.uniform(0.2, 0.7) * np.exp(-((distance / random.uniform(0.7, 1.6)) ** 2))
        picture = np.maximum(picture, thing)
    if chance(random, 0.7):
        rings = []
        clump, spread = inside(random, size), random.uniform(0.06, 0.6) * size
        angle = np.linspace(0, 2 * np.pi, 16)
        for _ in range(int(VESICLES.draw(random))):
            centre, radius = clump + random.normal(0, spread, 2), VESICLE_RADIUS_PX.draw(random)
            rings.append(Stroke(centre + radius * np.stack([np.cos(angle), np.sin(angle)], 1), np.full(16, 0.5), 0.8))
        field = field_of(rings, size, reach=1.5)
        picture = np.maximum(picture, random.uniform(0.3, 0.9) * np.clip(0.6 - field.edge, 0, 1))
    return sign * gaussian_filter(picture, BLUR_PX.low + random.uniform(0, 0.6))


def _spots(random, size, count, radius, both):
    strokes = []
    for _ in range(int(count.draw(random))):
        centre, length = inside(random, size), radius.draw(random)
        tip = centre + random.uniform(0.0, 1.2) * length * direction(random.uniform(0, 2 * np.pi))
        strokes.append(Stroke(np.stack([centre, tip + 1e-3]), np.full(2, length), random.uniform(0.3, 1.0)))
    field = field_of(strokes, size, reach=1.5)
    picture = np.clip(0.5 - field.edge, 0, 1) * field.strength
    if both:  # pale and dark ones, each of one sign as a whole
        picture = picture * np.where(upsampled(random.standard_normal((4, 4)), size) > 0, 1.0, -1.0)
    return gaussian_filter(picture, BLUR_PX.draw(random))


def _streaks(random, size):
    strokes = []
    for _ in range(int(STREAK_COUNT.draw(random))):
        points, _ = walk(random, inside(random, size), random.uniform(0, 2 * np.pi), STREAK_LENGTH_PX.draw(random), 0.2)
        strokes.append(Stroke(points, np.full(len(points), random.uniform(0.4, 1.3)), random.uniform(0.4, 1.0)))
    field = field_of(strokes, size, reach=1.5)
    return gaussian_filter(np.clip(0.5 - field.edge, 0, 1) * field.strength, BLUR_PX.draw(random))


def _text(random, size):
    picture = Image.new("L", (size, size))
    words = "".join(random.choice(list(LETTERS), random.integers(2, 9)))
    font = ImageFont.load_default(int(TEXT_PX.draw(random)))
    place = tuple(random.uniform(-0.1 * size, 0.7 * size, 2))
    ImageDraw.Draw(picture).text(place, words, fill=255, font=font)
    if chance(random, 0.5):
        picture = picture.rotate(float(random.uniform(-180, 180)), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255
