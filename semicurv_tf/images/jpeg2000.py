"""JPEG 2000 (ISO/IEC 15444-1): what its boxes say, and its values.

Pillow knows neither map coordinates nor all files that GDAL writes: it calls those of three bands damaged, keeps the
high byte of 16 bit colour, and spreads 9 to 15 bit over 16. Such files are read by GDAL, which gives the stored values.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.images.decoded import Decoded, decoded_image
from semicurv_tf.images.opener import orientation_of
from semicurv_tf.images.rasters import open_dataset, require_rasterio

_GEO_JP2 = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")  # of a box that holds a GeoTIFF's tags
_GML_JP2 = b"gml.data"  # label of a box that holds GML (OGC 08-085)
_MOST_BOXES = 1000
_DEPTH_OFFSET = 42  # in a codestream: after the markers SOC and SIZ, nine sizes, offsets and the number of bands


def tells_place(path: Path) -> bool:
    """Whether a box of the file says where it lies on the map.

    Raises:
        OSError: the file cannot be read.
    """
    return any(
        (kind == b"uuid" and begin.startswith(_GEO_JP2)) or (kind == b"asoc" and _GML_JP2 in begin)
        for kind, begin in _boxes(path)
    )


def bits_of(path: Path) -> int:
    """Bits per value of the first band, 1 to 38; 8 where the file does not say.

    Raises:
        OSError: the file cannot be read.
    """
    stream = next((begin for kind, begin in _boxes(path) if kind == b"jp2c"), b"")
    return (stream[_DEPTH_OFFSET] & 127) + 1 if len(stream) > _DEPTH_OFFSET else 8


def decode_jpeg2000(path: Path, image: Image.Image) -> Decoded:
    """The values of a file, upright: by GDAL where they are wider than 8 bit or Pillow cannot read them.

    Args:
        path: the file.
        image: the same, opened by Pillow.

    Raises:
        UserError: Pillow cannot read it, and GDAL is not installed.
        Exception: what Pillow raises, where GDAL cannot read it either.
    """
    if bits_of(path) > 8:
        decoded = _by_gdal(path)
        return decoded_image(image) if decoded is None else decoded.turned(orientation_of(image))
    try:
        return decoded_image(image)
    except MemoryError:
        raise
    except Exception:
        decoded = _by_gdal(path)
        if decoded is None:
            require_rasterio(path, "Pillow cannot read this JPEG 2000, GDAL may", "save it as TIFF")
            raise
        return decoded.turned(orientation_of(image))


def _by_gdal(path: Path) -> Decoded | None:
    """The values as stored; None where GDAL is not installed, or cannot read them."""
    try:
        from rasterio.enums import ColorInterp

        with open_dataset(path) as dataset:
            values, colours = np.moveaxis(dataset.read(), 0, -1), dataset.colorinterp
    except Exception:  # Pillow's reason is told
        return None
    alpha = None
    if colours[-1] == ColorInterp.alpha:
        values, alpha = values[..., :-1], values[..., -1]
    return Decoded(values[..., 0] if values.shape[-1] == 1 else values, alpha)


def _boxes(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The kind of each outer box and the first bytes of its content; a bare codestream counts as the box of one."""
    with path.open("rb") as file:
        if file.read(4) == b"\xff\x4f\xff\x51":
            file.seek(0)
            yield b"jp2c", file.read(64)
            return
        start = 0
        for _ in range(_MOST_BOXES):
            file.seek(start)
            head = file.read(8)
            if len(head) < 8:
                return
            length, kind = struct.unpack(">I4s", head)
            if length == 1:
                length = int.from_bytes(file.read(8), "big")
            yield kind, file.read(64)
            if length < 8:  # 0: up to the end of the file
                return
            start += length
