"""Writes masks, probabilities and overlays row by row: PNG, GeoTIFF, and TIFF stacks; whole or not at all.

Nothing here holds an image, except `TiffPages`, which holds one page of a stack.
"""

import contextlib
import errno
import glob
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from semicurv_tf.images.provenance import png_chunk
from semicurv_tf.images.rasters import Place
from semicurv_tf.images.windows import BAND_ROWS
from semicurv_tf.whole_files import written_whole

TIFF_SUFFIXES = frozenset({".tif", ".tiff"})
SUFFIXES = frozenset({".png"}) | TIFF_SUFFIXES
CLASSIC_TIFF_BYTES = 3_900_000_000  # above this, BigTIFF
_FULL_BELOW_BYTES = 1_000_000


class Result(Protocol):
    """What takes the rows of one or several pages, from top to bottom.

    `page(height, width)` begins a page; `rows(pixels, valid)` takes uint8 `(rows, width)` or
    `(rows, width, 3)`, and where there are data (bool `(rows, width)`, or None: everywhere).
    """

    def page(self, height: int, width: int) -> None: ...

    def rows(self, pixels: np.ndarray, valid: np.ndarray | None) -> None: ...


@contextlib.contextmanager
def open_result(
    path: Path, channels: int, place: Place | None = None, pixels: int = 0, state: str | None = None
) -> Iterator[Result]:
    """Opens a result by its suffix; it gets its name once the block ends well, and nothing is left otherwise.

    Args:
        path: `.png`, `.tif` or `.tiff`.
        channels: 1 or 3.
        place: of the image, if that is read by windows; the TIFF is then written by windows too, inside of
            `raster_environment`.
        pixels: of all pages, where that is known.
        state: of the image that it is made from, see `provenance.state_of`; kept in the file.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    with written_whole(path) as part:
        if path.suffix.lower() not in TIFF_SUFFIXES:
            with part.open("wb") as file:
                png = PngRows(file, channels, state)
                yield png
                png.close()
        elif place is not None:
            tiles = GeoTiffRows(part, channels, place, state)
            try:
                yield tiles
                tiles.close()
            finally:
                tiles.abandon()
        else:
            import tifffile

            with tifffile.TiffWriter(part, bigtiff=pixels * channels > CLASSIC_TIFF_BYTES) as file:
                pages = TiffPages(file, channels, state)
                yield pages
                pages.close()


class PngRows:
    """A PNG of 8 bit (ISO/IEC 15948) that is written as its rows come.

    Args:
        file: open for writing bytes.
        channels: 1 or 3.
        state: of the image that it is made from, or None.
    """

    def __init__(self, file, channels: int, state: str | None = None):
        self._file, self._channels, self._state = file, channels, state
        self._packer = zlib.compressobj(3)
        self._above = np.zeros((1, 0), np.uint8)

    def page(self, height: int, width: int) -> None:
        self._file.write(b"\x89PNG\r\n\x1a\n")
        colour_type = 0 if self._channels == 1 else 2
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))
        if self._state:
            self._chunk(*png_chunk(self._state))
        self._above = np.zeros((1, width * self._channels), np.uint8)

    def rows(self, pixels: np.ndarray, valid: np.ndarray | None) -> None:
        flat = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
        lines = np.empty((len(flat), flat.shape[1] + 1), np.uint8)
        lines[:, 0] = 2  # filter "Up": a row minus the one above, modulo 256
        lines[:, 1:] = flat - np.concatenate([self._above, flat[:-1]])
        self._above = flat[-1:].copy()
        self._chunk(b"IDAT", self._packer.compress(lines.tobytes()))

    def close(self) -> None:
        self._chunk(b"IDAT", self._packer.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind: bytes, content: bytes) -> None:
        if content or kind == b"IEND":
            self._file.write(
                struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
            )


class GeoTiffRows:
    """A cloud optimized GeoTIFF with CRS, transform, overviews and a mask of the pixels without data.

    GDAL makes one of a whole file alone: rows go by windows to a tiled TIFF beside it, which takes its place in the
    end. Overviews are means, so that thin lines get fainter but none is lost: they hold grey between 0 and 255.

    Args:
        path: the file; BigTIFF where it may exceed 2 GB.
        channels: 1 or 3.
        place: where the image lies.
        state: of the image that it is made from, or None.
    """

    def __init__(self, path: Path, channels: int, place: Place, state: str | None = None):
        self._path, self._channels, self._place, self._state = path, channels, place, state
        self._dataset: Any = None  # of rasterio, which is imported where it is used
        self._top = 0
        self._optimized = path.with_name(f"{path.name}.cog.tif")

    def page(self, height: int, width: int) -> None:
        import rasterio

        with self._naming():
            self._dataset = rasterio.open(
                self._path, "w", driver="GTiff", height=height, width=width, count=self._channels, dtype="uint8",
                crs=self._place.crs, transform=self._place.transform, tiled=True, blockxsize=BAND_ROWS,
                blockysize=BAND_ROWS, compress="deflate", bigtiff="IF_SAFER",
                photometric="minisblack" if self._channels == 1 else "rgb",
            )  # fmt: skip
            if self._state:
                self._dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION=self._state)
            points, crs = self._place.gcps
            if points:
                self._dataset.gcps = (points, crs)

    def rows(self, pixels: np.ndarray, valid: np.ndarray | None) -> None:
        from rasterio.windows import Window

        window = Window(0, self._top, pixels.shape[1], len(pixels))
        bands = pixels[None] if self._channels == 1 else np.moveaxis(pixels, -1, 0)
        with self._naming():
            self._dataset.write(bands, window=window)
            if valid is not None:
                self._dataset.write_mask(valid, window=window)
        self._top += len(pixels)

    def close(self) -> None:
        import rasterio
        import rasterio.shutil

        with self._naming():
            self._dataset.close()
            rasterio.shutil.copy(
                self._path, self._optimized, driver="COG", compress="deflate", overview_resampling="average",
                bigtiff="if_safer",
            )  # fmt: skip
            # GDAL writes its last blocks on closing, and does not always say that it could not.
            with rasterio.open(self._optimized) as written:
                for top in range(0, written.height, BAND_ROWS):
                    window = rasterio.windows.Window(0, top, written.width, min(BAND_ROWS, written.height - top))
                    written.read(window=window)
                    if self._place.has_gaps:
                        written.dataset_mask(window=window)
        self._optimized.replace(self._path)

    def abandon(self) -> None:
        """Closes the file where that has not been done, whatever becomes of it."""
        import rasterio

        if self._dataset is not None:
            with contextlib.suppress(rasterio.errors.RasterioError):
                self._dataset.close()
        for left in self._path.parent.glob(f"{glob.escape(self._optimized.name)}*"):  # GDAL's own parts too
            with contextlib.suppress(OSError):
                left.unlink()

    @contextlib.contextmanager
    def _naming(self):
        import rasterio
        from rasterio._err import CPLE_BaseError  # what copying raises

        try:
            yield
        except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
            full = shutil.disk_usage(self._path.parent).free < _FULL_BELOW_BYTES
            code = errno.ENOSPC if full else getattr(error, "errno", None) or errno.EIO
            raise OSError(code, os.strerror(code)) from error


class TiffPages:
    """A deflated TIFF of one or several pages; holds the page that is being written.

    Args:
        file: a `tifffile.TiffWriter`.
        channels: 1 or 3.
        state: of the image that it is made from, or None; kept in the first page.
    """

    def __init__(self, file, channels: int, state: str | None = None):
        self._file, self._channels, self._state = file, channels, state
        self._held: list[np.ndarray] = []

    def page(self, height: int, width: int) -> None:
        self.close()

    def rows(self, pixels: np.ndarray, valid: np.ndarray | None) -> None:
        self._held.append(pixels)

    def close(self) -> None:
        if self._held:
            self._file.write(
                np.concatenate(self._held), photometric="minisblack" if self._channels == 1 else "rgb",
                compression="zlib", contiguous=False, metadata=None, description=self._state,
            )  # fmt: skip
            self._held, self._state = [], None
