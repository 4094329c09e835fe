"""The one place where an image file is opened: allowed formats only, a pixel limit before anything is decoded.

Pillow's own limit is a global of the process; to lift it while other threads read is a race. Its format plugins are
asked directly here instead, so that the global is never looked at, nor changed. A file is checked by its header:
opening decodes nothing.
"""

import contextlib
import io
import logging
import shlex
import stat
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tifffile
from PIL import (  # the plugins enter themselves into `Image.OPEN`
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import PILLOW_FORMATS

LARGEST_WHOLE_PIXELS = 89_478_485  # of an image decoded in one piece: 256 MiB as RGB
_EXIF_ORIENTATION = 0x0112
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


@contextlib.contextmanager
def open_picture(
    file: Path | bytes, formats: tuple[str, ...] = PILLOW_FORMATS, largest_pixels: int | None = LARGEST_WHOLE_PIXELS
) -> Iterator[Image.Image]:
    """Opens an image by Pillow; its pixels are decoded when they are asked for.

    Args:
        file: a path, or the bytes of a file.
        formats: Pillow's names of those that are allowed.
        largest_pixels: height x width at most; None: any, for reading the header alone.

    Raises:
        UserError: no regular file, or too many pixels.
        Exception: whatever the decoder raises; see `naming`.
    """
    quiet_decoders()
    name = file if isinstance(file, Path) else "image"
    if isinstance(file, Path):
        expect_regular(file)
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as content:
        with _identified(content, formats, name) as image:
            if largest_pixels is not None:
                expect_bearable(name, *image.size, largest_pixels)
            yield image


@contextlib.contextmanager
def open_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """Opens a TIFF by its tags; nothing is decoded.

    Raises:
        UserError: no regular file.
        Exception: whatever the reader raises; see `naming`.
    """
    quiet_decoders()
    expect_regular(path)
    with tifffile.TiffFile(path) as tiff:
        yield tiff


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
    return [page for page in tiff.pages if not (page.aspage().is_reduced or page.aspage().is_mask)] or [tiff.pages[0]]


def orientation_of(image: Image.Image) -> int:
    """The orientation tag of cameras, 1 (upright) to 8, of an opened image; decodes nothing."""
    # PngImageFile.getexif would decode the image first; its base class does not.
    return _known(Image.Image.getexif(image).get(_EXIF_ORIENTATION, 1))


def page_orientation(page) -> int:
    """The orientation tag of a page of a TIFF, 1 (upright) to 8."""
    tag = page.tags.get(_EXIF_ORIENTATION)
    return _known(tag.value if tag else 1)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels `(height, width, ...)` as stored, turned as the orientation tag (1 to 8, EXIF 2.3) says; a view."""
    turns = {
        2: lambda stored: stored[:, ::-1],
        3: lambda stored: stored[::-1, ::-1],
        4: lambda stored: stored[::-1],
        5: lambda stored: stored.swapaxes(0, 1),
        6: lambda stored: np.rot90(stored, -1),
        7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
        8: lambda stored: np.rot90(stored),
    }
    return turns[orientation](pixels) if orientation in turns else pixels


def expect_regular(path: Path) -> None:
    """Refuses folders, pipes and devices: reading a pipe would wait for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise UserError(f"{path}: expected a file, found a folder, pipe or device. Fix: remove it")


def expect_bearable(path: Path | str, width: int, height: int, largest_pixels: int = LARGEST_WHOLE_PIXELS) -> None:
    """Refuses an image of more pixels than can be decoded at once."""
    if not 0 < width * height <= largest_pixels:
        raise UserError(
            f"{path}: expected 1 to {largest_pixels // 10**6} million pixels, found others: its header says "
            f"{width}x{height}. "
            "Fix: cut the image into tiles, or replace a damaged file"
        )


@contextlib.contextmanager
def naming(path: Path, what: str = "image") -> Iterator[None]:
    """Turns whatever a decoder raises into one line that names the file.

    Args:
        path: the file.
        what: it should be, "image" or "mask".
    """
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        article = "an" if what == "image" else "a"
        raise UserError(
            f"{path}: expected {article} {what} file, found none (or a link that leads nowhere). "
            "Fix: put the file there"
        ) from None
    except MemoryError:
        raise UserError(
            f"{path}: expected an image that fits into memory, found too large a one. Fix: cut it into tiles"
        ) from None
    except Exception as error:  # decoders raise anything, from struct.error to their own
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(
                f"{path}: expected a file that can be read, found {error.strerror}. "
                "Fix: check its permissions, and its disk"
            ) from None
        # rasterio's own text is "see cause"
        reason = " ".join(str(error.__cause__ or error).split())[:160] or type(error).__name__
        if "imagecodecs" in reason:
            raise UserError(
                f"{path}: expected a common TIFF compression, found one that needs a package "
                f"({reason}). Fix: pip install imagecodecs, or save the file as PNG"
            ) from None
        raise UserError(
            f"{path}: expected a readable {what}, found damage ({reason}). "
            "Fix: copy or download the file again, or remove it"
        ) from None


def _identified(content: BinaryIO, formats: tuple[str, ...], name: Path | str) -> Image.Image:
    prefix = content.read(16)
    if prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS:
        formats = (*formats, _register_heif(name))
    for format in formats:
        factory, accept = Image.OPEN[format]
        accepted = accept(prefix) if accept else True
        if not accepted or isinstance(accepted, str):  # a text says why the format is not supported
            continue
        content.seek(0)
        with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):  # as Image.open does
            return factory(content, "")
    if prefix.startswith(b"<VRTDataset"):
        command = ["gdal_translate", str(name), str(Path(name).with_suffix(".tif"))]
        raise UserError(
            f"{name}: expected an image, found a VRT, which names other files and is not opened. "
            f"Fix: {shlex.join(command)}"
        )
    raise UnidentifiedImageError("cannot identify it as an image")


def _register_heif(name: Path | str) -> str:
    """Pillow's name of the format of phones, once its plugin is there."""
    try:
        import pillow_heif
    except ImportError:
        raise UserError(f"{name}: a HEIC image needs the package pillow-heif. Fix: pip install pillow-heif") from None
    pillow_heif.register_heif_opener()
    return "HEIF"


def develop_raw(path: Path) -> np.ndarray:
    """A camera's raw file as RGB, uint8 `(height, width, 3)`, upright, by LibRaw's defaults (its white balance).

    Raises:
        UserError: rawpy is not installed.
        Exception: whatever it raises; see `naming`.
    """
    try:
        import rawpy
    except ImportError:
        raise UserError(f"{path}: a camera's raw file needs the package rawpy. Fix: pip install rawpy") from None
    expect_regular(path)
    with rawpy.imread(str(path)) as raw:
        expect_bearable(path, raw.sizes.width, raw.sizes.height)
        return raw.postprocess(use_camera_wb=True)


def _known(orientation) -> int:
    return orientation if orientation in range(2, 9) else 1


def quiet_decoders() -> None:
    """Keeps decoders from printing warnings; `warnings.catch_warnings` would be a race between threads.

    What tifffile logs of tags (a no-data value in more digits than its type has) stops no reading; what does is raised.
    """
    warnings.filterwarnings("ignore", module=r"(PIL|tifffile|rasterio)\b")
    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
