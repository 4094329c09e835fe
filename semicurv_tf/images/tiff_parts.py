"""The strips and tiles of a TIFF: each must be about as large, unpacked, as the page's header says.

Decoders take both on trust: 1.6 MB of deflate that unpack to 1.6 GB stand in for a strip of 1 KB, and a tile of 40,000
pixels square for a picture of 16.
"""

import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semicurv_tf.errors import UserError
from semicurv_tf.images.opener import LARGEST_WHOLE_PIXELS

LARGEST_TILE_PIXELS = 16_777_216  # of an image that is smaller than a tile; 4 times its pixels where it is larger
LARGEST_PAGE_BYTES = 12 * LARGEST_WHOLE_PIXELS  # the largest image in three bands of float32
_UNPACKERS: dict[int, Callable[[], Any]] = {
    8: zlib.decompressobj,
    32946: zlib.decompressobj,
    34925: lzma.LZMADecompressor,
}  # TIFF's Compression
_HARMLESS_BYTES = 65_536  # unpack to 64 MB at most


def expect_fitting_tiles(path: Path, width: int, height: int, tile_width: int, tile_height: int) -> None:
    """Refuses tiles that are far larger than the image that they make up.

    Raises:
        UserError: naming the file.
    """
    if tile_width * tile_height > max(LARGEST_TILE_PIXELS, 4 * width * height):
        raise UserError(
            f"{path}: expected tiles no larger than the image of {width}x{height}, found {tile_width}x{tile_height}. "
            "Fix: save it anew, or remove it"
        )


def expect_fitting_parts(path: Path, page) -> None:
    """Refuses a page of a TIFF of too many bytes, or with a part that unpacks to more than it should hold.

    The packed bytes are read once for it.

    Args:
        path: of the file, for the error.
        page: a `tifffile.TiffPage`.

    Raises:
        UserError: naming the file.
    """
    width, height = page.imagewidth, page.imagelength
    pixel_bytes = page.samplesperpixel * max(1, page.bitspersample // 8)
    if width * height * pixel_bytes > LARGEST_PAGE_BYTES:  # parts that lack stand for zeros: the file may be tiny
        raise UserError(
            f"{path}: expected at most {LARGEST_PAGE_BYTES // 10**6} MB of values, found {width}x{height} pixels of "
            f"{pixel_bytes} bytes. Fix: cut it into tiles, or keep fewer bands"
        )
    if page.is_tiled:
        expect_fitting_tiles(path, width, height, page.tilewidth, page.tilelength)
        pixels = page.tilewidth * page.tilelength
    else:
        pixels = width * min(height, page.rowsperstrip)
    make = _UNPACKERS.get(int(page.compression))
    counts = page.databytecounts
    if make is None or max(counts, default=0) <= _HARMLESS_BYTES:
        return
    most = pixels * pixel_bytes + 1024
    for data, index in page.parent.filehandle.read_segments(page.dataoffsets, counts):
        # Damage within is for the decoder to name.
        if data is not None and _unpacked_bytes(make(), data, most) > most:
            raise UserError(
                f"{path}: expected parts of {most} bytes at most, found one that unpacks to more (part {index}). "
                "Fix: save it anew, or remove it"
            )


def _unpacked_bytes(unpacker, data: bytes, most: int) -> int:
    """How long a part is unpacked; no more is unpacked than tells whether it is above `most`."""
    try:
        return len(unpacker.decompress(data, most + 1))
    except (zlib.error, lzma.LZMAError, EOFError):
        return 0
