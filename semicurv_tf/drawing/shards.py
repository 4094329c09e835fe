"""Drawn images in files, so that the core that trains never waits for the one that draws."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from semicurv_tf.drawing.scene import draw_image
from semicurv_tf.whole_files import written_whole


def draw_shard(
    folder: str | os.PathLike, first: int, count: int, kinds: tuple[str, ...] | None = None, size: int = 128,
    without: Collection[str] = (), before_each: Callable[[], None] = lambda: None,
):  # fmt: skip
    """Draws the images of the seeds `first` to `first + count - 1` into one file, unless it is there.

    Args:
        folder: is made where it is missing.
        first: the first seed.
        count: number of images.
        kinds: kinds in turn; None: all, in the shares of pre-training.
        size: of the square images in pixels.
        without: as for `draw_image`.
        before_each: called before each image; what it raises ends the drawing, and no file is written.

    Returns:
        The path of an `.npz` with `image` (count, size, size, 3) uint8 and `mask` (count, size, size) uint8.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    folder = Path(folder)
    target = folder / f"drawn-{size}-{first:07d}-{count}.npz"
    if target.exists():
        return target
    images, masks = np.empty((count, size, size, 3), np.uint8), np.empty((count, size, size), np.uint8)
    for number in range(count):
        before_each()
        kind = kinds[number % len(kinds)] if kinds else None
        images[number], masks[number] = draw_image(first + number, kind, size, without)
    with written_whole(target) as part, open(part, "wb") as file:
        np.savez(file, image=images, mask=masks)
    return target
