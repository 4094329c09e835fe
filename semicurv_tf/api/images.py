"""An image as a user has it, a file or something in memory, opened as `semicurv-tf predict` opens a file."""

import contextlib
import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.decoded import decoded_image
from semicurv_tf.images.georeference import raster_grid
from semicurv_tf.images.grid import Grid
from semicurv_tf.images.header import read_header
from semicurv_tf.images.opened import open_pages
from semicurv_tf.images.opener import naming
from semicurv_tf.images.rasters import open_dataset, raster_environment
from semicurv_tf.images.values import ValueRanges, expect_large_enough, is_wide, measure_range, to_channels, to_uint8
from semicurv_tf.images.windows import ArraySource, Source

Image = Any  # a path, a PIL.Image.Image, or what NumPy can make an array of
IN_MEMORY = "image"


@dataclasses.dataclass(frozen=True)
class OpenedImage:
    """An image that is ready to be predicted.

    Attributes:
        source: its rows.
        grid: where its pixels lie on a map.
        notes: what reading does to its values, in words.
        name: of its file.
    """

    source: Source
    grid: Grid
    notes: tuple[str, ...]
    name: str


@contextlib.contextmanager
def opened_image(
    image: Image, channels: int, value_range: ValueRanges | None = None, page: int | None = None
) -> Iterator[OpenedImage]:
    """Opens an image.

    Args:
        image: the path of a file, a `PIL.Image.Image`, or an array `(height, width)` or `(height, width, channels)`.
        channels: 1, 3 or the number of bands, what the network takes.
        value_range: of values wider than 8 bit, from the training data; None measures those of the image.
        page: of a file with several, from 0.

    Raises:
        UserError: nothing that can be predicted.
    """
    if isinstance(image, str | Path):
        with _of_file(Path(image), channels, value_range, page) as opened:
            yield opened
        return
    if page is not None:
        raise UserError("page: expected the path of a file beside it, found an image in memory. Fix: leave page out")
    if isinstance(image, PIL.Image.Image):
        image = decoded_image(image).values
    pixels, notes = _in_memory(np.asarray(image), channels, value_range)
    yield OpenedImage(ArraySource(pixels), Grid(), notes, IN_MEMORY)


@contextlib.contextmanager
def _of_file(path: Path, channels: int, value_range: ValueRanges | None, page: int | None) -> Iterator[OpenedImage]:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise UserError(f"{path}: expected an image file, found {found}. Fix: check the path, or one image at a time")
    header = read_header(path)
    if header.frames > 1 and page is None:
        raise UserError(f"{path}: expected one image in the file, found {header.frames} pages. Fix: page=0")
    if page is not None and not 0 <= page < header.frames:
        raise UserError(f"page: expected 0 to {header.frames - 1}, the pages of {path}, found {page}. Fix: page=0")
    # As the command does where its mask keeps the place; without rasterio the place is lost, not the prediction.
    place = header.as_tiff and importlib.util.find_spec("rasterio") is not None
    with contextlib.ExitStack() as stack:
        if header.large or header.georeferenced:
            stack.enter_context(raster_environment())
        pages = stack.enter_context(
            contextlib.closing(open_pages(path, header, channels, place=place, value_range=value_range))
        )
        for number, opened in enumerate(pages):
            if number == (page or 0):
                grid = _grid(path) if place and header.georeferenced else Grid()
                yield OpenedImage(opened.source, grid, opened.notes, path.name)
                return


def _grid(path: Path) -> Grid:
    with naming(path), open_dataset(path) as dataset:
        return raster_grid(dataset) or Grid()


def _in_memory(
    values: np.ndarray, channels: int, value_range: ValueRanges | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pixels uint8 `(height, width, channels)`, and what was done to the values."""
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise UserError(
            f"image: expected an array (height, width) or (height, width, channels), found shape {values.shape}. "
            "Fix: one image at a time, e.g. images[0]"
        )
    used, name = None, Path(IN_MEMORY)
    if is_wide(values.dtype):
        used = value_range.of(values.dtype) if value_range else None
        if values.dtype.kind in "ui":
            used = used or measure_range([values])
        elif used is None:
            # A photograph as float32 may be 0-1 or raw 0-255: a guess would be wrong for one of them.
            raise UserError(
                f"image: expected uint8, raw 0-255, found {values.dtype}. "
                "Fix: image.astype('uint8') of raw 0-255, (255 * image).astype('uint8') of 0-1"
            )
    pixels = to_uint8(values, name, used)
    expect_large_enough(name, *pixels.shape[:2])
    notes = (used.said(),) if used else ()
    return np.ascontiguousarray(to_channels(pixels, channels, name)), notes
