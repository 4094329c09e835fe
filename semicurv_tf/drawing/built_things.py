"""What people build and write, and must not be marked: stains, painted lines, text, regular stripes."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from semicurv_tf.drawing.noise import clouds
from semicurv_tf.drawing.regions import region
from semicurv_tf.drawing.span import Span, chance

STAINS, PAINT, TEXT, STRIPES = 0.4, 0.3, 0.25, 0.12  # shares of images of built things
STAIN_STRENGTH = Span(0.02, 0.3, log=True)  # brightness: from a shade to tar
STAIN_SIGNS = (-0.5, 1.0)  # dark as oil and water, or half as strongly pale, as lime
STAIN_COVER, STAIN_UNEVEN, STAIN_KNOTS = 0.6, 0.5, 12  # mean and deviation of what covers the ground; patches a side
PAINT_RADIUS_PX = Span(5.0, 40.0, log=True)  # painted lines and kerbs: wide, straight, brighter than the ground
PAINT_AWAY = Span(-0.3, 0.3)  # of the image's side, from its middle: it is always in the image
PAINT_EDGE_PX = Span(0.8, 3.0)  # over which it ends: sharper than wear
WEAR, WEAR_PX, WORN = 0.5, 3, (0.2, 1.2)  # deviation of the paint's cover; size of its flakes; least and most cover
BRIGHTNESS = Span(0.05, 0.4)  # of paint and text, against the ground
LETTERS = "ABCDEFGHKLMNPRSTUVXYZabdeghkmnprsy0123456789"
WORD = (2, 9)  # 2 to 8 letters: numbers of plates, dates, names
TEXT_PX = Span(9, 40, log=True)  # its height: strokes as wide as those of curves
TEXT_AT = Span(-0.1, 0.7)  # of the image's side, its upper left corner: some of it is seen, some cut
TEXT_TURNED = 0.5  # share of texts at an angle
STRIPE_PERIOD_PX = Span(4.0, 24.0, log=True)  # tiles, tined concrete, corrugated sheet
STRIPE_STRENGTH = Span(0.01, 0.06)  # brightness: weak, or the image were its stripes
_TURN = 6.3  # radians: any phase


def built(random: np.random.Generator, size: int):
    """Text, painted lines, stains and regular stripes, (size, size), deviations of brightness: walls, plates."""
    picture = np.zeros((size, size), np.float32)
    if chance(random, STAINS):
        stain = region(random, size) * np.clip(STAIN_COVER + STAIN_UNEVEN * clouds(random, size, STAIN_KNOTS), 0, 1)
        picture -= random.choice(STAIN_SIGNS) * STAIN_STRENGTH.draw(random) * stain
    if chance(random, PAINT):
        picture += _paint(random, size)
    if chance(random, TEXT):
        picture += random.choice([-1, 1]) * BRIGHTNESS.draw(random) * _text(random, size)
    if chance(random, STRIPES):
        picture += _stripes(random, size)
    return picture


def _paint(random, size):
    radius, heading = PAINT_RADIUS_PX.draw(random), random.uniform(0, 2 * np.pi)
    away = PAINT_AWAY.draw(random) * size
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - size / 2
    across = np.abs(x * np.sin(heading) - y * np.cos(heading) - away) - radius
    worn = np.clip(1 + WEAR * clouds(random, size, size // WEAR_PX), *WORN)
    return BRIGHTNESS.draw(random) * worn * np.clip(0.5 - across / PAINT_EDGE_PX.draw(random), 0, 1)


def _text(random, size):
    picture = Image.new("L", (size, size))
    words = "".join(random.choice(list(LETTERS), random.integers(*WORD)))
    font = ImageFont.load_default(int(TEXT_PX.draw(random)))
    place = tuple(random.uniform(TEXT_AT.low * size, TEXT_AT.high * size, 2))
    ImageDraw.Draw(picture).text(place, words, fill=255, font=font)
    if chance(random, TEXT_TURNED):
        picture = picture.rotate(float(random.uniform(-180, 180)), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255


def _stripes(random, size):
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    angle, period = random.uniform(0, np.pi), STRIPE_PERIOD_PX.draw(random)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period + random.uniform(0, _TURN))
    return STRIPE_STRENGTH.draw(random) * wave
