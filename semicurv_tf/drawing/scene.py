"""One drawn image with its mask: a kind of structure, its look, a ground, and what is not a curve."""

from collections.abc import Collection

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, label

from semicurv_tf.drawing import (
    cracks,
    fibres,
    hairlines,
    membranes,
    rivers,
    roads,
    scratches,
    vessels,
    wide_cracks,
)  # fmt: skip
from semicurv_tf.drawing.appearance import marked, profile
from semicurv_tf.drawing.backgrounds import AMPLITUDE, GRITTY_AMPLITUDE, UNEVEN, texture
from semicurv_tf.drawing.built_things import built
from semicurv_tf.drawing.cell_contents import contents_of_cells
from semicurv_tf.drawing.distractors import everywhere
from semicurv_tf.drawing.noise import octaves
from semicurv_tf.drawing.photograph import develop
from semicurv_tf.drawing.span import Span, chance, share_of
from semicurv_tf.drawing.strokes import field_of

VERSION = 6  # of the drawing: changes whenever the same seed gives another image

# Name, how its curves run, what they look like, and how many of a hundred images are of the kind.
_KINDS = {
    "cracks": (cracks.draw, cracks.LOOK, 19),
    "crack_nets": (cracks.draw_net, cracks.LOOK, 5),
    "hairlines": (hairlines.draw, hairlines.LOOK, 9),
    "wide_cracks": (wide_cracks.draw, wide_cracks.LOOK, 9),
    "vessels": (vessels.draw, vessels.LOOK, 22),
    "membranes": (membranes.draw, membranes.LOOK, 17),
    "roads": (roads.draw, roads.LOOK, 7),
    "fibres": (fibres.draw, fibres.LOOK, 5),
    "rivers": (rivers.draw, rivers.LOOK, 4),
    "scratches": (scratches.draw, scratches.LOOK, 3),
}
KINDS = tuple(_KINDS)

# What can be left out of all images, beside kinds: `draw_image(..., without=...)`.
PARTS = {
    "grit": "grain about as strong as the curves",
    "stones": "gravel and pebbles in the ground",
    "patches": "patches and streaks in the ground",
    "light": "gradients, vignettes and shadows",
    "views": "round fields of view",
    "camera": "defocus and JPEG",
    "things": "edges, spots, specks and short streaks",
    "built": "text, paint, stains and stripes",
    "cells": "organelles, vesicles and cells of unequal brightness",
    "enlarged": "images that show a part of themselves, enlarged",
    "empty": "images without a curve",
}

EMPTY = 0.1  # share of images without a curve: textures and distractors alone
MIXED = 0.06  # share with curves of a second kind
ANY_SIGN = 0.06  # share whose brightness is turned round after all: no kind is always dark
MOST_FOREGROUND = 0.5  # beyond that an image shows regions, not curves; drawn again
# Share of images that show a part of themselves, enlarged: curves are soft and wide there, as in a photograph taken
# from close by.
ENLARGED, ENLARGEMENT = 0.18, Span(1.2, 3.0, log=True)
LEAST_DEVIATION = 3.0  # raw units: below that it shows nothing; drawn again
CONTRAST = (0.05, 0.6)  # as a share of white
NEARBY_PX = 5.0  # within so many pixels the ground's deviation hides a curve
GRAIN_FLOOR = 0.012  # as a share of white: smooth grounds have noise, too
UNEVENLY_LIT, LIGHT_SLOPE = 0.7, 1.8  # share of images with slow changes of brightness, nearly clouds
CELLS_STRENGTH = Span(0.4, 1.1)  # of what is in them, of the membranes' contrast
SHADED = 0.6  # share of images of cells whose cells differ in brightness
SHADE = Span(0.025, 0.3)  # deviation of the cells' brightness, of the contrast
_SHARES = {"grit": "gritty", "views": "view", "built": "built", "cells": "cells"}  # parts that are a share of a `Look`


def draw_image(seed: int, kind: str | None = None, size: int = 128, without: Collection[str] = ()):
    """Draws one image; the same arguments give the same image.

    Args:
        seed: 0 or more.
        kind: one of `KINDS`; None: one of them at random, in the shares used for pre-training.
        size: of the square image, in pixels.
        without: `KINDS` that are not chosen at random, and `PARTS` that no image has.

    Returns:
        The image (size, size, 3) uint8 and its mask (size, size) uint8, 0 or 1.

    Raises:
        ValueError: unknown kind or part.

    Example:
        >>> image, mask = draw_image(0, "membranes")
    """
    if kind is not None:
        kind_of(kind)
    unknown = set(without) - {*KINDS, *PARTS}
    if unknown:
        known = ", ".join((*KINDS, *PARTS))
        raise ValueError(f"Expected without to be some of {known}. Received: {', '.join(sorted(unknown))}")
    random = np.random.default_rng([seed, VERSION])
    while True:
        image, mask = _scene(random, kind or random_kind(random, without), size, without)
        if mask.mean() < MOST_FOREGROUND and image.std() > LEAST_DEVIATION:
            return image, mask


def kind_of(name: str):
    """How the curves of a kind run, a function of a generator and the size in pixels to strokes; and its `Look`.

    Raises:
        ValueError: unknown kind.
    """
    if name not in _KINDS:
        raise ValueError(f"Expected kind to be one of {', '.join(KINDS)}. Received: kind={name!r}")
    draw, look, _ = _KINDS[name]
    return draw, look


def random_kind(random, without: Collection[str] = ()) -> str:
    """A kind, in the shares used for pre-training; those left out share theirs among the others."""
    shares = np.array([0.0 if name in without else share for name, (*_, share) in _KINDS.items()])
    return KINDS[random.choice(len(KINDS), p=shares / shares.sum())]


def _scene(random, kind, size, without):
    """One try: an image (size, size, 3) uint8 and its mask (size, size) uint8."""
    draw, look = kind_of(kind)
    look = look._replace(**{_SHARES[part]: 0.0 for part in without if part in _SHARES})
    sign = -1.0 if chance(random, look.dark) else 1.0
    ground = _ground(random, size, sign, look, without)
    strokes = draw(random, size)
    if chance(random, MIXED):
        strokes = strokes + kind_of(random_kind(random, without))[0](random, size)
    field = field_of(strokes, size)
    contrast = _contrast(random, ground, look)
    if chance(random, look.cells):
        _fill_cells(random, ground, field, sign, contrast)
    shown = profile(random, field, look, look.thinning.draw(random))
    mask = marked(random, field, look)
    if chance(random, share_of("empty", EMPTY, without)):
        shown, mask = 0.0 * shown, np.zeros_like(mask)
    image, within = develop(random, ground, sign * contrast * shown, chance(random, look.view), without)
    if chance(random, ANY_SIGN):
        image = 255 - image
    mask = mask & within
    if chance(random, share_of("enlarged", ENLARGED, without)):
        image, mask = _enlarged(random, image, mask)
    return image, mask.astype(np.uint8)


def _ground(random, size, sign, look, without):
    """Everything but the curves, (size, size): texture, light, and things that are no curves."""
    gritty = chance(random, look.gritty)
    amplitude = (GRITTY_AMPLITUDE if gritty else AMPLITUDE).draw(random)
    ground = amplitude * texture(random, size, gritty, without)
    if chance(random, share_of("light", UNEVENLY_LIT, without)):
        ground += UNEVEN.draw(random) * octaves(random, size, LIGHT_SLOPE)
    if "things" not in without:
        ground += everywhere(random, size, sign)
    if chance(random, look.built):
        ground += built(random, size)
    return ground


def _contrast(random, ground, look):
    """Of the curves: so many deviations of the ground nearby, as a share of white."""
    texture_there = float((ground - gaussian_filter(ground, NEARBY_PX)).std()) + GRAIN_FLOOR
    return float(np.clip(texture_there * look.contrast.draw(random), *CONTRAST))


def _fill_cells(random, ground, field, sign, contrast):
    """Adds to the ground what lies between membranes: cells of unequal brightness, and what is in them."""
    if chance(random, SHADED):
        cells, count = label(field.edge > 0)
        ground += contrast * SHADE.draw(random) * random.standard_normal(count + 1)[cells]
    strength = contrast * CELLS_STRENGTH.draw(random)
    ground += strength * contents_of_cells(random, len(ground), sign)


def _enlarged(random, image, mask):
    size = len(mask)
    side = size / ENLARGEMENT.draw(random)
    left, top = random.uniform(0, size - side, 2)
    box = (left, top, left + side, top + side)
    enlarge = lambda array: np.asarray(Image.fromarray(array).resize((size, size), Image.Resampling.BICUBIC, box))
    return enlarge(image), enlarge(np.uint8(255) * mask) > 127
