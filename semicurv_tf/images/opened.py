"""Opens images for a network, to be read by rows, and says in words what that does to their values.

What had to be done (grey repeated, 16 bit cut to 8, an alpha channel dropped) is worth a line to the
user, because it changes what the network sees. Moderate images are decoded as a whole; large and
georeferenced ones are read by windows (rasterio), stacks page by page.
"""

import contextlib
import dataclasses
import importlib.util
from collections.abc import Generator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.header import Header, read_header
from semicurv_tf.images.opener import LARGEST_WHOLE_PIXELS
from semicurv_tf.images.rasters import Place, open_raster, require_rasterio
from semicurv_tf.images.reader import ReadImage, read_pages, read_valid_image
from semicurv_tf.images.values import ValueRanges
from semicurv_tf.images.windows import ArraySource, Source

TWO_VALUES = "two values alone, as a mask or a dithered scan has and a photograph has not: its mask means little"
_SAMPLED_ROWS = 16


@dataclasses.dataclass(frozen=True)
class NotedImage:
    """An image as the network takes it.

    Attributes:
        pixels: uint8 `(height, width, channels)`, raw 0-255, channels in RGB order.
        notes: what was done to the file's own values, in words; empty where nothing was.
        valid: bool `(height, width)`, where there are data; None: everywhere.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()
    valid: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Opened:
    """An image that is ready to be read by rows.

    Attributes:
        source: its rows.
        notes: what reading does to its values.
        place: where it lies on the earth, for results that are written by windows too; else None.
    """

    source: Source
    notes: tuple[str, ...]
    place: Place | None = None


def read_with_notes(path: str | Path, channels: int, value_range: ValueRanges | None = None) -> NotedImage:
    """Reads an image as a whole, by the reader of the training data, so that both see the same values.

    Args:
        path: the image file.
        channels: 1, 3 or the number of bands, what the network takes.
        value_range: of values wider than 8 bit, from the training data; None measures the file's own.

    Raises:
        UserError: the file is missing, unreadable, truncated, too small, too large, or of several frames.
    """
    path = Path(path)
    header = read_header(path)
    read = read_valid_image(path, channels, value_range)
    return NotedImage(read.pixels, _notes(read, header, channels), read.valid)


def open_pages(
    path: Path, header: Header, channels: int, *, place: bool = False, value_range: ValueRanges | None = None
) -> Generator[Opened]:
    """Opens an image, or the pages of a stack one after the other, to be read by rows before the next is taken.

    Args:
        path: the file.
        header: from `read_header`.
        channels: 1, 3 or the number of bands, what the network takes.
        place: whether the results are to lie where the image lies.
        value_range: of values wider than 8 bit, from the training data; None measures the file's own.

    Raises:
        UserError: as `read_with_notes`; also where rasterio is needed and missing.
    """
    if header.frames > 1:
        with contextlib.closing(read_pages(path, channels, value_range)) as pages:
            for read in pages:
                yield _opened(read, header, channels)
        return
    placed = place and header.georeferenced
    if placed:
        require_rasterio(path, "is georeferenced", "--format png, which loses where it lies")
    if header.large and header.pixels > LARGEST_WHOLE_PIXELS:
        require_rasterio(path, f"has {header.pixels / 1e6:.0f} million pixels", "cut it into tiles")
    if placed or (header.large and _is_plain(path, header) and _has_rasterio()):
        with open_raster(path, channels, value_range) as raster:
            yield Opened(raster, raster.notes, raster.place)
        return
    yield _opened(read_valid_image(path, channels, value_range), header, channels)


def _opened(read: ReadImage, header: Header, channels: int) -> Opened:
    return Opened(ArraySource(read.pixels, read.valid), _notes(read, header, channels))


def _notes(read: ReadImage, header: Header, channels: int) -> tuple[str, ...]:
    lacking = () if read.valid is None else ("pixels without data stay without data",)
    two = (TWO_VALUES,) if _has_two_values(read.pixels) else ()
    return (*header.conversions(channels, read.value_range), *lacking, *two)


def _has_two_values(pixels: np.ndarray) -> bool:
    """Whether no band has more than two values, and one has two: one value alone is a blank image."""
    some = pixels[:: max(1, len(pixels) // _SAMPLED_ROWS)]
    if _more_than_two(some):  # as of a photograph
        return False
    return bool((pixels != pixels[0, 0]).any()) and not _more_than_two(pixels)


def _more_than_two(pixels: np.ndarray) -> bool:
    low, high = pixels.min((0, 1)), pixels.max((0, 1))
    return bool(((pixels != low) & (pixels != high)).any())


def _is_plain(path: Path, header: Header) -> bool:
    """Whether GDAL gives the pixels in the order in which the file shows them.

    Raises:
        UserError: it does not, and the file is too large to be decoded as a whole.
    """
    if header.turned and header.pixels > LARGEST_WHOLE_PIXELS:
        raise UserError(
            f"{path}: expected an upright image to read by windows, found an orientation tag. Fix: save it turned"
        )
    return not header.turned


def _has_rasterio() -> bool:
    return importlib.util.find_spec("rasterio") is not None
