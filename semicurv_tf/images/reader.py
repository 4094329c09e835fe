"""Reads one image or mask file as a whole: what is accepted, and the line that names what is not.

Everything ends as uint8. Accepted are png, jpg, tif, bmp, webp, gif of 8 or 16 bit, grey, RGB,
RGBA, CMYK or palette. Refused, by a `UserError` that names the file: unreadable, truncated or empty
files, several frames in one file, floating point values, sides under 16 pixels, masks with values
that the rule does not know.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import (
    LARGEST_WHOLE_PIXELS,
    expect_bearable,
    expect_regular,
    naming,
    open_picture,
    open_tiff,
    orientation_of,
    tiff_frames,
    upright,
)
from semicurv_tf.images.values import expect_large_enough, to_channels, to_uint8


def read_image(path: Path, channels: int) -> np.ndarray:
    """Reads an image.

    Args:
        path: the file.
        channels: 1 (grey, by ITU-R 601 luma) or 3 (RGB).

    Returns:
        uint8 array (height, width, channels). 16 bit values keep their high byte. Transparency is
        dropped, the orientation tag of cameras is obeyed.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path):
        return _for_network(decode(path), path, channels)


def read_pages(path: Path, channels: int) -> Iterator[np.ndarray]:
    """Reads the pages of a TIFF stack one after the other; see `read_image`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff, open_picture(path, ("TIFF",), None) as picture:
        for page in _frames(path, tiff):
            yield _for_network(_decode_page(path, page.aspage(), False, LARGEST_WHOLE_PIXELS, picture), path, channels)


def read_stack(path: Path) -> np.ndarray:
    """The values of all pages of a TIFF stack as they stand in the file, `(pages, height, width)`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff:
        for page in tiff.pages:
            expect_bearable(path, page.imagewidth, page.imagelength)
        return tiff.asarray()


def decode(path: Path, palette_indices: bool = False, largest_pixels: int = LARGEST_WHOLE_PIXELS) -> np.ndarray:
    """The values of a file as they stand in it, upright: `(height, width)` or `(height, width, 1 to 4)`.

    Args:
        path: the file.
        palette_indices: of a palette that is not grey take the indices instead of the colours.
        largest_pixels: height x width at most.

    Raises:
        UserError: several frames, too many pixels.
        Exception: whatever a decoder raises; see `naming`.
    """
    expect_regular(path)
    if is_tiff(path):
        with open_tiff(path) as tiff:
            frames = _frames(path, tiff)
            _expect_one_frame(path, len(frames))
            return _decode_page(path, frames[0].aspage(), palette_indices, largest_pixels)
    with open_picture(path, largest_pixels=largest_pixels) as image:
        # MPO is what phones write: a JPEG photograph, then previews of it.
        _expect_one_frame(path, 1 if image.format == "MPO" else getattr(image, "n_frames", 1))
        return _values(image, palette_indices)


def _for_network(values: np.ndarray, path: Path, channels: int) -> np.ndarray:
    pixels = to_uint8(values, path)
    expect_large_enough(path, *pixels.shape[:2])
    return np.ascontiguousarray(to_channels(pixels, channels))


def _frames(path: Path, tiff: tifffile.TiffFile) -> list:
    frames = tiff_frames(tiff)
    told = (tiff.imagej_metadata or {}).get("images", 1) if tiff.is_imagej else 1
    if told > len(frames):
        raise UserError(
            f"{path}: expected one directory per page, found {len(frames)} for {told} pages (ImageJ writes so above 4 GB). "
            "Fix: save it as BigTIFF, or as several files"
        )
    return frames


def _decode_page(
    path: Path, page, palette_indices: bool, largest_pixels: int, opened: Image.Image | None = None
) -> np.ndarray:
    """The values of a page of a TIFF, by Pillow or by tifffile.

    Args:
        opened: the file opened by Pillow, where several pages of it are read: seeking on is cheap, opening is not.
    """
    expect_bearable(path, page.imagewidth, page.imagelength, largest_pixels)
    # Pillow knows more compressions; it lacks 16 bit colour, and misreads other wide types.
    if page.dtype == np.uint8 or page.bitspersample == 1 or (
        page.dtype == np.uint16 and page.samplesperpixel == 1
    ):  # fmt: skip
        if opened is not None:
            opened.seek(page.index)
            return _values(opened, palette_indices)
        with open_picture(path, ("TIFF",), largest_pixels) as image:
            if page.index:
                image.seek(page.index)
            return _values(image, palette_indices)
    pixels = page.asarray()
    if pixels.ndim == 3 and page.planarconfig.name == "SEPARATE":
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[-1] not in (1, 2, 3, 4)):
        raise ValueError(f"array of shape {pixels.shape}")
    return pixels


def _values(image: Image.Image, palette_indices: bool) -> np.ndarray:
    image.load()
    return upright(_stored_values(image, palette_indices), orientation_of(image))


def _stored_values(image: Image.Image, palette_indices: bool) -> np.ndarray:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "I":  # how Pillow may open 16 bit grey
        values = np.asarray(image)
        return values.astype(np.uint16) if 0 <= values.min() <= values.max() < 65536 else values
    if image.mode == "P" and palette_indices:
        palette = np.asarray(image.convert("RGB"))
        grey = (palette == palette[..., :1]).all()
        return palette[..., 0] if grey else np.asarray(image)
    if image.mode in ("1", "L", "RGB", "F"):
        return np.asarray(image)
    if image.mode in ("LA", "La"):
        return np.asarray(image.convert("LA"))[..., 0]
    return np.asarray(image.convert("RGB"))


def _expect_one_frame(path: Path, frames: int) -> None:
    if frames != 1:
        raise UserError(
            f"{path}: expected one image in the file, found {frames} frames. Fix: save each frame as a file of its own"
        )
