"""Decodes one image file as a whole, of any format that is read: its own values, upright."""

import dataclasses
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.decoded import Decoded, decoded_image
from semicurv_tf.images.formats import JPEG2000, RAW_SUFFIXES, is_tiff
from semicurv_tf.images.jpeg2000 import bits_of, decode_jpeg2000
from semicurv_tf.images.opener import (
    LARGEST_WHOLE_PIXELS,
    develop_raw,
    expect_regular,
    open_picture,
    open_tiff,
    orientation_of,
)
from semicurv_tf.images.tiff_pages import command_to_split, decode_page, no_data_value_of, pages_of, with_mask_page
from semicurv_tf.images.values import is_wide


def decode(path: Path, largest_pixels: int = LARGEST_WHOLE_PIXELS) -> Decoded:
    """The values of a file as they stand in it, upright.

    Args:
        path: the file.
        largest_pixels: height x width at most.

    Raises:
        UserError: several frames, too many pixels.
        Exception: whatever a decoder raises; see `naming`.
    """
    expect_regular(path)
    if path.suffix.lower() in RAW_SUFFIXES:
        return Decoded(develop_raw(path))
    if is_tiff(path):
        with open_tiff(path) as tiff:
            frames = pages_of(path, tiff)
            _expect_one_frame(path, len(frames), f"move it elsewhere after {command_to_split(path)}")
            page = frames[0].aspage()
            decoded = decode_page(path, page, largest_pixels)
            decoded = with_mask_page(path, decoded, page, tiff)
            return dataclasses.replace(decoded, no_data_value=no_data_value_of(page))
    with open_picture(path, largest_pixels=largest_pixels) as image:
        # MPO is what phones write: a JPEG photograph, then previews of it.
        _expect_one_frame(path, 1 if image.format == "MPO" else getattr(image, "n_frames", 1))
        if image.format == JPEG2000:
            return decode_jpeg2000(path, image)
        wide = _wide_png(path, image)
        return decoded_image(image) if wide is None else wide.turned(orientation_of(image))


def may_be_wide(path: Path) -> bool:
    """Whether values of a file may be wider than 8 bit, by its header."""
    if path.suffix.lower() in RAW_SUFFIXES:
        return False
    if not is_tiff(path):
        with open_picture(path) as image, path.open("rb") as file:
            if image.format == JPEG2000:
                return bits_of(path) > 8
            return image.mode.startswith(("I", "F")) or (image.format == "PNG" and file.read(25)[24] == 16)
    with open_tiff(path) as tiff:
        page = tiff.pages[0].aspage()
        return is_wide(np.dtype(page.dtype)) and page.bitspersample > 1


def _wide_png(path: Path, image: Image.Image) -> Decoded | None:
    """A PNG of 16 bit colour, of which Pillow keeps the high byte only; None for others, and without GDAL."""
    if image.format != "PNG" or image.mode not in ("RGB", "RGBA"):
        return None
    with path.open("rb") as file:
        if file.read(25)[24] != 16:
            return None
    values = _by_rasterio(path)
    if values is None:
        return None
    has_alpha = values.shape[-1] in (2, 4)  # grey with alpha, which Pillow calls RGBA, or colour with it
    return Decoded(values[..., :-1], values[..., -1]) if has_alpha else Decoded(values)


def _by_rasterio(path: Path) -> np.ndarray | None:
    """An image by GDAL, which knows more depths; None where it is not installed."""
    try:
        from semicurv_tf.images.rasters import open_dataset

        with open_dataset(path) as dataset:
            return np.moveaxis(dataset.read(), 0, -1)
    except ImportError:
        return None


def _expect_one_frame(path: Path, frames: int, remedy: str = "save each frame as a file of its own") -> None:
    if frames != 1:
        raise UserError(f"{path}: expected one image in the file, found {frames} frames. Fix: {remedy}")
