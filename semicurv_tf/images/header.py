"""What an image file says of itself; no pixel is decoded for it."""

import dataclasses
import struct
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.opener import open_picture, open_tiff, orientation_of, page_orientation, tiff_frames

WHOLE_TIFF_PIXELS = 16_777_216  # larger TIFFs are read by windows
WHOLE_PIXELS = 67_108_864  # other formats above this: decoding one takes 7 bytes per pixel
GEO_TAGS = (33550, 33922, 34264, 34735)  # ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory


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

    def conversions(self, channels: int) -> Iterator[str]:
        """In words, what reading does to the values of the file for a network of so many channels."""
        if self.turned:
            yield "turned upright by its EXIF orientation"
        if self.palette:
            yield "palette resolved to colour"
        if self.bits == 16:
            yield "16 bit values cut to 8 bit (value // 256)"
        if self.alpha:
            yield "alpha channel dropped"
        if self.colours == 1 and channels == 3:
            yield "grey repeated to 3 channels"
        if self.colours == 3 and channels == 1:
            yield "colour turned to grey (ITU-R 601 luma)"


def read_header(path: Path) -> Header:
    """What a file says of itself; the defaults where it cannot be read (reading its pixels will say why)."""
    try:
        return _tiff_header(path) if is_tiff(path) else _other_header(path)
    except Exception:  # decoders raise anything
        return Header()


def _tiff_header(path: Path) -> Header:
    with open_tiff(path) as tiff:
        frames = tiff_frames(tiff)
        page = frames[0].aspage()
        samples, pixels = page.samplesperpixel, page.imagewidth * page.imagelength
        palette = page.photometric.name == "PALETTE"
        return Header(
            frames=len(frames), colours=3 if samples >= 3 or palette else 1, alpha=samples in (2, 4), bits=page.bitspersample,
            palette=palette, turned=page_orientation(page) != 1, georeferenced=any(tag in page.tags for tag in GEO_TAGS),
            large=pixels > WHOLE_TIFF_PIXELS, pixels=pixels, tiff=True,
        )  # fmt: skip


def _other_header(path: Path) -> Header:
    with open_picture(path, largest_pixels=None) as image:
        if image.format == "PNG":
            _find_png_exif(image, path)
        bands, palette, pixels = image.getbands(), image.mode == "P", image.width * image.height
        return Header(
            colours=1 if len(bands) <= 2 and not palette else 3, alpha="A" in bands or "transparency" in image.info,
            palette=palette, bits=16 if image.mode.startswith("I") else 8,
            turned=orientation_of(image) != 1, large=pixels > WHOLE_PIXELS, pixels=pixels,
        )  # fmt: skip


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
