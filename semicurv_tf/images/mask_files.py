"""Reads a mask file to be vectorised: foreground, pixels that count, and where they lie.

TIFF, large files and those with a world file are read by rasterio where that is installed, by strips of rows, with
their CRS and no-data value; everything else by the reader of the training data, and so are files in which 0 is white
and those with transparency: of these, rasterio gives the map coordinates alone. A palette is read by the rule of the
training data either way. A mask takes one byte for each pixel. Values must be 0 and 1, or 0 and the largest of their
type (255), unless a threshold is given.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.decode import decode
from semicurv_tf.images.decoded import Decoded
from semicurv_tf.images.georeference import PIP, import_rasterio, raster_grid
from semicurv_tf.images.grid import Grid
from semicurv_tf.images.header import Header, read_header
from semicurv_tf.images.masks import half_of, mask_values, no_data_of, one_channel
from semicurv_tf.images.opener import expect_bearable, naming
from semicurv_tf.images.rasters import open_dataset
from semicurv_tf.images.tiff_pages import command_to_split

LARGEST_PIXELS = 2_000_000_000
BASE_BYTES = 400_000_000  # Python, NumPy, SciPy, and GDAL with its cache of blocks
_STRIP_PIXELS = 2**24
_WHOLE_PIXELS = 2**25  # larger ones of any format are read by strips
_SHOWN_VALUES = 1000
_TURNED_BACK = {6: 8, 8: 6}  # orientation tags; the others undo themselves


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


def read_mask_file(
    path: Path, threshold: float | None = None, georeference: bool = True, memory_bytes: int | None = None
) -> MaskFile:
    """Reads a mask.

    Args:
        path: the file.
        threshold: values above it are foreground; None expects 0 and 1, or 0 and 255.
        georeference: read map coordinates; False takes no notice of them.
        memory_bytes: of the process; None: any.

    Raises:
        UserError: unreadable, of several pages, in colour, of other values, larger than the memory; or georeferenced
            and rasterio is missing.
    """
    with naming(path, "mask"):
        if path.stat().st_size == 0:
            raise UserError(
                f"{path}: expected a mask, found an empty file (0 bytes). Fix: make the file again, or remove it"
            )
        header = read_header(path)
        if header.frames != 1:
            raise UserError(f"{path}: expected one page, found {header.frames}. Fix: {command_to_split(path)}")
        if header.pixels:
            expect_bearable(path, header.width, header.height, LARGEST_PIXELS)
        placed = georeference and header.georeferenced
        try:
            import_rasterio()
        except ImportError:
            if placed:
                raise UserError(
                    f"{path}: has map coordinates, which need the package rasterio. Fix: {PIP}, or --crs pixels"
                ) from None
            by_strips = False
        else:
            as_stored = not (header.palette or header.turned)
            by_strips = placed or (as_stored and (header.tiff or header.pixels > _WHOLE_PIXELS))
            by_strips &= not (header.white_is_zero or header.alpha)
        _expect_to_fit(path, header, by_strips, memory_bytes)
        if by_strips:
            return _read_raster(path, threshold, georeference)
        return _read_whole(path, threshold, header, placed)


def _expect_to_fit(path: Path, header: Header, by_strips: bool, memory_bytes: int | None) -> None:
    # The mask itself, its decoded values with the copies that looking at them takes, and what the lines take beside.
    decoded = 0 if by_strips else 5 + 3 * (header.colours + header.alpha) * max(1, header.bits // 8)
    needed = BASE_BYTES + header.pixels * (2 + decoded)
    if memory_bytes is not None and needed > memory_bytes:
        raise UserError(
            f"{path}: expected a mask for {memory_bytes / 1e9:.2g} GB of memory, found "
            f"{header.width}x{header.height} pixels, which take {needed / 1e9:.2g} GB. "
            f"Fix: --memory {needed / 1e9 + 0.1:.1f}GB, or cut it into tiles"
        )


def _read_whole(path: Path, threshold: float | None, header: Header, placed: bool) -> MaskFile:
    decoded = decode(path, largest_pixels=LARGEST_PIXELS)
    grid = None
    if placed:
        # Map coordinates are those of the stored grid, whatever the orientation tag says.
        decoded = decoded.turned(_TURNED_BACK.get(decoded.orientation, decoded.orientation))
        with open_dataset(path) as dataset:
            grid = raster_grid(dataset)
    values, no_data = mask_values(decoded, path), no_data_of(decoded)
    if decoded.alpha is not None and values is not decoded.alpha and (header.tiff or placed):
        hidden = decoded.alpha == 0
        no_data = hidden if no_data is None else no_data | hidden
    return MaskFile(*_of_strips(path, values.shape[:2], [(values, no_data)], threshold), grid)


def _read_raster(path: Path, threshold: float | None, georeference: bool) -> MaskFile:
    from rasterio.enums import ColorInterp

    with open_dataset(path) as dataset:
        strips = _strips_of(dataset)
        if dataset.colorinterp[0] == ColorInterp.palette:
            labels = _labels_of_palette(dataset, path)
            strips = ((labels[indices[..., 0]], lacking) for indices, lacking in strips)
        grid = raster_grid(dataset) if georeference else None
        return MaskFile(*_of_strips(path, dataset.shape, strips, threshold), grid)


def _strips_of(dataset) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Stored values `(rows, width, bands)` and where they are no data (None: nowhere), top to bottom."""
    from rasterio.enums import MaskFlags
    from rasterio.windows import Window

    rows = max(1, _STRIP_PIXELS // dataset.width)
    # No-data 0 is how some tools call the background of a mask.
    complete = dataset.nodata == 0 or MaskFlags.all_valid in dataset.mask_flag_enums[0]
    for top in range(0, dataset.height, rows):
        window = Window(0, top, dataset.width, min(rows, dataset.height - top))
        lacking = None if complete else dataset.read_masks(1, window=window) == 0
        yield np.moveaxis(dataset.read(window=window), 0, -1), lacking


def _labels_of_palette(dataset, path: Path) -> np.ndarray:
    """The label of each index `(largest index + 1,)`, by the rule of the training data for the indices in use."""
    held = set()
    for indices, lacking in _strips_of(dataset):
        held |= set(np.unique(indices[..., 0] if lacking is None else indices[..., 0][~lacking]).tolist())
    used = np.array(sorted(held or {0}), dataset.dtypes[0])
    colours = dataset.colormap(1)
    values = np.array([[colours.get(int(index), (0, 0, 0))[:3] for index in used]], np.uint8)
    of_used = mask_values(Decoded(values, indices=used[None]), path)[0]
    labels = np.zeros(np.iinfo(used.dtype).max + 1, of_used.dtype)
    labels[used] = of_used
    return labels


def _of_strips(path, shape, strips, threshold) -> tuple[np.ndarray, int]:
    """Foreground `(height, width)` bool and the number of valid pixels, from strips of rows, top to bottom.

    A strip is its values, and where they are no data (None: nowhere).
    """
    mask = np.zeros(shape, bool)
    valid, row = mask.size, 0
    seen: set = set()
    for values, lacking in strips:
        values = one_channel(values, path)
        part = slice(row, row + len(values))
        row += len(values)
        lacking = np.zeros(values.shape, bool) if lacking is None else lacking
        if values.dtype.kind == "f":
            lacking = lacking | ~np.isfinite(values)
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
    if len(foreground) <= 1 and foreground <= {1, 255, top}:
        return
    values = [0, *sorted(foreground)]
    some = ", ".join(f"{value:g}" for value in values[:5]) + (", ..." if len(values) > 5 else "")
    count = f"more than {_SHOWN_VALUES}" if len(values) > _SHOWN_VALUES else len(values)
    middle = half_of(max(foreground), dtype)
    fix = f"--threshold {middle:g}" if middle is not None else "save the mask with 0 and 1, as no value is above 0"
    raise UserError(f"{path}: expected the values 0 and 1, or 0 and {top}, found {count} values: {some}. Fix: {fix}")
