"""Reads an image file of any common kind into what a network takes: raw 0-255 values, its channel count.

What had to be done to get there (a grey image repeated, 16 bit scaled, an alpha channel dropped) is
said in words with the result, because it changes what the network sees.
"""

import dataclasses
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from semicurv_tf.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
MAX_PIXELS = 200_000_000  # whole images are held in memory: 600 MB of them as RGB

# What the decoders raise on a damaged file; anything else is a fault of ours and shall be seen.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, tifffile.TiffFileError,
)


@dataclasses.dataclass(frozen=True)
class ReadImage:
    """An image as the network takes it.

    Attributes:
        pixels: uint8 `(height, width, channels)`, raw 0-255, channels in RGB order.
        notes: what was done to the file's own values, in words; empty where nothing was.
    """

    pixels: np.ndarray
    notes: tuple[str, ...] = ()


def read_image(path: str | Path, channels: int, max_pixels: int = MAX_PIXELS) -> ReadImage:
    """Reads PNG, JPEG, TIFF, BMP or WebP; grey, palette, RGB, RGBA, CMYK; 1, 8 or 16 bit, or float.

    Grey from colour is ITU-R 601 luma; colour from grey repeats it; alpha is dropped. 16 bit values
    are divided so that 65535 (or 4095 where no value exceeds it, as 12 bit cameras write) becomes
    255; values that already fit 8 bits stay. The scale depends on the range of the format, never on
    an image's own contrast, so that two images of one camera stay comparable. A photograph is
    turned upright by its EXIF orientation: the mask matches the image as viewers show it.

    Args:
        path: the image file.
        channels: 1 or 3, what the network takes.
        max_pixels: the largest height x width accepted.

    Returns:
        The image and what was done to it.

    Raises:
        UserError: the file is missing, unreadable, truncated, empty, too large, or of several pages.
    """
    path = Path(path)
    if channels not in (1, 3):
        raise ValueError(f"Expected channels to be 1 or 3. Received: channels={channels}")
    if not path.is_file():
        raise UserError(f"{path}: expected an image file, found none. Fix: check the path")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: expected an image, found an empty file. Fix: copy it again")
    try:
        read = _read_tiff if path.suffix.lower() in (".tif", ".tiff") else _read_pillow
        values, notes = read(path, max_pixels)
    except UserError:
        raise
    except UnidentifiedImageError:
        raise UserError(
            f"{path}: expected an image ({', '.join(s[1:] for s in SUFFIXES)}), found another kind of file. "
            "Fix: convert it to PNG"
        ) from None
    except _DAMAGED as error:
        raise UserError(
            f"{path}: expected a readable image, found a damaged one ({_one_line(error)}). Fix: copy it again"
        ) from None
    if 0 in values.shape:
        raise UserError(f"{path}: expected an image, found one of size {values.shape[1]}x{values.shape[0]}. Fix: leave it out")
    values, more = _to_8_bit(values, path)
    notes += more
    pixels, more = _to_channels(values, channels, path)
    return ReadImage(np.ascontiguousarray(pixels), tuple(notes + more))


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


def _read_pillow(path: Path, max_pixels: int) -> tuple[np.ndarray, list[str]]:
    notes = []
    with warnings.catch_warnings():
        # Pillow warns of large images by itself; ours is a limit with a remedy, checked before decoding.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(path)
        except Image.DecompressionBombError:
            raise _too_large(path, "over 178 million pixels", max_pixels) from None
    with image:
        if image.width * image.height > max_pixels:
            raise _too_large(path, f"{image.width}x{image.height}", max_pixels)
        image.load()
        if image.getexif().get(0x0112, 1) != 1:
            image = ImageOps.exif_transpose(image)
            notes.append("turned upright by its EXIF orientation")
        if image.mode == "P":
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
            notes.append("palette resolved to colour")
        elif image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
            notes.append(f"{image.mode} converted to RGB")
            image = image.convert("RGB")
        elif image.mode == "1":
            image = image.convert("L")
        values = np.asarray(image)
    if image.mode.startswith("I"):  # "I" and "I;16": 16 bit grey
        values = values.astype(np.uint16) if 0 <= values.min() and values.max() < 65536 else values
    return values, notes


def _read_tiff(path: Path, max_pixels: int) -> tuple[np.ndarray, list[str]]:
    with tifffile.TiffFile(path) as tiff:
        if not tiff.pages:
            raise UserError(f"{path}: expected an image, found a TIFF without pages. Fix: copy it again")
        page = tiff.pages[0]
        if len(tiff.pages) > 1 and not all(p.is_reduced for p in list(tiff.pages)[1:]):
            raise UserError(
                f"{path}: expected one image, found {len(tiff.pages)} pages. Fix: save each page as a file of its own"
            )
        if page.imagewidth * page.imagelength > max_pixels:
            raise _too_large(path, f"{page.imagewidth}x{page.imagelength}", max_pixels)
        simple = page.photometric in (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB)
        if simple and page.compression in (1, 5, 8, 32773, 32946):
            try:
                values = page.asarray()
            except ValueError as error:
                if "imagecodecs" not in str(error):
                    raise
            else:
                if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and values.ndim == 3:
                    values = np.moveaxis(values, 0, -1)
                return (values * np.uint8(255) if values.dtype == bool else values), []
    # Palettes, YCbCr, JPEG and fax compression: Pillow carries those decoders.
    return _read_pillow(path, max_pixels)


def _to_8_bit(values: np.ndarray, path: Path) -> tuple[np.ndarray, list[str]]:
    if values.dtype == np.uint8:
        return values, []
    if not np.all(np.isfinite(values)):
        raise UserError(f"{path}: expected finite pixel values, found NaN or infinity. Fix: fill them in")
    low, high = values.min(), values.max()
    kind = f"{values.dtype.itemsize * 8} bit" if values.dtype.kind in "iu" else str(values.dtype)
    if low < 0 or high > 65535:
        raise UserError(
            f"{path}: expected values in 0-255, 0-65535 or 0-1, found {low:g} to {high:g} ({kind}). "
            "Fix: rescale the image to 8 or 16 bit"
        )
    if values.dtype.kind == "f" and high <= 1:
        scale, said = 255.0, "0-1 scaled to 0-255"
    elif high <= 255:
        scale, said = 1.0, "values already fit 0-255"
    elif high <= 4095:
        scale, said = 255 / 4095, "12 bit range 0-4095 scaled to 0-255"
    else:
        scale, said = 255 / 65535, "0-65535 scaled to 0-255"
    return np.rint(values.astype(np.float32) * np.float32(scale)).astype(np.uint8), [f"{kind}: {said}"]


def _to_channels(values: np.ndarray, channels: int, path: Path) -> tuple[np.ndarray, list[str]]:
    notes = []
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[-1] > 4:
        raise UserError(
            f"{path}: expected 1 to 4 channels, found an array of shape {values.shape}. Fix: save it as grey or RGB"
        )
    if values.shape[-1] in (2, 4):
        notes.append("alpha channel dropped")
        values = values[..., :-1]
    if values.shape[-1] == channels:
        return values, notes
    if channels == 3:
        return np.repeat(values, 3, axis=-1), notes + ["grey repeated to 3 channels"]
    luma = values.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    return np.rint(luma).astype(np.uint8)[..., None], notes + ["colour turned to grey (ITU-R 601 luma)"]


def _too_large(path: Path, size: str, max_pixels: int) -> UserError:
    return UserError(f"{path}: expected at most {max_pixels} pixels, found {size}. Fix: cut the image into parts")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
