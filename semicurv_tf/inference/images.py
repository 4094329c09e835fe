"""Finds images and reads them as training does, saying in words what that did to the file's values.

What had to be done (grey repeated, 16 bit cut to 8, an alpha channel dropped) is worth a line to the
user, because it changes what the network sees.
"""

import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.data import image_files

SUFFIXES = image_files.IMAGE_SUFFIXES
_EXIF_ORIENTATION = 0x0112


@dataclasses.dataclass(frozen=True)
class ReadImage:
    """An image as the network takes it.

    Attributes:
        pixels: uint8 `(height, width, channels)`, raw 0-255, channels in RGB order.
        notes: what was done to the file's own values, in words; empty where nothing was.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()


def read_image(path: str | Path, channels: int) -> ReadImage:
    """Reads an image by the reader of the training data, so that both see the same values.

    Args:
        path: the image file.
        channels: 1 or 3, what the network takes.

    Raises:
        UserError: the file is missing, unreadable, truncated, too small, too large, or of several frames.
    """
    path = Path(path)
    pixels = image_files.read_image(path, channels)
    return ReadImage(pixels, tuple(_conversions(path, channels)))


def find_images(folder: str | Path, leave_out: Path | None = None) -> list[Path]:
    """All image files under a folder, sub-folders included, sorted; hidden ones are left out.

    Args:
        folder: where to look.
        leave_out: a folder whose files are not taken (an output folder inside the input folder).
    """
    return sorted(_walk(Path(folder), leave_out.resolve() if leave_out else None))


def _walk(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.resolve() != leave_out:
                yield from _walk(entry, leave_out)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _conversions(path: Path, channels: int) -> Iterator[str]:
    """What reading does to the values of a file that was read well, told from its header."""
    colours, alpha, bits, palette, turned = _header(path)
    if turned:
        yield "turned upright by its EXIF orientation"
    if palette:
        yield "palette resolved to colour"
    if bits == 16:
        yield "16 bit values cut to 8 bit (value // 256)"
    if alpha:
        yield "alpha channel dropped"
    if colours == 1 and channels == 3:
        yield "grey repeated to 3 channels"
    if colours == 3 and channels == 1:
        yield "colour turned to grey (ITU-R 601 luma)"


def _header(path: Path) -> tuple[int, bool, int, bool, bool]:
    """Colour channels (1 or 3), whether alpha, bits per value, whether a palette, whether turned."""
    with path.open("rb") as file:
        is_tiff = file.read(2) in (b"II", b"MM")
    if is_tiff:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages[0]
            samples = page.samplesperpixel
            return 3 if samples >= 3 else 1, samples in (2, 4), page.bitspersample, page.photometric.name == "PALETTE", False
    with warnings.catch_warnings(), Image.open(path) as image:
        warnings.simplefilter("ignore")
        bands = image.getbands()
        palette = image.mode == "P"
        return (
            1 if len(bands) <= 2 and not palette else 3,
            "A" in bands or "transparency" in image.info,
            16 if image.mode.startswith("I") else 8,
            palette,
            image.getexif().get(_EXIF_ORIENTATION, 1) != 1,
        )
