"""What the values of a file mean to a network: uint8, 0 to 255, of the channels that it takes."""

from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.errors import UserError

SMALLEST_SIDE_PX = 16  # one cell of the deepest feature map of the network


def to_uint8(pixels: np.ndarray, path: Path) -> np.ndarray:
    """8 bit values of a decoded file; 16 bit values keep their high byte.

    Raises:
        UserError: values of another kind.
    """
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    if pixels.dtype == bool:
        return pixels.astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise UserError(
            f"{path}: expected 8 or 16 bit unsigned values, found {pixels.dtype}. Fix: convert the file to 8 bit"
        )
    return pixels


def to_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """The channels that a network takes, of an image with or without alpha.

    Args:
        pixels: uint8 `(height, width)` or `(height, width, 1 to 4)`.
        channels: 1 (ITU-R 601 luma of colours) or 3 (grey repeated).

    Returns:
        uint8 `(height, width, channels)`.
    """
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    pixels = pixels[..., :1] if pixels.shape[-1] < 3 else pixels[..., :3]
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[..., None]


def expect_large_enough(path: Path, height: int, width: int) -> None:
    """Refuses an image whose sides are smaller than one cell of the network's deepest feature map."""
    if min(height, width) < SMALLEST_SIDE_PX:
        raise UserError(
            f"{path}: expected at least {SMALLEST_SIDE_PX}x{SMALLEST_SIDE_PX} pixels, found "
            f"{width}x{height}. Fix: remove the file or give a larger image"
        )
