"""Pixels without data in images that do not mark them: the black around a retina, the white beside a photograph.

Training leaves out what its dataset calls not valid (the field of view of DRIVE, blank areas of MIT Road, what
`data.options.no_data` names in a folder), so a network's answer there is arbitrary. An image file of its own does not
say which pixels these are; their values do.
"""

import dataclasses
import re

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.windows import Source

BLOCK_PX = 16
BLACK, WHITE = (0, 2), (253, 255)  # with what JPEG makes of 0 and 255


@dataclasses.dataclass(frozen=True)
class NoData:
    """A source whose pixels hold no data where all their channels are in [low, high], raw 0-255."""

    source: Source
    low: int
    high: int

    @property
    def height(self) -> int:
        return self.source.height

    @property
    def width(self) -> int:
        return self.source.width

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
        pixels, valid = self.source.rows(top, bottom)
        held = holds_data(pixels, self.low, self.high)
        return pixels, held if valid is None else np.asarray(held & valid)


def holds_data(pixels: np.ndarray, low: int, high: int) -> np.ndarray:
    """`(height, width)` bool of uint8 `(height, width, channels)`: false where all channels are in [low, high]."""
    return np.asarray(((pixels < low) | (pixels > high)).any(axis=-1))


def blank_blocks(pixels: np.ndarray) -> tuple[np.ndarray, str]:
    """Where an image shows nothing: blocks of 16x16 pixels that are white, or black, all over.

    Args:
        pixels: uint8 `(height, width, channels)`.

    Returns:
        Bool, one value for each whole block of `BLOCK_PX` squared; and the range of values as `--no-data` takes it:
        that of the colour that covers more.
    """
    height, width, channels = pixels.shape
    rows, columns = height // BLOCK_PX, width // BLOCK_PX
    blocks = pixels[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX, channels)
    black, white = blocks.max(axis=(1, 3, 4)) <= BLACK[1], blocks.min(axis=(1, 3, 4)) >= WHITE[0]
    return (black, "{}-{}".format(*BLACK)) if black.sum() > white.sum() else (white, "{}-{}".format(*WHITE))


def parse_no_data(
    text: str, key: str = "--no-data ", fix: str = "--no-data 0-20, or --no-data 253-255"
) -> tuple[int, int]:
    """Low and high of `253-255`, or twice the number of `0`.

    Args:
        text: what was given.
        key, fix: what it was given to, and what to type, for the error.

    Raises:
        UserError: neither, or beyond 0-255.
    """
    found = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", text)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not low <= high <= 255:
        raise UserError(f"{key}{text}: expected a value or a range of values in 0-255. Fix: {fix}")
    return low, high
