"""Grounds that curves lie on: clouds, grain, gravel, streaks; light, shadow, fields of view; camera and JPEG."""

import io
from collections.abc import Collection

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.noise import clouds, grain, octaves, standard, stones
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.images.encoded import decode_picture

SLOPE = Span(0.3, 1.8)  # of the octaves: grain to clouds
GRAIN_PX = Span(0.0, 1.3)
GRITTY_GRAIN_PX = Span(0.35, 1.5)  # asphalt and cytoplasm have grain of 1 to 4 pixels
STREAKED = 0.18  # share: brushed metal, wood, tined concrete, muscle
STREAK = Span(2.0, 12.0, log=True)  # longer than wide
PATCHY, PATCH_PX, PATCH_SLOPE = (
    0.3,
    Span(5.0, 28.0, log=True),
    Span(1.0, 2.5),
)  # share; patches of about one size: plaster, mud,
# concrete: their edges and necks look like short curves and are none
SKEW = 0.3  # share of textures with mostly dark or mostly bright grains
SKEW_POWER = Span(1.0, 2.2)
AMPLITUDE = Span(0.006, 0.09, log=True)  # deviation of the texture, as a share of white
GRITTY_AMPLITUDE = Span(0.022, 0.13, log=True)
UNEVEN = Span(0.008, 0.09, log=True)  # slow changes of brightness
LEVEL = Span(0.2, 0.8)  # of brightness
TINT = 0.35  # by which the channels' levels differ at most: most photographs are nearly grey
GREY = 0.35  # share of images without colour
GAIN_LOG = Span(-0.7, 0.25)  # of the channels' contrast
SEEN = Span(0.25, 1.0)  # how much of the curves each channel sees
VIGNETTE = 0.3
SHADOW, SHADOW_DEPTH = 0.18, Span(0.12, 0.6)
VIEW_RADIUS_PX = Span(90, 260)  # of a round field of view (DRIVE's has 270 px; half the size at half the scale)
VIEW_RIM = 0.4  # share with a bright or coloured rim
NOISE = Span(0.001, 0.03, log=True)  # of the sensor
JPEG, JPEG_QUALITY = 0.35, (25, 92)
DEFOCUS, DEFOCUS_PX = 0.12, Span(0.5, 1.8)
DARKEST, BRIGHTEST = 0.1, 0.8  # mean of a channel


def texture(random: np.random.Generator, size: int, gritty: bool, without: Collection[str] = ()):
    """The ground's pattern, mean 0, deviation 1; `without` as for `draw_image`."""
    share = lambda part, usual: 0.0 if part in without else usual
    if gritty:
        picture = random.uniform(0, 0.5) * octaves(random, size, SLOPE.draw(random))
        if "stones" not in without:
            picture += random.uniform(0.0, 1.5) * stones(random, size)
        picture += random.uniform(0.3, 1.5) * grain(random, size, GRITTY_GRAIN_PX.draw(random))
        if chance(random, share("stones", 0.5)):
            picture += random.uniform(0.2, 1.0) * stones(random, size)
    else:
        picture = random.uniform(0.05, 1) * octaves(random, size, SLOPE.draw(random))
        if chance(random, share("stones", 0.35)):
            picture += random.uniform(0.3, 2.0) * stones(random, size)
        if chance(random, 0.7):
            picture += random.uniform(0.2, 1.5) * grain(random, size, GRAIN_PX.draw(random))
    if chance(random, share("patches", STREAKED)):
        picture = standard(picture) + random.uniform(0.3, 2.0) * octaves(
            random, size, random.uniform(0.2, 0.9), STREAK.draw(random)
        )
    if chance(random, share("patches", PATCHY)):
        low = size / (2 * PATCH_PX.draw(random))
        stretch = STREAK.draw(random) if chance(random, STREAKED) else 1.0
        patches = octaves(random, size, PATCH_SLOPE.draw(random), stretch, low)
        picture = standard(picture) + random.uniform(0.3, 1.5) * patches
    picture = standard(picture)
    if chance(random, SKEW):
        # One side of the distribution longer than the other: pale pebbles, dark pits.
        bent = np.abs(picture) ** SKEW_POWER.draw(random)
        picture = standard(np.where(picture * random.choice([-1, 1]) > 0, np.sign(picture) * bent, 0.5 * picture))
    return picture


def region(random: np.random.Generator, size: int):
    """A part of the image 0 to 1 with a soft or sharp border: the edge of something large."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    kind = random.random()
    centre = random.uniform(-0.1 * size, 1.1 * size, 2)
    if kind < 0.45:
        angle = random.uniform(0, 2 * np.pi)
        level = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
        level = level + random.uniform(0, 6) * clouds(random, size, 4)
    elif kind < 0.75:
        ratio = random.uniform(0.6, 1.8)
        level = random.uniform(0.08, 0.5) * size - np.hypot(x - centre[0], (y - centre[1]) * ratio)
        level = level + random.uniform(0, 8) * clouds(random, size, 5)
    else:
        level = 12 * clouds(random, size, int(random.integers(3, 7))) - random.uniform(2, 14)
    return 1 / (1 + np.exp(-np.clip(level / np.exp(random.uniform(np.log(0.4), np.log(8))), -30, 30)))


def develop(random: np.random.Generator, ground, curves, view: bool, without: Collection[str] = ()):
    """Ground and curves as a photograph.

    Args:
        ground: (size, size), deviations of brightness around 0, as a share of white.
        curves: (size, size), the same of the curves.
        view: whether a round field of view cuts the image.
        without: as for `draw_image`.

    Returns:
        (size, size, 3) uint8, and (size, size) bool where something can be seen.
    """
    size = len(ground)
    share = lambda part, usual: 0.0 if part in without else usual
    grey = chance(random, GREY)
    level = LEVEL.draw(random) + (np.zeros(3) if grey else random.uniform(0, 1) ** 1.5 * random.uniform(-TINT, TINT, 3))
    gain = np.ones(3) if grey else np.exp(GAIN_LOG.draw(random, 3))
    seen = np.ones(3) if grey else SEEN.draw(random, 3)
    seen = seen / seen.max()
    photo = level + gain * (ground[..., None] + seen * curves[..., None])
    if not grey and chance(random, 0.35):
        knots = int(random.integers(2, 12))
        photo += random.uniform(0.005, 0.04) * np.stack([clouds(random, size, knots) for _ in range(3)], -1)
    mean = photo.mean((0, 1))
    photo += mean.clip(DARKEST, BRIGHTEST) - mean
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    if chance(random, share("light", VIGNETTE)):
        centre = random.uniform(0, size, 2)
        far = np.hypot(x - centre[0], y - centre[1]) / size
        photo *= (1 - random.uniform(0, 0.7) * far.clip(0, 1.2) ** 2)[..., None]
    if chance(random, share("light", SHADOW)):
        photo *= 1 - SHADOW_DEPTH.draw(random) * region(random, size)[..., None]
    within = np.ones((size, size), bool)
    if view:
        angle, radius = random.uniform(0, 2 * np.pi), VIEW_RADIUS_PX.draw(random)
        centre = size / 2 + (radius - random.uniform(-0.25, 0.4) * size) * np.array([np.cos(angle), np.sin(angle)])
        beyond = np.hypot(x - centre[0], y - centre[1]) - radius
        within = beyond < 0
        shown = 1 / (1 + np.exp(np.clip(beyond / random.uniform(0.4, 1.2), -30, 30)))[..., None]
        if chance(random, VIEW_RIM):
            photo += random.uniform(-0.2, 0.3, 3) * np.exp(-((beyond / random.uniform(2, 8)) ** 2))[..., None]
        photo = photo * shown + random.uniform(0, 0.08) * (1 - shown)
    if chance(random, share("camera", DEFOCUS)):
        photo = gaussian_filter(photo, (DEFOCUS_PX.draw(random),) * 2 + (0,))
    channels = 1 if grey or chance(random, 0.5) else 3
    photo = photo + NOISE.draw(random) * random.standard_normal((size, size, channels), np.float32)
    image = np.clip(photo * 255, 0, 255).astype(np.uint8)
    if chance(random, share("camera", JPEG)):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=int(random.integers(*JPEG_QUALITY)))
        image = decode_picture(file.getvalue(), ("JPEG",))
    return image, within
