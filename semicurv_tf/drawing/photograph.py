"""Ground and curves as a photograph: colour, light and shadow, a round field of view, the camera and JPEG."""

import io
from collections.abc import Collection

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.noise import clouds
from semicurv_tf.drawing.regions import region
from semicurv_tf.drawing.span import Span, chance, share_of
from semicurv_tf.images.encoded import decode_picture

LEVEL = Span(0.2, 0.8)  # of brightness
GREY = 0.35  # share of images without colour
TINT = 0.35  # by which the channels' levels differ at most
TINT_POWER = 1.5  # above 1 most differ little: most photographs are nearly grey
GAIN_LOG = Span(-0.7, 0.25)  # of the channels' contrast
SEEN = Span(0.25, 1.0)  # how much of the curves each channel sees
COLOURED, COLOUR_KNOTS, COLOUR = 0.35, (2, 12), Span(0.005, 0.04)  # share whose colour changes from place to place
DARKEST, BRIGHTEST = 0.1, 0.8  # mean of a channel
VIGNETTE, VIGNETTE_DEPTH = 0.3, Span(0.0, 0.7)
VIGNETTE_END = 1.2  # of the image's side, from where it gets no darker
SHADOW, SHADOW_DEPTH = 0.18, Span(0.12, 0.6)
VIEW_RADIUS_PX = Span(90, 260)  # of a round field of view (DRIVE's has 270 px; half the size at half the scale)
VIEW_INSIDE = Span(-0.25, 0.4)  # of the image's side, how far its border lies from the middle
VIEW_SOFT_PX = Span(0.4, 1.2)
VIEW_RIM, RIM_COLOUR, RIM_PX = 0.4, Span(-0.2, 0.3), Span(2.0, 8.0)  # share with a bright or coloured rim
VIEW_BLACK = Span(0.0, 0.08)  # brightness around it
DEFOCUS, DEFOCUS_PX = 0.12, Span(0.5, 1.8)
NOISE = Span(0.001, 0.03, log=True)  # of the sensor
GREY_NOISE = 0.5  # share of photographs in colour whose channels have the same noise
JPEG, JPEG_QUALITY = 0.35, (25, 92)
_STEEPEST = 30.0  # of a logistic function: beyond that it is 0 or 1


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
    grey = chance(random, GREY)
    photo = _coloured(random, ground, curves, grey)
    photo = _lit(random, photo, without)
    within = np.ones(ground.shape, bool)
    if view:
        photo, within = _viewed(random, photo)
    return _taken(random, photo, grey, without), within


def _coloured(random, ground, curves, grey):
    """(size, size, 3) as a share of white: each channel has a level and a contrast, and sees its part of the curves."""
    size = len(ground)
    level, gain, seen = LEVEL.draw(random), np.ones(3), np.ones(3)
    if not grey:
        level = level + random.uniform(0, 1) ** TINT_POWER * random.uniform(-TINT, TINT, 3)
        gain, seen = np.exp(GAIN_LOG.draw(random, 3)), SEEN.draw(random, 3)
    seen = seen / seen.max()
    photo = level + gain * (ground[..., None] + seen * curves[..., None])
    if not grey and chance(random, COLOURED):
        knots = int(random.integers(*COLOUR_KNOTS))
        photo += COLOUR.draw(random) * np.stack([clouds(random, size, knots) for _ in range(3)], -1)
    mean = photo.mean((0, 1))
    return photo + (mean.clip(DARKEST, BRIGHTEST) - mean)


def _lit(random, photo, without):
    """A vignette about any point, and a shadow with an edge, in some images."""
    size = len(photo)
    if chance(random, share_of("light", VIGNETTE, without)):
        far = _distance(size, random.uniform(0, size, 2)) / size
        photo = photo * (1 - VIGNETTE_DEPTH.draw(random) * far.clip(0, VIGNETTE_END) ** 2)[..., None]
    if chance(random, share_of("light", SHADOW, without)):
        photo = photo * (1 - SHADOW_DEPTH.draw(random) * region(random, size)[..., None])
    return photo


def _viewed(random, photo):
    """The photograph cut by a round field of view, and where it can be seen."""
    size = len(photo)
    angle, radius = random.uniform(0, 2 * np.pi), VIEW_RADIUS_PX.draw(random)
    away = radius - VIEW_INSIDE.draw(random) * size
    beyond = _distance(size, size / 2 + away * np.array([np.cos(angle), np.sin(angle)])) - radius
    shown = 1 / (1 + np.exp(np.clip(beyond / VIEW_SOFT_PX.draw(random), -_STEEPEST, _STEEPEST)))[..., None]
    if chance(random, VIEW_RIM):
        rim = RIM_COLOUR.draw(random, 3) * np.exp(-((beyond / RIM_PX.draw(random)) ** 2))[..., None]
        photo = photo + rim
    return photo * shown + VIEW_BLACK.draw(random) * (1 - shown), beyond < 0


def _taken(random, photo, grey, without):
    """The file of a camera, (size, size, 3) uint8: defocus, noise, eight bits, JPEG."""
    if chance(random, share_of("camera", DEFOCUS, without)):
        photo = gaussian_filter(photo, (DEFOCUS_PX.draw(random),) * 2 + (0,))
    channels = 1 if grey or chance(random, GREY_NOISE) else 3
    photo = photo + NOISE.draw(random) * random.standard_normal((*photo.shape[:2], channels), np.float32)
    image = np.clip(photo * 255, 0, 255).astype(np.uint8)
    if chance(random, share_of("camera", JPEG, without)):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=int(random.integers(*JPEG_QUALITY)))
        image = decode_picture(file.getvalue(), ("JPEG",))
    return image


def _distance(size: int, centre):
    """From each pixel to a point [x, y], in pixels, (size, size)."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return np.hypot(x - centre[0], y - centre[1])
