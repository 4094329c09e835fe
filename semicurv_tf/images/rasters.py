"""Reads large and georeferenced images by windows, through rasterio (the extra `geo`).

The values are those of the reader of the training data: 16 bit keep their high byte, transparency is dropped,
palettes are resolved, grey is repeated or colours turned to grey as the network needs it.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import expect_regular, naming, open_picture, quiet_decoders
from semicurv_tf.images.values import expect_large_enough, to_channels, to_uint8

CACHE_BYTES = 67_108_864  # of GDAL's cache of blocks
# GDAL opens hundreds of formats, some of which read other files or the network (VRT, WMS): the driver is named.
_DRIVER_OF = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "BMP": "BMP", "WEBP": "WEBP", "GIF": "GIF"}
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
        yield dataset


def _driver(path: Path) -> str:
    with open_picture(path, largest_pixels=None) as image:
        return _DRIVER_OF[image.format]


@contextlib.contextmanager
def open_raster(path: Path, channels: int) -> Iterator["Raster"]:
    """Opens an image for reading by windows; inside of `raster_environment`.

    Raises:
        UserError: damage, values of another kind than 8 or 16 bit unsigned, sides under 16 pixels.
    """
    with contextlib.ExitStack() as opened:
        with naming(path):
            raster = Raster(opened.enter_context(open_dataset(path)), path, channels)
        yield raster


@contextlib.contextmanager
def raster_environment():
    """GDAL with a small cache, masks inside their TIFF, and no side files beside the user's images; around all of the below.

    Without rasterio it does nothing.
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

    def __init__(self, dataset, path: Path, channels: int):
        from rasterio.enums import ColorInterp, MaskFlags

        self._dataset, self._path, self._channels = dataset, path, channels
        self.height, self.width = dataset.shape
        colours = dataset.colorinterp
        kinds = sorted(set(dataset.dtypes))
        if kinds not in (["uint8"], ["uint16"]):
            raise UserError(
                f"{path}: expected 8 or 16 bit unsigned values, found {', '.join(kinds)}. "
                "Fix: convert the file, e.g. gdal_translate -ot Byte -scale"
            )
        expect_large_enough(path, *dataset.shape)
        if ColorInterp.cyan in colours:
            raise UserError(
                f"{path}: expected grey or RGB to read by windows, found CMYK. Fix: convert the file to RGB"
            )
        self._bands = [1, 2, 3] if dataset.count >= 3 else [1]
        self._wide = kinds == ["uint16"]
        self._inverted = False
        self._palette = None
        if colours[0] == ColorInterp.palette:
            self._palette = np.zeros((256, 3), np.uint8)
            for index, colour in dataset.colormap(1).items():
                self._palette[index] = colour[:3]
        if dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":  # GDAL says it by a palette, or not at all
            self._inverted, self._palette = True, None
        is_tiff = dataset.driver == "GTiff"
        self._gaps = is_tiff and any(MaskFlags.all_valid not in flags for flags in dataset.mask_flag_enums)
        self.notes = tuple(self._conversions(ColorInterp.alpha in colours))
        transform = dataset.transform if not dataset.transform.is_identity else None
        self.place = Place(dataset.crs, transform, dataset.gcps, self._gaps)

    def rows(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels and validity of some rows, see `tiles.Source`."""
        from rasterio.windows import Window

        window = Window(0, top, self.width, bottom - top)
        with naming(self._path):
            values = to_uint8(self._dataset.read(self._bands, window=window), self._path)
            valid = self._dataset.dataset_mask(window=window) > 0 if self._gaps else None
        if self._inverted:
            values = 255 - values
        pixels = np.moveaxis(values, 0, -1)
        if self._palette is not None:
            pixels = self._palette[pixels[..., 0]]
        return np.ascontiguousarray(to_channels(pixels, self._channels)), valid

    def _conversions(self, alpha: bool) -> Iterator[str]:
        colours = 3 if len(self._bands) == 3 or self._palette is not None else 1
        if self._palette is not None:
            yield "palette resolved to colour"
        if self._wide:
            yield "16 bit values cut to 8 bit (value // 256)"
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
