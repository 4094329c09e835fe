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
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.georeference import projection_beside
from semicurv_tf.images.opener import expect_regular, naming, open_picture, quiet_decoders
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
# GDAL opens hundreds of formats, some of which read other files or the network (VRT, WMS): the driver is named.
_DRIVER_OF = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "BMP": "BMP", "WEBP": "WEBP", "GIF": "GIF"}
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
def open_dataset(path: Path) -> Iterator:
    """Opens a file by rasterio, by the drivers of the formats that are read here.

    Raises:
        UserError: no regular file.
        Exception: whatever rasterio raises; see `opener.naming`.
    """
    import rasterio

    quiet_decoders()
    expect_regular(path)
    driver = "GTiff" if is_tiff(path) else _driver(path)
    with rasterio.open(path, driver=driver) as dataset:
        for rows, columns in dataset.block_shapes:
            expect_fitting_tiles(path, dataset.width, dataset.height, columns, rows)
        yield dataset


def _driver(path: Path) -> str:
    with open_picture(path, largest_pixels=None) as image:
        return _DRIVER_OF[image.format or ""]


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
        if ColorInterp.cyan in colours:
            raise UserError(
                f"{path}: expected grey or RGB to read by windows, found CMYK. Fix: convert the file to RGB"
            )
        alpha = ColorInterp.alpha in colours
        own = [1, 2, 3] if dataset.count - alpha >= 3 else [1]
        self._bands = own if channels in (1, 3) else list(range(1, channels + 1))
        if len(self._bands) > dataset.count:
            raise UserError(
                f"{path}: expected {channels} bands, found {dataset.count}. "
                f"Fix: leave the file out, or a run for {dataset.count}"
            )
        alpha_is_band = alpha and len(self._bands) == dataset.count  # GDAL calls the fourth band alpha by default
        alpha &= not alpha_is_band
        self._wide, self._dtype = is_wide(dtype), dtype
        self._inverted = False
        self._palette = None
        if colours[0] == ColorInterp.palette:
            self._palette = np.zeros((256, 3), np.uint8)
            for index, colour in dataset.colormap(1).items():
                self._palette[index] = colour[:3]
        if dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":  # GDAL says it by a palette, or not at all
            self._inverted, self._palette = True, None
        masked = any(MaskFlags.all_valid not in flags for flags in dataset.mask_flag_enums)
        self._gaps = dataset.driver == "GTiff" and masked and not alpha_is_band
        given = value_range and value_range.of(dtype)
        self._range = (given or self._measured()) if self._wide else None
        self.notes = tuple(self._conversions(alpha))
        transform = dataset.transform if not dataset.transform.is_identity else None
        self.place = Place(dataset.crs or projection_beside(path), transform, dataset.gcps, self._gaps)

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels and validity of some rows, see `tiles.Source`."""
        from rasterio.windows import Window

        window = Window(0, top, self.width, bottom - top)
        with naming(self._path):
            values = self._upright_values(self._dataset.read(self._bands, window=window))
            valid = self._dataset.dataset_mask(window=window) > 0 if self._gaps else None
        if values.dtype.kind == "f":
            numbers = np.isfinite(values).all(axis=0)
            valid = numbers if valid is None else valid & numbers
        values = to_uint8(values, self._path, self._range)
        pixels = np.moveaxis(values, 0, -1)
        if self._palette is not None:
            pixels = self._palette[pixels[..., 0]]
        return np.ascontiguousarray(to_channels(pixels, self._channels, self._path)), valid

    def _upright_values(self, values: np.ndarray) -> np.ndarray:
        return np.iinfo(values.dtype).max - values if self._inverted and values.dtype.kind == "u" else values

    def _measured(self) -> ValueRange | None:
        """The range of the file's values, by pixels spread over it."""
        height, width = (min(side, _MEASURED_PX) for side in self._dataset.shape)
        shape = (len(self._bands), height, width)
        values = self._dataset.read(self._bands, out_shape=shape).astype(self._dtype)
        if self._gaps:
            values = values[:, self._dataset.dataset_mask(out_shape=(height, width)) > 0]
        return measure_range([self._upright_values(values)])

    def _conversions(self, alpha: bool) -> Iterator[str]:
        colours = 3 if len(self._bands) == 3 or self._palette is not None else 1
        if self._palette is not None:
            yield "palette resolved to colour"
        if self._range is not None:
            yield self._range.said()
        if alpha:
            yield "alpha channel dropped"
        if self._dataset.count - alpha > len(self._bands):
            yield f"only the first {len(self._bands)} of {self._dataset.count - alpha} bands used"
        if colours == 1 and self._channels == 3:
            yield "grey repeated to 3 channels"
        if colours == 3 and self._channels == 1:
            yield "colour turned to grey (ITU-R 601 luma)"
        if self._gaps:
            yield "pixels without data stay without data"
