"""Reads a mask file to be vectorised: foreground, pixels that count, and where they lie.

TIFF is read by rasterio where that is installed, by strips of rows, with its CRS and no-data value; everything else by
Pillow or tifffile. A mask takes one byte for each pixel. Values must be 0 and 1, or 0 and the largest of their type
(255), unless a threshold is given.
"""

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.data.image_files import IMAGE_SUFFIXES
from semicurv_tf.errors import UserError
from semicurv_tf.vector.georeference import PIP, import_rasterio, raster_grid
from semicurv_tf.vector.grid import Grid

SUFFIXES = IMAGE_SUFFIXES
LARGEST_PIXELS = 2_000_000_000
_STRIP_PIXELS = 2**24
_GEO_TAGS = {33550, 33922, 34264, 34735}  # GeoTIFF: pixel scale, tie points, transformation, keys
_SHOWN_VALUES = 1000
_NO_IMAGE = 0b101  # TIFF's NewSubfileType: 1 a smaller copy, 4 a transparency mask


@dataclasses.dataclass(frozen=True)
class MaskFile:
    """A mask as read.

    Attributes:
        mask: `(height, width)` bool.
        valid: number of pixels that are no no-data.
        grid: map coordinates; None where the file has none.
    """

    mask: np.ndarray
    valid: int
    grid: Grid | None


def read_mask_file(path: Path, threshold: float | None = None, georeference: bool = True) -> MaskFile:
    """Reads a mask.

    Args:
        path: the file.
        threshold: values above it are foreground; None expects 0 and 1, or 0 and 255.
        georeference: read map coordinates; False takes no notice of them.

    Raises:
        UserError: unreadable, of several pages, in colour, of other values; or georeferenced and rasterio is missing.
    """
    with _naming(path):
        if path.stat().st_size == 0:
            raise UserError(
                f"{path}: expected a mask, found an empty file (0 bytes). Fix: make the file again, or remove it"
            )
        if not _is_tiff(path):
            return MaskFile(*_of_strips(path, _pillow_shape(path), [(_read_pillow(path), None)], threshold), None)
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages[0]
            # Overviews, and the masks that say where data are, are pages of their own but no images.
            pages = sum(not int(other.subfiletype) & _NO_IMAGE for other in tiff.pages)
            has_tags = bool(_GEO_TAGS & set(page.tags.keys()))
            shape = (page.imagelength, page.imagewidth)
        if pages != 1:
            raise UserError(f"{path}: expected one page, found {pages}. Fix: save each page as a file of its own")
        _expect_bearable(path, shape)
        try:
            import_rasterio()
        except ImportError:
            if has_tags and georeference:
                raise UserError(
                    f"{path}: has map coordinates, which need the package rasterio. Fix: {PIP}, or --crs pixels"
                ) from None
            return MaskFile(*_of_strips(path, shape, [(tifffile.imread(path, key=0), None)], threshold), None)
        return _read_raster(path, threshold, georeference)


def _read_raster(path: Path, threshold: float | None, georeference: bool) -> MaskFile:
    import rasterio
    from rasterio.enums import MaskFlags
    from rasterio.windows import Window

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path) as dataset:
            rows = max(1, _STRIP_PIXELS // dataset.width)
            # No-data 0 is how some tools call the background of a mask.
            complete = dataset.nodata == 0 or MaskFlags.all_valid in dataset.mask_flag_enums[0]
            windows = (
                Window(0, top, dataset.width, min(rows, dataset.height - top)) for top in range(0, dataset.height, rows)
            )
            strips = (
                (
                    np.moveaxis(dataset.read(window=window), 0, -1),
                    None if complete else dataset.read_masks(1, window=window) == 0,
                )
                for window in windows
            )
            grid = raster_grid(dataset) if georeference else None
            return MaskFile(*_of_strips(path, dataset.shape, strips, threshold), grid)


def _of_strips(path, shape, strips, threshold) -> tuple[np.ndarray, int]:
    """Foreground `(height, width)` bool and the number of valid pixels, from strips of rows, top to bottom.

    A strip is its values, and where they are no data (None: nowhere).
    """
    mask = np.zeros(shape, bool)
    valid, row = mask.size, 0
    seen: set = set()
    for values, lacking in strips:
        values = _one_channel(path, values)
        part = slice(row, row + len(values))
        row += len(values)
        lacking = np.zeros(values.shape, bool) if lacking is None else lacking
        if values.dtype.kind == "f":
            lacking = lacking | np.isnan(values)
        valid -= int(np.count_nonzero(lacking))
        if threshold is not None:
            mask[part] = (values > threshold) & ~lacking
        else:
            mask[part] = (values != 0) & ~lacking
            if len(seen) <= _SHOWN_VALUES:
                seen |= set(np.unique(values[mask[part]]).tolist())
    _expect_two_values(path, seen, values.dtype)
    return mask, valid


def _expect_two_values(path: Path, foreground: set, dtype: np.dtype) -> None:
    top = int(np.iinfo(dtype).max) if dtype.kind in "iu" else 255
    if len(foreground) <= 1 and foreground <= {1, 255, top, True}:
        return
    values = [0, *sorted(foreground)]
    some = ", ".join(f"{value:g}" for value in values[:5]) + (", ..." if len(values) > 5 else "")
    count = f"more than {_SHOWN_VALUES}" if len(values) > _SHOWN_VALUES else len(values)
    middle = "0.5" if max(foreground) <= 1 else "127" if top == 255 else f"{top // 2}"
    raise UserError(
        f"{path}: expected the values 0 and 1, or 0 and {top}, found {count} values: {some}. Fix: --threshold {middle}"
    )


def _one_channel(path: Path, values: np.ndarray) -> np.ndarray:
    if values.ndim == 2:
        return values
    colours = values[..., :3] if values.shape[-1] in (3, 4) else values[..., :1]
    if (colours != colours[..., :1]).any():
        raise UserError(
            f"{path}: expected a grey mask, found colours. Fix: save it with one channel, or is this an image in place of a mask?"
        )
    return colours[..., 0]


def _is_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _pillow_shape(path: Path) -> tuple[int, int]:
    with _any_size(), Image.open(path) as image:
        _expect_bearable(path, image.size[::-1])
        return image.size[::-1]


def _read_pillow(path: Path) -> np.ndarray:
    with _any_size(), Image.open(path) as image:
        frames = getattr(image, "n_frames", 1)
        if frames != 1:
            raise UserError(
                f"{path}: expected one image in the file, found {frames} frames. Fix: save each as a file of its own"
            )
        if image.mode == "P":  # a grey palette counts by its grey values, any other by its indices
            palette = np.asarray(image.convert("RGB"))
            return palette if (palette == palette[..., :1]).all() else np.asarray(image)
        if image.mode in ("LA", "PA", "CMYK", "YCbCr"):
            return np.asarray(image.convert("L" if image.mode == "LA" else "RGB"))
        values = np.asarray(image)
        return values.astype(np.uint16) if image.mode == "I" and 0 <= values.min() <= values.max() < 65536 else values


def _expect_bearable(path: Path, shape: tuple[int, int]) -> None:
    height, width = shape
    if not 0 < height * width <= LARGEST_PIXELS:
        raise UserError(
            f"{path}: expected 1 to {LARGEST_PIXELS // 10**6} million pixels, its header says {width}x{height}. "
            "Fix: cut it into tiles, or replace a damaged file"
        )


@contextlib.contextmanager
def _any_size() -> Iterator[None]:
    """Lifts Pillow's limit, which is for files from strangers; ours is `LARGEST_PIXELS`."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns whatever a decoder raises into one line that names the file."""
    try:
        yield
    except UserError:
        raise
    except MemoryError:
        said = f"{path}: not enough memory (a byte for each pixel, and what its decoder takes). Fix: cut it into tiles"
        raise UserError(said) from None
    except Exception as error:  # decoders raise anything, from struct.error to their own
        reason = (
            " ".join(str(error.__cause__ or error).split())[:160] or type(error).__name__
        )  # rasterio's says "see cause"
        said = f"{path}: expected a readable mask, found damage ({reason}). Fix: make the file again, or remove it"
        raise UserError(said) from None
