"""Pixels without data in images that do not mark them: the black around a retina, the white beside an aerial
photograph.

Training leaves out what its dataset calls not valid (the field of view of DRIVE, blank areas of MIT Road), so a
network's answer there is arbitrary. An image file of its own does not say which pixels these are; their values do.
"""

import dataclasses
import re

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.windows import Source


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
        holds_data = ((pixels < self.low) | (pixels > self.high)).any(axis=-1)
        return pixels, holds_data if valid is None else holds_data & valid


def parse_no_data(text: str) -> tuple[int, int]:
    """Low and high of `253-255`, or twice the number of `0`.

    Raises:
        UserError: neither, or beyond 0-255.
    """
    found = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", text)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not low <= high <= 255:
        raise UserError(
            f"--no-data {text}: expected a value or a range of values in 0-255. Fix: --no-data 0-20, or "
            "--no-data 253-255"
        )
    return low, high
