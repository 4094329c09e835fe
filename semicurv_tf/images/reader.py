"""Reads one image file as a whole: what is accepted, and the line that names what is not.

Everything ends as uint8 (see `values.py`), upright, in RGB order or in the file's own bands. Refused, by a `UserError`
that names the file: unreadable, truncated or empty files, several frames in one file, sides under 16 pixels.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.decode import decode, may_be_wide
from semicurv_tf.images.decoded import Decoded
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import (
    LARGEST_WHOLE_PIXELS,
    expect_bearable,
    naming,
    open_picture,
    open_tiff,
)
from semicurv_tf.images.tiff_pages import decode_page, pages_of
from semicurv_tf.images.tiff_parts import expect_fitting_parts
from semicurv_tf.images.values import (
    FarOff,
    ValueRange,
    ValueRanges,
    expect_large_enough,
    find_far_off,
    is_wide,
    measure_range,
    sampled,
    to_channels,
    to_uint8,
)

_SAMPLED_PAGES = 8  # of a stack whose values are measured


@dataclasses.dataclass(frozen=True)
class ReadImage:
    """An image as a network takes it.

    Attributes:
        pixels: uint8 `(height, width, channels)`.
        valid: bool `(height, width)`, False where a TIFF says that there are no data (its no-data value, its internal
            mask, its alpha, values that are no numbers); None where there are data everywhere.
        value_range: by which values wider than 8 bit were stretched; None where there were none.
        bands: of the file, without alpha.
    """

    pixels: np.ndarray
    valid: np.ndarray | None = None
    value_range: ValueRange | None = None
    bands: int = 1


def read_image(path: Path, channels: int, value_range: ValueRanges | None = None) -> np.ndarray:
    """Reads an image.

    Args:
        path: the file.
        channels: 1 (grey, by ITU-R 601 luma), 3 (RGB), or the number of bands.
        value_range: of values wider than 8 bit; None measures the file's own.

    Returns:
        uint8 array (height, width, channels). Transparency is dropped, the orientation tag of cameras is obeyed.

    Raises:
        UserError: naming the file, see the module.
    """
    return read_valid_image(path, channels, value_range).pixels


def read_valid_image(path: Path, channels: int, value_range: ValueRanges | None = None) -> ReadImage:
    """Reads an image and which of its pixels hold data; see `read_image`."""
    with naming(path):
        return _for_network(decode(path), path, channels, value_range)


def read_pages(path: Path, channels: int, value_range: ValueRanges | None = None) -> Generator[ReadImage, None, None]:
    """Reads the pages of a TIFF stack one after the other; see `read_valid_image`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff, contextlib.ExitStack() as stack:
        picture = functools.cache(lambda: stack.enter_context(open_picture(path, ("TIFF",), None)))
        frames = pages_of(path, tiff)
        if value_range is None:
            values = [
                sampled(decode_page(path, page.aspage(), LARGEST_WHOLE_PIXELS, picture).values)
                for page in frames[:: max(1, len(frames) // _SAMPLED_PAGES)]
                if is_wide(page.aspage().dtype)
            ]
            measured = measure_range(values)
            value_range = None if measured is None else ValueRanges((("", measured),))
        for page in frames:
            decoded = decode_page(path, page.aspage(), LARGEST_WHOLE_PIXELS, picture)
            yield _for_network(decoded, path, channels, value_range)


def read_stack(path: Path) -> np.ndarray:
    """The values of all pages of a TIFF stack as they stand in the file, `(pages, height, width)`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff:
        for page in tiff.pages:
            expect_bearable(path, page.aspage().imagewidth, page.aspage().imagelength)
            expect_fitting_parts(path, page.aspage())
        return tiff.asarray()


def measure_files(paths: Iterable[Path]) -> ValueRanges | None:
    """The ranges of the values of all files that are wider than 8 bit, per type; None where none is.

    Files that cannot be read are left out: reading them for good names them.
    """
    samples: dict[str, list[np.ndarray]] = {}
    far_off: list[tuple[Path, FarOff]] = []
    for path in paths:
        try:
            with naming(path):
                if not may_be_wide(path):
                    continue
                decoded = decode(path)
        except UserError:
            continue
        values = decoded.values if decoded.no_data is None else decoded.values[~decoded.no_data]
        if is_wide(values.dtype):
            seen = sampled(values)
            samples.setdefault(values.dtype.name, []).append(seen)
            found = find_far_off(seen[np.isfinite(seen)])
            if found:
                far_off.append((path, found))
    if not samples:
        return None
    measured = ((name, measure_range(parts)) for name, parts in sorted(samples.items()))
    # The files are named by `far_off`; a range of many would name the constant again.
    by_type = tuple((name, dataclasses.replace(one, far_off=None)) for name, one in measured if one is not None)
    return ValueRanges(by_type, tuple(far_off))


def _for_network(decoded: Decoded, path: Path, channels: int, value_range: ValueRanges | None) -> ReadImage:
    values, alpha, no_data = decoded.values, decoded.alpha, decoded.no_data
    bands = 1 if values.ndim == 2 else values.shape[-1]
    if alpha is not None and channels == bands + 1 and channels > 3:  # GDAL calls the fourth band alpha by default
        values, alpha = np.concatenate([values.reshape(*values.shape[:2], bands), alpha[..., None]], axis=-1), None
    used: ValueRange | None = None
    if is_wide(values.dtype) and values.dtype.kind in "uif":
        used = value_range.of(values.dtype) if value_range else None
        used = used or measure_range([values if no_data is None else values[~no_data]])
    pixels = to_uint8(values, path, used)
    expect_large_enough(path, *pixels.shape[:2])
    if alpha is not None and is_tiff(path):
        no_data = (alpha == 0) if no_data is None else no_data | (alpha == 0)
    valid = None if no_data is None or not no_data.any() else ~no_data
    return ReadImage(np.ascontiguousarray(to_channels(pixels, channels, path)), valid, used, bands)
