"""An image that is read by rows: the whole of it in memory, or windows of a file."""

import dataclasses
from typing import Protocol

import numpy as np

BAND_ROWS = 256  # bands begin at multiples of this, except the first: blocks of a tiled TIFF are written once


class Source(Protocol):
    """An image that is read by rows.

    `rows(top, bottom)` gives uint8 pixels `(bottom - top, width, channels)`, and which of them hold data, bool
    `(bottom - top, width)` or None where all do. Calls go from top to bottom.
    """

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray | None]: ...


@dataclasses.dataclass(frozen=True)
class ArraySource:
    """An image in memory.

    Attributes:
        pixels: uint8 `(height, width, channels)`.
        valid: bool `(height, width)`, where there are data; None: everywhere.
    """

    pixels: np.ndarray
    valid: np.ndarray | None = None

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray | None]:
        return self.pixels[top:bottom], None if self.valid is None else self.valid[top:bottom]
