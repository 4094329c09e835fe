"""Reads large and georeferenced images by windows, through rasterio (the extra `geo`).

The values are those of the reader of the training data: wide ones become 8 bit by its rule, transparency is dropped,
palettes are resolved, grey is repeated or colours turned to grey as the network needs it.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import GDAL_DRIVERS, is_tiff
from semicurv_tf.images.georeference import projection_beside, world_file
from semicurv_tf.images.opener import expect_regular, naming, open_picture, open_tiff, quiet_decoders
from semicurv_tf.images.photometric import alpha_of_page, as_shown, expect_known_photometric, photometric_of
from semicurv_tf.images.tiff_parts import expect_fitting_tiles
from semicurv_tf.images.values import (
    ValueRange,
    ValueRanges,
    expect_large_enough,
    is_wide,
    measure_range,
    to_channels,
    to_uint8,
)

CACHE_BYTES = 67_108_864  # of GDAL's cache of blocks
_MEASURED_PX = 2048  # side of the thinned-out image whose values are measured
INSTALL = "pip install 'semicurv-tf[geo]'"


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an image lies on the earth, as rasterio has it.

    Attributes:
        crs: coordinate reference system, or None.
        transform: affine map from (column, row), pixel corners at integers, to map coordinates.
        gcps: ground control points and their CRS, for images that have these in place of a transform.
        has_gaps: whether some pixels may hold no data.
    """

    crs: object = None
    transform: object = None
    gcps: tuple = ((), None)
    has_gaps: bool = False


def require_rasterio(path: Path, reason: str, else_do: str) -> None:
    """Raises a `UserError` that names the pip command where rasterio is not installed."""
    try:
        import rasterio  # noqa: F401
    except ImportError:
        raise UserError(f"{path}: {reason}, which needs rasterio. Fix: {INSTALL}, or {else_do}") from None


@contextlib.contextmanager
def open_dataset(path: Path, page: int = 0) -> Iterator:
    """Opens a file by rasterio, by the drivers of the formats that are read here.

    Args:
        path: the file.
        page: of a TIFF stack, from 0.

    Raises:
        UserError: no regular file, or of a format that GDAL does not read here.
        Exception: whatever rasterio raises; see `opener.naming`.
    """
    import rasterio

    quiet_decoders()
    expect_regular(path)
    driver = "GTiff" if is_tiff(path) else _driver(path)
    with rasterio.open(f"GTIFF_DIR:{page + 1}:{path}" if page else path, driver=driver) as dataset:
        for rows, columns in dataset.block_shapes:
            expect_fitting_tiles(path, dataset.width, dataset.height, columns, rows)
        yield dataset


def _driver(path: Path) -> str:
    with open_picture(path, largest_pixels=None) as image:
        driver = GDAL_DRIVERS.get(image.format or "")
        if driver is None:
            raise UserError(
                f"{path}: expected a format that is read by windows, found {image.format} of "
                f"{image.width}x{image.height} pixels. Fix: cut it into tiles, or save it as TIFF"
            )
        return driver


def count_control_points(path: Path) -> int:
    """How many ground control points a file has in place of a transform; 0 where it has a transform.

    Raises:
        Exception: whatever rasterio raises; see `opener.naming`.
    """
    with open_dataset(path) as dataset:
        return len(dataset.gcps[0]) if dataset.transform.is_identity else 0


def _photometric(dataset, path: Path) -> tuple[str, int]:
    """How the values that GDAL gives are meant, and the bits of each; see `photometric.as_shown`.

    Raises:
        UserError: they cannot be shown.
    """
    if dataset.driver != "GTiff":
        return "RGB", 8
    with open_tiff(path) as tiff:
        return _photometric_of_page(dataset, path, tiff.pages[0].aspage())


def _photometric_of_page(dataset, path: Path, page) -> tuple[str, int]:
    expect_known_photometric(path, page, by_windows=True)
    turned = "SOURCE_COLOR_SPACE" in dataset.tags(ns="IMAGE_STRUCTURE")  # by GDAL, to RGB
    bits = int(dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    return "RGB" if turned else photometric_of(page), bits


def read_page(path: Path, page) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
    """A page of a TIFF as a whole, by GDAL, which knows more compressions and depths than other decoders.

    Args:
        path: the file.
        page: a `tifffile.TiffPage`.

    Returns:
        Values as stored, and in grey or RGB, `(height, width, bands)`; alpha and, of a palette, indices
        `(height, width)` or None.

    Raises:
        ImportError: rasterio is not installed.
        Exception: whatever rasterio raises; see `opener.naming`.
    """
    with open_dataset(path, page.index) as dataset:
        photometric, bits = _photometric_of_page(dataset, path, page)
        stored, alpha = np.moveaxis(dataset.read(), 0, -1), None
        if photometric == "PALETTE":
            return stored, _palette(dataset)[stored[..., 0]], None, stored[..., 0]
    if stored.shape[-1] == 1:
        stored = stored[..., 0]
    elif alpha_of_page(page):
        stored, alpha = stored[..., :-1], stored[..., -1]
    elif stored.shape[-1] > page.samplesperpixel or photometric_of(page) != photometric:
        stored = stored[..., :3]  # GDAL adds alpha to inks
    return stored, as_shown(stored, photometric, bits), alpha, None


def _palette(dataset) -> np.ndarray:
    """The colours of a file's indices, uint8 `(256, 3)`."""
    palette = np.zeros((256, 3), np.uint8)
    for index, colour in dataset.colormap(1).items():
        palette[index] = colour[:3]
    return palette


@contextlib.contextmanager
def open_raster(path: Path, channels: int, value_range: ValueRanges | None = None) -> Iterator["Raster"]:
    """Opens an image for reading by windows; inside of `raster_environment`.

    Args:
        path: the file.
        channels: 1, 3 or the number of bands, what the network takes.
        value_range: of values wider than 8 bit; None measures the file's own, on every n-th pixel.

    Raises:
        UserError: damage, complex values, too few bands, sides under 16 pixels.
    """
    with contextlib.ExitStack() as opened:
        with naming(path):
            raster = Raster(opened.enter_context(open_dataset(path)), path, channels, value_range)
        yield raster


@contextlib.contextmanager
def raster_environment():
    """GDAL with a small cache, masks inside their TIFF, and no side files beside the user's images.

    It goes around all of the below. Without rasterio it does nothing.
    """
    try:
        import rasterio
    except ImportError:
        yield
        return
    quiet_decoders()
    with rasterio.Env(
        GDAL_CACHEMAX=CACHE_BYTES, GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED=False, CHECK_DISK_FREE_SPACE=False
    ):
        yield


class Raster:
    """An image read by rows; a `semicurv_tf.inference.tiles.Source`.

    Attributes:
        height, width: in pixels.
        notes: what reading does to the file's values, in words.
        place: where it lies; None where it is not georeferenced and has no gaps.
    """

    def __init__(self, dataset, path: Path, channels: int, value_range: ValueRanges | None = None):
        from rasterio.enums import ColorInterp, MaskFlags

        self._dataset, self._path, self._channels = dataset, path, channels
        self.height, self.width = dataset.shape
        colours = dataset.colorinterp
        dtype = np.result_type(*dataset.dtypes)
        if dtype.kind not in "uif":
            raise UserError(
                f"{path}: expected integers or floating point values, found {dtype}. "
                "Fix: convert the file, e.g. gdal_translate"
            )
        expect_large_enough(path, *dataset.shape)
        self._photometric, self._bits = _photometric(dataset, path)
        alpha = ColorInterp.alpha in colours
        inks = self._photometric == "SEPARATED"
        shown = 3 if inks else dataset.count
        own = [1, 2, 3] if shown - alpha >= 3 else [1]
        self._bands = own if channels in (1, 3) else list(range(1, channels + 1))
        if len(self._bands) > shown:
            raise UserError(
                f"{path}: expected {channels} bands, found {shown}. Fix: leave the file out, or a run for {shown}"
            )
        self._stored = [1, 2, 3, 4] if inks else self._bands
        alpha_is_band = alpha and len(self._bands) == dataset.count  # GDAL calls the fourth band alpha by default
        alpha &= not alpha_is_band
        self._wide, self._dtype = is_wide(dtype), dtype
        # GDAL gives grey that is white at zero a palette, too.
        indexed = colours[0] == ColorInterp.palette and self._photometric != "MINISWHITE"
        self._palette = _palette(dataset) if indexed else None
        masked = any(MaskFlags.all_valid not in flags for flags in dataset.mask_flag_enums)
        self._gaps = dataset.driver == "GTiff" and masked and not alpha_is_band
        given = value_range and value_range.of(dtype)
        self._range = (given or self._measured()) if self._wide else None
        self.notes = tuple(self._conversions(alpha))
        transform = dataset.transform if not dataset.transform.is_identity else None
        if transform is None and world_file(path) is not None:
            self.notes += ("its world file gives no transform (six numbers, one a line), so masks have no place",)
        self.place = Place(dataset.crs or projection_beside(path), transform, dataset.gcps, self._gaps)

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels and validity of some rows, see `tiles.Source`."""
        from rasterio.windows import Window

        window = Window(0, top, self.width, bottom - top)
        with naming(self._path):
            values = self._dataset.read(self._stored, window=window)
            valid = self._dataset.dataset_mask(window=window) > 0 if self._gaps else None
        if values.dtype.kind == "f":
            numbers = np.isfinite(values).all(axis=0)
            valid = numbers if valid is None else valid & numbers
        pixels = to_uint8(self._shown(values), self._path, self._range)
        if self._palette is not None:
            pixels = self._palette[pixels[..., 0]]
        return np.ascontiguousarray(to_channels(pixels, self._channels, self._path)), valid

    def _shown(self, values: np.ndarray) -> np.ndarray:
        """Values `(bands, height, width)` from GDAL as `(height, width, bands)` of grey or RGB."""
        photometric = self._photometric if self._palette is None else "PALETTE"
        return as_shown(np.moveaxis(values, 0, -1), photometric, self._bits)

    def _measured(self) -> ValueRange | None:
        """The range of the file's values, by pixels spread over it."""
        height, width = (min(side, _MEASURED_PX) for side in self._dataset.shape)
        shape = (len(self._stored), height, width)
        values = self._shown(self._dataset.read(self._stored, out_shape=shape).astype(self._dtype))
        if self._gaps:
            values = values[self._dataset.dataset_mask(out_shape=(height, width)) > 0]
        return measure_range([values])

    def _conversions(self, alpha: bool) -> Iterator[str]:
        colours = 3 if len(self._bands) == 3 or self._palette is not None else 1
        if self._palette is not None:
            yield "palette resolved to colour"
        if self._range is not None:
            yield self._range.said()
        if alpha:
            yield "alpha channel dropped"
        count = len(self._bands) if self._photometric == "SEPARATED" else self._dataset.count - alpha
        if count > len(self._bands):
            yield f"only the first {len(self._bands)} of {count} bands used"
        if colours == 1 and self._channels == 3:
            yield "grey repeated to 3 channels"
        if colours == 3 and self._channels == 1:
            yield "colour turned to grey (ITU-R 601 luma)"
        if self._gaps:
            yield "pixels without data stay without data"
