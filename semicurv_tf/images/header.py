"""What an image file says of itself; no pixel is decoded for it."""

import dataclasses
import struct
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from semicurv_tf.images.formats import GDAL_DRIVERS, JPEG2000, RAW_SUFFIXES, is_tiff
from semicurv_tf.images.georeference import world_file
from semicurv_tf.images.jpeg2000 import bits_of, tells_place
from semicurv_tf.images.opener import (
    LARGEST_WHOLE_PIXELS,
    open_picture,
    open_tiff,
    orientation_of,
    page_orientation,
    tiff_frames,
)
from semicurv_tf.images.photometric import alpha_of_page, photometric_of
from semicurv_tf.images.values import ValueRange, bands_used

WHOLE_TIFF_PIXELS = 16_777_216  # larger TIFFs are read by windows
WHOLE_PIXELS = 67_108_864  # other formats above this: decoding one takes 7 bytes per pixel
_PLACED = ("PNG", "JPEG", "BMP", JPEG2000)  # read with their world files
GEO_TAGS = (33550, 33922, 34264, 34735)  # ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory


@dataclasses.dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are read.

    Attributes:
        frames: pages of a TIFF stack, else 1.
        colours: 1, or 3 and more: bands without alpha.
        alpha, palette: whether there is transparency, a palette.
        bits: per value.
        turned: whether an orientation tag turns it.
        georeferenced: whether it is a GeoTIFF or a JPEG 2000 with map coordinates, or has a world file beside it.
        large: whether it is read by windows.
        width, height: of the stored pixels.
        tiff: whether it is a TIFF.
        white_is_zero: whether a TIFF says so.
    """

    frames: int = 1
    colours: int = 3
    alpha: bool = False
    palette: bool = False
    bits: int = 8
    turned: bool = False
    georeferenced: bool = False
    large: bool = False
    width: int = 0
    height: int = 0
    tiff: bool = False
    white_is_zero: bool = False

    @property
    def pixels(self) -> int:
        """Height x width."""
        return self.width * self.height

    @property
    def as_tiff(self) -> bool:
        """Whether its masks are best TIFFs too: of stacks, georeferenced and large ones."""
        return self.georeferenced or (self.tiff and (self.frames > 1 or self.large))

    def conversions(self, channels: int, value_range: ValueRange | None = None) -> Iterator[str]:
        """In words, what reading does to the values of the file.

        Args:
            channels: what the network takes.
            value_range: by which values wider than 8 bit were stretched.
        """
        if self.turned:
            yield "turned upright by its EXIF orientation"
        if self.palette:
            yield "palette resolved to colour"
        if value_range:
            yield value_range.said()
        if self.alpha:
            yield "alpha channel dropped"
        if self.colours == 1 and channels == 3:
            yield "grey repeated to 3 channels"
        if self.colours > bands_used(channels):
            yield f"only the first {bands_used(channels)} of {self.colours} bands used"
        if self.colours >= 3 and channels == 1:
            yield "colour turned to grey (ITU-R 601 luma)"


def read_header(path: Path) -> Header:
    """What a file says of itself; the defaults where it cannot be read (reading its pixels will say why)."""
    try:
        if path.suffix.lower() in RAW_SUFFIXES:
            return Header()
        return _tiff_header(path) if is_tiff(path) else _other_header(path)
    except Exception:  # decoders raise anything
        return Header()


def image_orientation(path: Path) -> tuple[int, int, int]:
    """The orientation tag of a file, 1 (upright) to 8, and the width and height of its stored pixels.

    Raises:
        Exception: whatever the decoder raises; see `opener.naming`.
    """
    if is_tiff(path) and path.suffix.lower() not in RAW_SUFFIXES:
        with open_tiff(path) as tiff:
            page = tiff.pages[0].aspage()
            return page_orientation(page), page.imagewidth, page.imagelength
    with open_picture(path, largest_pixels=None) as image:
        if image.format == "PNG":
            _find_png_exif(image, path)
        return orientation_of(image), *image.size


def _tiff_header(path: Path) -> Header:
    with open_tiff(path) as tiff:
        frames = tiff_frames(tiff)
        page = frames[0].aspage()
        samples, pixels = page.samplesperpixel, page.imagewidth * page.imagelength
        photometric = photometric_of(page)
        palette, colours = photometric == "PALETTE", samples - alpha_of_page(page)
        return Header(
            frames=len(frames), colours=3 if photometric in ("PALETTE", "SEPARATED") else colours,
            alpha=alpha_of_page(page),
            bits=page.bitspersample, palette=palette, turned=page_orientation(page) != 1,
            georeferenced=any(tag in page.tags for tag in GEO_TAGS) or world_file(path) is not None,
            large=pixels > WHOLE_TIFF_PIXELS, width=page.imagewidth, height=page.imagelength, tiff=True,
            white_is_zero=photometric == "MINISWHITE",
        )  # fmt: skip


def _other_header(path: Path) -> Header:
    with open_picture(path, largest_pixels=None) as image:
        if image.format == "PNG":
            _find_png_exif(image, path)
        bands, palette, pixels = image.getbands(), image.mode == "P", image.width * image.height
        largest = WHOLE_PIXELS if image.format in GDAL_DRIVERS else LARGEST_WHOLE_PIXELS
        return Header(
            colours=1 if len(bands) <= 2 and not palette else 3, alpha="A" in bands or "transparency" in image.info,
            palette=palette, bits=_bits(image, path),
            turned=orientation_of(image) != 1, large=pixels > largest, width=image.width, height=image.height,
            georeferenced=orientation_of(image) == 1 and _has_place(image, path),
        )  # fmt: skip


def _has_place(image: Image.Image, path: Path) -> bool:
    """Whether a world file beside a file that is no TIFF, or the file itself, says where it lies."""
    if image.format not in _PLACED:
        return False
    return world_file(path) is not None or (image.format == JPEG2000 and tells_place(path))


def _bits(image: Image.Image, path: Path) -> int:
    if image.format == JPEG2000:
        return bits_of(path)
    if image.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]
    return 32 if image.mode == "F" else 16 if image.mode.startswith("I") else 8


def _find_png_exif(image: Image.Image, path: Path) -> None:
    """Gives an opened PNG the EXIF that stands behind its pixels, where Pillow looks only after decoding."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"eXIf":
                image.info.setdefault("exif", b"Exif\0\0" + file.read(length))
                return
            file.seek(length + 4, 1)
