"""Drawing curvilinear images: dark, branching curves on stained, unevenly lit, grainy ground.

Nothing is read from disk; an image is a pure function of its seed. Curves are drawn at four times
the resolution and averaged down, so their edges are soft as in a photograph; a pixel is positive
where curves cover more than half of it.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

SIDE_PX = 128
FOREGROUND = (0.02, 0.08)  # least and largest share of positive pixels

_SCALE = 4  # drawing pixels per image pixel
_MIN_AIM, _MAX_AIM = 0.026, 0.07  # where drawing stops, drawn per image, inside FOREGROUND


def draw_example(seed: int | list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Draws one image and its mask.

    Args:
        seed: non-negative, or a list of such; the same seed draws the same image.

    Returns:
        uint8 image (128, 128, 3) and uint8 mask (128, 128, 1) of 0 and 1, with 2 to 8 % positive.
    """
    generator = np.random.default_rng(seed)
    while True:
        coverage, depth = _draw_curves(generator)
        mask = coverage > 0.5
        if FOREGROUND[0] <= mask.mean() <= FOREGROUND[1]:
            break
    ground = _draw_ground(generator)
    tint = generator.uniform(0.75, 1.0, 3)  # curves darken the channels unevenly
    image = ground - depth[..., None] * tint
    image += generator.normal(0, generator.uniform(4, 11), image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), mask[..., None].astype(np.uint8)


def _draw_curves(generator) -> tuple[np.ndarray, np.ndarray]:
    """Coverage in [0, 1] and how much the curves darken the ground, both float (128, 128)."""
    size = (SIDE_PX * _SCALE, SIDE_PX * _SCALE)
    covered, darkened = Image.new("L", size), Image.new("L", size)
    shape_brush, depth_brush = ImageDraw.Draw(covered), ImageDraw.Draw(darkened)
    aim = generator.uniform(_MIN_AIM, _MAX_AIM)
    for _ in range(12):
        contrast = generator.uniform(28, 80)
        branches = [_new_root(generator)]
        while branches:
            point, heading, width, generation = branches.pop()
            length = int(generator.integers(25, 90) / (1 + 0.6 * generation))
            turn = 0.0
            for _ in range(length):
                turn = 0.85 * turn + generator.normal(0, 0.06)
                heading += turn
                width = np.clip(width + generator.normal(0, 0.12), 1.0, 4.0)
                contrast = np.clip(contrast + generator.normal(0, 2.0), 18, 95)
                step = 1.5 * np.array([np.cos(heading), np.sin(heading)])
                _stroke(shape_brush, point, point + step, width, 255)
                _stroke(depth_brush, point, point + step, width, int(contrast))
                point = point + step
                if not (-4 <= point[0] < SIDE_PX + 4 and -4 <= point[1] < SIDE_PX + 4):
                    break
                if generation < 3 and generator.random() < 0.03:
                    side = generator.choice([-1, 1]) * generator.uniform(0.4, 1.1)
                    branches.append((point, heading + side, max(1.0, 0.75 * width), generation + 1))
        if (_shrink(covered) > 127).mean() >= aim:
            break
    return _shrink(covered) / 255.0, gaussian_filter(_shrink(darkened), 0.5)


def _new_root(generator):
    """Where a curve begins: anywhere, with a heading into the image; (x, y), radians, pixels."""
    point = generator.uniform(0, SIDE_PX, 2)
    to_centre = np.arctan2(*(SIDE_PX / 2 - point)[::-1])
    return point, to_centre + generator.normal(0, 0.9), generator.uniform(1.3, 3.5), 0


def _stroke(brush, begin, end, width, value) -> None:
    points = [tuple(begin * _SCALE), tuple(end * _SCALE)]
    brush.line(points, fill=value, width=max(1, round(width * _SCALE)))
    radius = width * _SCALE / 2
    x, y = points[1]
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=value)


def _shrink(canvas: Image.Image) -> np.ndarray:
    return np.asarray(canvas.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX), np.float64)


def _draw_ground(generator) -> np.ndarray:
    """Texture, uneven light, stains and specks that are no curves; float (128, 128, 3)."""
    shape = (SIDE_PX, SIDE_PX)
    texture = sum(
        amplitude * _noise(generator, shape, sigma) for sigma, amplitude in ((0.8, 8.0), (3.0, 7.0), (12.0, 12.0))
    )
    y, x = np.mgrid[: shape[0], : shape[1]] / SIDE_PX - 0.5
    angle = generator.uniform(0, 2 * np.pi)
    light = generator.uniform(10, 45) * (np.cos(angle) * x + np.sin(angle) * y)
    stains = np.zeros(shape)
    for _ in range(generator.integers(2, 7)):
        centre, radii = generator.uniform(-0.5, 0.5, 2), generator.uniform(0.02, 0.14, 2)
        inside = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
        depth = generator.uniform(-50, 60)
        stains += depth / (1 + np.exp(np.clip(8 * (inside - 1), -50, 50)))
    for _ in range(generator.integers(15, 50)):  # dark specks as wide as curves, but not long
        row, column = generator.integers(1, SIDE_PX - 2, 2)
        stains[row : row + 2, column : column + 2] += generator.uniform(20, 70)
    grey = generator.uniform(125, 185) + texture + light - stains
    colour = 1 + generator.normal(0, 0.06, 3)
    return grey[..., None] * colour


def _noise(generator, shape, sigma) -> np.ndarray:
    noise = gaussian_filter(generator.standard_normal(shape), sigma, mode="wrap")
    return noise / noise.std()
