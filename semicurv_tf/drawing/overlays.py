"""Curves without a ground, to be laid over photographs: how strongly each pixel changes, and the mask."""

from typing import NamedTuple

import numpy as np

from semicurv_tf.drawing.appearance import marked, profile
from semicurv_tf.drawing.scene import EMPTY, VERSION, kind_of, random_kind
from semicurv_tf.drawing.span import chance
from semicurv_tf.drawing.strokes import field_of

SIZE_PX = 128  # as the images of pre-training: curves of the same widths and lengths


class Overlays(NamedTuple):
    """Some drawings.

    Attributes:
        shown: (count, size, size) float16, the change of each pixel as a share of the contrast, below 0 where the
            curves are darker than their ground.
        contrast: (count,) float32, in deviations of the ground nearby.
        mask: (count, size, size) uint8, 0 or 1.
    """

    shown: np.ndarray
    contrast: np.ndarray
    mask: np.ndarray


def draw_overlays(seed: int, count: int, kinds: tuple[str, ...] = (), size: int = SIZE_PX) -> Overlays:
    """Draws curves as those of `draw_image`, some of them without any.

    Args:
        seed: 0 or more.
        count: number of drawings.
        kinds: kinds of `KINDS`, in turn; none: all, in the shares used for pre-training.
        size: of the squares, in pixels.

    Raises:
        ValueError: unknown kind.
    """
    found = Overlays(
        np.zeros((count, size, size), np.float16), np.zeros(count, np.float32), np.zeros((count, size, size), np.uint8)
    )
    for number in range(count):
        random = np.random.default_rng([seed, number, VERSION])
        kind = kinds[number % len(kinds)] if kinds else random_kind(random)
        draw, look = kind_of(kind)
        sign = -1.0 if chance(random, look.dark) else 1.0
        found.contrast[number] = look.contrast.draw(random)
        if chance(random, EMPTY):
            continue
        field = field_of(draw(random, size), size)
        found.shown[number] = sign * profile(random, field, look, look.thinning.draw(random))
        found.mask[number] = marked(random, field, look)
    return found
