"""Reading one image or mask file: what is accepted, and the line that names what is not.

Everything ends as uint8. Accepted are png, jpg, tif, bmp, webp, gif of 8 or 16 bit, grey, RGB,
RGBA, CMYK or palette. Refused, by a `UserError` that names the file: unreadable, truncated or empty
files, several frames in one file, floating point values, sides under 16 pixels, masks with values
that the rule does not know.
"""

import contextlib
import io
import stat
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps

from semicurv_tf.errors import UserError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"})
_EXIF_ORIENTATION = 0x0112
# Pillow goes by content, not by suffix; formats that run other programs (EPS) stay out.
_PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
SMALLEST_SIDE_PX = 16  # one cell of the deepest feature map of the network

_FAILURES = (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, IndexError,
             KeyError, TypeError, ArithmeticError, RuntimeError)  # fmt: skip


@dataclass(frozen=True)
class MaskRule:
    """How the values of a mask file become 0 and 1.

    Attributes:
        positive_value: this value is positive, every other one is not. None: the mask must be
            two-valued, 0 and one other value, and that other value is positive.
        threshold: values above it are positive (soft or JPEG masks). Excludes `positive_value`.
        invert: swap 0 and 1 at the end.
    """

    positive_value: int | None = None
    threshold: int | None = None
    invert: bool = False


def read_image(path: Path, channels: int, frame: int | None = None) -> np.ndarray:
    """Reads an image.

    Args:
        path: the file.
        channels: 1 (grey, by ITU-R 601 luma) or 3 (RGB).
        frame: which page of a TIFF stack, from 0; None takes the only one and refuses several.

    Returns:
        uint8 array (height, width, channels). 16 bit values keep their high byte. Transparency is
        dropped, the orientation tag of cameras is obeyed.

    Raises:
        UserError: naming the file, see the module.
    """
    with _naming(path):
        pixels = _decode(path, frame=frame)
        return np.ascontiguousarray(to_channels(pixels, channels))


def read_mask(path: Path, rule: MaskRule = MaskRule()) -> np.ndarray:
    """Reads a mask.

    Args:
        path: the file; colour masks must be grey in all but name (equal channels). A palette that
            is grey counts by its grey values, any other palette by its indices.
        rule: how values become 0 and 1.

    Returns:
        uint8 array (height, width, 1) of 0 and 1.

    Raises:
        UserError: naming the file; also where the values do not fit the rule.
    """
    return apply_mask_rule(read_mask_values(path), rule, path)


def read_mask_values(path: Path) -> np.ndarray:
    """The values of a mask file, (height, width), before any rule; see `read_mask`."""
    with _naming(path):
        values = _decode(path, palette_indices=True)
    if values.ndim == 3:
        colours = values[..., :3] if values.shape[-1] in (3, 4) else values[..., :1]
        if (colours != colours[..., :1]).any():
            raise UserError(
                f"{path}: expected a grey or palette mask, found colours. "
                "Fix: save the mask with one channel, or is this an image in place of a mask?"
            )
        values = colours[..., 0]
    return values


def apply_mask_rule(values: np.ndarray, rule: MaskRule, path: Path | str) -> np.ndarray:
    """Turns mask values (height, width) into uint8 0 and 1 (height, width, 1); see `read_mask`."""
    if rule.threshold is not None:
        positive = values > rule.threshold
    elif rule.positive_value is not None:
        positive = values == rule.positive_value
    else:
        found = np.unique(values)
        if len(found) > 2 or (len(found) == 2 and found[0] != 0):
            some = ", ".join(str(value) for value in found[:5])
            raise UserError(
                f"{path}: expected a two-valued mask (0 and one other value), found "
                f"{len(found)} values: {some}{', ...' if len(found) > 5 else ''}. Fix: save the "
                "mask without smoothing as PNG, or choose --set data.options.mask_value=V or "
                "data.options.mask_threshold=127 (dataset folder)"
            )
        positive = values != 0
    return (positive ^ rule.invert).astype(np.uint8)[..., None]


def check_same_size(image: np.ndarray, other: np.ndarray, image_path: Path, other_path: Path):
    """Raises `UserError` unless both arrays have the same height and width."""
    if image.shape[:2] != other.shape[:2]:
        (h, w), (other_h, other_w) = image.shape[:2], other.shape[:2]
        raise UserError(
            f"{other_path}: expected {w}x{h} pixels as its image {image_path.name}, found "
            f"{other_w}x{other_h}. Fix: save both at one size"
        )


def list_images(folder: Path) -> list[Path]:
    """Image files in `folder` (not below it), sorted; broken links are listed, not passed over."""
    return sorted(
        entry for entry in folder.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES
        and not entry.name.startswith(".") and not entry.is_dir()
    )  # fmt: skip


def encode_png(pixels: np.ndarray) -> bytes:
    """PNG bytes of a uint8 array (height, width, 1 or 3), packed for speed rather than size."""
    squeezed = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(squeezed)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def verbatim(path: Path, channels: int) -> bytes | None:
    """The file's own bytes where `decode_bytes` reads them as `read_image` does, else None.

    That holds for JPEG and 8 bit PNG of the right number of channels, without transparency and
    without an orientation tag. The file has been read before, so it is sound.
    """
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        plain = (
            image.format == "JPEG"
            or (image.format == "PNG" and content[24] == 8 and "transparency" not in image.info)
        ) and image.getexif().get(_EXIF_ORIENTATION, 1) == 1  # fmt: skip
        return content if plain and image.mode == {1: "L", 3: "RGB"}[channels] else None


def decode_bytes(encoded: bytes, channels: int) -> np.ndarray:
    """The uint8 array (height, width, channels) of PNG or JPEG bytes that were checked before."""
    with Image.open(io.BytesIO(encoded)) as image:
        pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], channels)


@contextlib.contextmanager
def _naming(path: Path):
    """Turns whatever a decoder raises into one line that names the file."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(
            f"{path}: expected an image file, found none (or a link that leads nowhere). Fix: put the file there"
        ) from None
    except (*_FAILURES, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        if "imagecodecs" in reason:
            raise UserError(
                f"{path}: expected a common TIFF compression, found one that needs a package "
                f"({reason}). Fix: pip install imagecodecs, or save the file as PNG"
            ) from None
        raise UserError(
            f"{path}: expected a readable image, found damage ({reason}). "
            "Fix: copy or download the file again, or remove it"
        ) from None


def _decode(path: Path, palette_indices: bool = False, frame: int | None = None) -> np.ndarray:
    """uint8 array (h, w) or (h, w, 1..4) of a file; raises anything, see `_naming`."""
    if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
        raise UserError(f"{path}: expected a file, found a folder, pipe or device. Fix: remove it")
    if path.suffix.lower() in (".tif", ".tiff") and is_tiff(path):
        pixels = _decode_tiff(path, palette_indices, frame)
    else:
        pixels = _decode_with_pillow(path, palette_indices)
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    elif pixels.dtype != np.uint8:
        raise UserError(
            f"{path}: expected 8 or 16 bit unsigned values, found {pixels.dtype}. Fix: convert the file to 8 bit"
        )
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE_PX:
        raise UserError(
            f"{path}: expected at least {SMALLEST_SIDE_PX}x{SMALLEST_SIDE_PX} pixels, found "
            f"{width}x{height}. Fix: remove the file or give a larger image"
        )
    return pixels


def is_tiff(path: Path) -> bool:
    """Whether the file begins as a TIFF or a BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def tiff_frames(tiff: tifffile.TiffFile) -> list:
    """The pages that are images: neither overviews nor transparency masks of others.

    Raises:
        ValueError: the list of pages breaks off, as in a truncated file.
    """
    last = tiff.pages[-1]
    layout, file = tiff.tiff, tiff.filehandle
    file.seek(last.offset)
    (tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
    file.seek(last.offset + layout.tagnosize + tags * layout.tagsize)
    (following,) = struct.unpack(layout.offsetformat, file.read(layout.offsetsize))
    if following:
        raise ValueError(f"the list of pages breaks off after {len(tiff.pages)}")
    return [page for page in tiff.pages if not (page.is_reduced or page.is_mask)] or [tiff.pages[0]]


def _decode_tiff(path: Path, palette_indices: bool, frame: int | None) -> np.ndarray:
    with tifffile.TiffFile(path) as tiff:
        frames = tiff_frames(tiff)
        if frame is None:
            _expect_one_frame(path, len(frames))
        page = frames[frame or 0].aspage()
        _expect_every_page(path, tiff, len(frames))
        _expect_bearable_size(path, page.imagewidth, page.imagelength)
        # Pillow knows more compressions; it lacks 16 bit colour, and misreads other wide types.
        if page.dtype == np.uint8 or page.bitspersample == 1 or (
            page.dtype == np.uint16 and page.samplesperpixel == 1
        ):  # fmt: skip
            return _decode_with_pillow(path, palette_indices, page.index)
        pixels = page.asarray()
        if pixels.ndim == 3 and page.planarconfig.name == "SEPARATE":
            pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[-1] not in (1, 2, 3, 4)):
        raise ValueError(f"array of shape {pixels.shape}")
    return pixels


def _decode_with_pillow(path: Path, palette_indices: bool, page: int | None = None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=_PILLOW_FORMATS) as image:
            # MPO is what phones write: a JPEG photograph, then previews of it.
            if page is None:
                _expect_one_frame(path, 1 if image.format == "MPO" else getattr(image, "n_frames", 1))
            elif page:
                image.seek(page)
            _expect_bearable_size(path, *image.size)
            image.load()
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):
                return np.asarray(image).astype(np.uint16)
            if image.mode == "I":  # how Pillow may open 16 bit grey
                values = np.asarray(image)
                return values.astype(np.uint16) if 0 <= values.min() <= values.max() < 65536 \
                    else values  # fmt: skip
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


def _expect_every_page(path: Path, tiff: tifffile.TiffFile, frames: int) -> None:
    told = (tiff.imagej_metadata or {}).get("images", 1) if tiff.is_imagej else 1
    if told > frames:
        raise UserError(
            f"{path}: expected one directory per page, found {frames} for {told} pages (ImageJ writes so above 4 GB). "
            "Fix: save it as BigTIFF, or as several files"
        )


def _expect_bearable_size(path: Path, width: int, height: int) -> None:
    # Pillow refuses by itself beyond twice this; the check here covers tifffile as well.
    if width * height > Image.MAX_IMAGE_PIXELS:
        raise UserError(
            f"{path}: expected at most {Image.MAX_IMAGE_PIXELS // 10**6} million pixels, its header "
            f"says {width}x{height}. Fix: cut the image into tiles, or replace a damaged file"
        )


def to_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """uint8 `(height, width, channels)`, of 1 (luma of colours) or 3 (grey repeated), from grey or RGB, with or without alpha."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    pixels = pixels[..., :1] if pixels.shape[-1] < 3 else pixels[..., :3]
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[..., None]
