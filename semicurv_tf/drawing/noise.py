"""Random textures: noise of several octaves and packed stones, as (size, size) float32 of mean 0 and deviation 1."""

import functools

import numpy as np
import scipy.fft
from PIL import Image
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.span import Span, chance

MARGIN = 1.25  # side of what is drawn to that of the image: noise is periodic, and its far border must not show
SHARPEST_PX = 0.25  # deviation of a blur below which it changes nothing
STONES_SEED = 7  # the bank of stones is the same in each process
STONES_KINDS = 12  # pictures in the bank: drawn in a second; turned and zoomed, no view comes twice
STONES_SIDE_PX = 192  # larger than the usual image, so that few views wrap around
STONES = Span(400, 3400, log=True)  # per picture of the bank: from lone pebbles to packed gravel
STONE_RADIUS_PX = Span(1.0, 5.0, log=True)
STONE_SPREAD = Span(0.6, 1.5, log=True)  # of the radii within one picture
STONE_LEAST_PX = 0.7  # half the width of the narrowest: a pixel
STONES_PALE = 0.5  # share of pictures whose stones are all paler than what they lie in
STONES_BLUR_PX = Span(0.3, 1.0)  # from cut to worn edges
ZOOM = Span(0.5, 2.0, log=True)  # at which a picture of the bank is looked at
_FLAT = 1e-6  # deviation of a picture that shows nothing: it stays 0


def octaves(random, size: int, slope: float, stretch: float = 1.0, low: float = 0.0):
    """Noise whose amplitude falls with frequency as `frequency ** -slope`.

    Args:
        slope: 0 is white noise, 1 clouds with grain, 2 clouds.
        stretch: how much longer than wide its grain is, in a random direction.
        low: cycles per image below which there is nothing (grain without clouds).
    """
    side = scipy.fft.next_fast_len(int(MARGIN * size), real=True)
    y, x = _frequencies(side)
    if stretch != 1.0:
        angle = random.uniform(0, np.pi)
        x, y = np.cos(angle) * x + np.sin(angle) * y, (np.cos(angle) * y - np.sin(angle) * x) / stretch
        x = x * stretch
    frequency = np.sqrt(np.maximum(x * x + y * y, np.float32(1.0)))
    gain = np.exp(np.float32(-slope) * np.log(frequency)) * (frequency >= low)
    spectrum = scipy.fft.rfft2(random.standard_normal((side, side), np.float32)) * gain
    return standard(scipy.fft.irfft2(spectrum, s=(side, side))[:size, :size])


def grain(random, size: int, sigma: float):
    """White noise blurred by `sigma` pixels."""
    white = random.standard_normal((size, size), np.float32)
    return standard(gaussian_filter(white, sigma) if sigma > SHARPEST_PX else white)


def clouds(random, size: int, knots: int):
    """Smooth noise of deviation about 1 through `knots` x `knots` random values."""
    return upsampled(random.standard_normal((knots, knots)), size)


def upsampled(values, size: int):
    """A small array as a smooth (size, size) picture."""
    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC))


def stones(random, size: int):
    """A random part of the bank, turned, zoomed, and pale or dark."""
    picture = _bank()[random.integers(STONES_KINDS)]
    zoom, angle = ZOOM.draw(random), random.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    # Wraps around: the bank's pictures are periodic, and three by three of them cover any view.
    x, y = random.uniform(STONES_SIDE_PX, 2 * STONES_SIDE_PX, 2)
    half = size / 2
    matrix = (cos, -sin, x - cos * half + sin * half, sin, cos, y - sin * half - cos * half)
    view = picture.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return standard(np.asarray(view)) * random.choice([-1.0, 1.0])


def standard(values):
    """The same with mean 0 and deviation 1, float32."""
    values = np.asarray(values, np.float32)
    return (values - values.mean()) / (values.std() + _FLAT)


@functools.cache
def _frequencies(side: int):
    """Cycles per picture, (side, 1) and (1, side // 2 + 1)."""
    cycles = lambda frequencies: (frequencies * side).astype(np.float32)
    return cycles(np.fft.fftfreq(side))[:, None], cycles(np.fft.rfftfreq(side))[None]


@functools.cache
def _bank() -> list[Image.Image]:
    random = np.random.default_rng(STONES_SEED)
    pictures = []
    for _ in range(STONES_KINDS):
        tile = _packed(random)
        pictures.append(Image.fromarray(np.tile(tile, (3, 3))))
    return pictures


def _packed(random):
    """Ellipses of random grey, later ones over earlier ones, on a periodic picture."""
    side, count = STONES_SIDE_PX, int(STONES.draw(random))
    size = STONE_RADIUS_PX.draw(random)
    grey = random.standard_normal(count)
    if chance(random, STONES_PALE):
        grey = np.abs(grey)
    tile = np.zeros((side, side), np.float32)
    axes = np.maximum(size * STONE_SPREAD.draw(random, (count, 2)), STONE_LEAST_PX)
    turns, places = random.uniform(0, np.pi, count), random.integers(0, side, (count, 2))
    for value, (a, b), turn, place in zip(grey, axes, turns, places):
        half = int(max(a, b)) + 1
        offset = np.arange(-half, half + 1)
        x = np.cos(turn) * offset + np.sin(turn) * offset[:, None]
        y = np.cos(turn) * offset[:, None] - np.sin(turn) * offset
        rows, columns = np.nonzero((x / a) ** 2 + (y / b) ** 2 <= 1)
        tile[(rows + place[0]) % side - half, (columns + place[1]) % side - half] = value
    return standard(gaussian_filter(tile, STONES_BLUR_PX.draw(random), mode="wrap"))
