"""Finds images and opens them as training reads them, saying in words what that does to the file's values.

What had to be done (grey repeated, 16 bit cut to 8, an alpha channel dropped) is worth a line to the
user, because it changes what the network sees. Moderate images are decoded as a whole; large and
georeferenced ones are read by windows (rasterio), stacks page by page.
"""

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.data import image_files
from semicurv_tf.errors import UserError
from semicurv_tf.inference.rasters import Place, open_raster, require_rasterio
from semicurv_tf.inference.tiles import ArraySource, Source

SUFFIXES = image_files.IMAGE_SUFFIXES
WHOLE_TIFF_PIXELS = 16_777_216  # larger TIFFs are read by windows
WHOLE_PIXELS = 67_108_864  # other formats above this: decoding one takes 7 bytes a pixel
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


@dataclasses.dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are read.

    Attributes:
        frames: pages of a TIFF stack, else 1.
        colours: 1 or 3.
        alpha, palette: whether there is transparency, a palette.
        bits: per value.
        turned: whether an orientation tag turns it.
        georeferenced: whether it is a GeoTIFF.
        large: whether it is read by windows.
        pixels: height x width.
        tiff: whether it is a TIFF.
    """

    frames: int = 1
    colours: int = 3
    alpha: bool = False
    palette: bool = False
    bits: int = 8
    turned: bool = False
    georeferenced: bool = False
    large: bool = False
    pixels: int = 0
    tiff: bool = False

    @property
    def as_tiff(self) -> bool:
        """Whether its masks are best TIFFs too: of stacks, georeferenced and large ones."""
        return self.tiff and (self.frames > 1 or self.georeferenced or self.large)


@dataclasses.dataclass(frozen=True)
class Opened:
    """An image that is ready to be read by rows.

    Attributes:
        source: its rows.
        notes: what reading does to its values.
        place: where it lies on the earth, for results that are written by windows too; else None.
    """

    source: Source
    notes: tuple[str, ...]
    place: Place | None = None


def read_image(path: str | Path, channels: int) -> ReadImage:
    """Reads an image as a whole, by the reader of the training data, so that both see the same values.

    Args:
        path: the image file.
        channels: 1 or 3, what the network takes.

    Raises:
        UserError: the file is missing, unreadable, truncated, too small, too large, or of several frames.
    """
    path = Path(path)
    pixels = image_files.read_image(path, channels)
    return ReadImage(pixels, tuple(_conversions(read_header(path), channels)))


@contextlib.contextmanager
def open_image(
    path: Path, header: Header, channels: int, *, frame: int | None = None, place: bool = False
) -> Iterator[Opened]:
    """Opens an image, or one page of a stack, to be read by rows.

    Args:
        path: the file.
        header: from `read_header`.
        channels: 1 or 3, what the network takes.
        frame: which page of a stack, from 0.
        place: whether the results are to lie where the image lies.

    Raises:
        UserError: as `read_image`; also where rasterio is needed and missing.
    """
    placed = place and header.georeferenced and header.frames == 1
    if placed:
        require_rasterio(path, "is georeferenced", "--format png, which loses where it lies")
    if header.large and header.frames == 1 and header.pixels > Image.MAX_IMAGE_PIXELS:
        require_rasterio(path, f"has {header.pixels / 1e6:.0f} million pixels", "cut it into tiles")
    if placed or (header.large and header.frames == 1 and _is_plain(path, header) and _has_rasterio()):
        with open_raster(path, channels) as raster:
            yield Opened(raster, raster.notes, raster.place)
        return
    pixels = image_files.read_image(path, channels, frame)
    yield Opened(ArraySource(pixels), tuple(_conversions(header, channels)))


def find_images(folder: str | Path, leave_out: Path | None = None) -> list[Path]:
    """All image files under a folder, sub-folders included, sorted; hidden ones are left out.

    Args:
        folder: where to look.
        leave_out: a folder whose files are not taken (an output folder inside the input folder).
    """
    return sorted(_walk(Path(folder), leave_out.resolve() if leave_out else None))


def read_header(path: Path) -> Header:
    """What a file says of itself; the defaults where it cannot be read (reading its pixels will say why)."""
    try:
        return _tiff_header(path) if image_files.is_tiff(path) else _other_header(path)
    except (
        OSError,
        ValueError,
        SyntaxError,
        LookupError,
        TypeError,
        ArithmeticError,
        RuntimeError,
        Image.DecompressionBombError,
    ):
        return Header()


def _walk(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.resolve() != leave_out:
                yield from _walk(entry, leave_out)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _conversions(header: Header, channels: int) -> Iterator[str]:
    """What reading does to the values of a file that was read well."""
    if header.turned:
        yield "turned upright by its EXIF orientation"
    if header.palette:
        yield "palette resolved to colour"
    if header.bits == 16:
        yield "16 bit values cut to 8 bit (value // 256)"
    if header.alpha:
        yield "alpha channel dropped"
    if header.colours == 1 and channels == 3:
        yield "grey repeated to 3 channels"
    if header.colours == 3 and channels == 1:
        yield "colour turned to grey (ITU-R 601 luma)"


def _tiff_header(path: Path) -> Header:
    with tifffile.TiffFile(path) as tiff:
        frames = image_files.tiff_frames(tiff)
        page = frames[0].aspage()
        samples, pixels = page.samplesperpixel, page.imagewidth * page.imagelength
        palette = page.photometric.name == "PALETTE"
        return Header(
            frames=len(frames), colours=3 if samples >= 3 or palette else 1, alpha=samples in (2, 4), bits=page.bitspersample,
            palette=palette, turned=_orientation(page) != 1, georeferenced=_is_geotiff(page),
            large=pixels > WHOLE_TIFF_PIXELS, pixels=pixels, tiff=True,
        )  # fmt: skip


def _other_header(path: Path) -> Header:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # only the header is read here
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            bands, palette, pixels = image.getbands(), image.mode == "P", image.width * image.height
            return Header(
                colours=1 if len(bands) <= 2 and not palette else 3, alpha="A" in bands or "transparency" in image.info,
                palette=palette, bits=16 if image.mode.startswith("I") else 8,
                turned=image.getexif().get(_EXIF_ORIENTATION, 1) != 1, large=pixels > WHOLE_PIXELS, pixels=pixels,
            )  # fmt: skip
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _is_geotiff(page) -> bool:
    """By its tags: ModelPixelScale, ModelTiepoint, ModelTransformation or GeoKeyDirectory."""
    return any(tag in page.tags for tag in (33550, 33922, 34264, 34735))


def _orientation(page) -> int:
    tag = page.tags.get(_EXIF_ORIENTATION)
    return tag.value if tag else 1


def _is_plain(path: Path, header: Header) -> bool:
    """Whether GDAL gives the pixels in the order in which the file shows them.

    Raises:
        UserError: it does not, and the file is too large to be decoded as a whole.
    """
    if header.turned and header.pixels > Image.MAX_IMAGE_PIXELS:
        raise UserError(
            f"{path}: expected an upright image to read by windows, found an orientation tag. Fix: save it turned"
        )
    return not header.turned


def _has_rasterio() -> bool:
    import importlib.util

    return importlib.util.find_spec("rasterio") is not None
