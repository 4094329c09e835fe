"""How the values of a TIFF become grey or colours: what its tag PhotometricInterpretation asks of a reader.

Read are grey (black or white is zero), RGB, palettes, CMYK, and what decoders turn to RGB themselves. Anything else
would be taken for an RGB that it is not, and is refused.
"""

from pathlib import Path

import numpy as np
import tifffile

from semicurv_tf.errors import UserError
from semicurv_tf.wording import typed

_AS_STORED = ("MINISBLACK", "MINISWHITE", "RGB")
_ALPHA = (1, 2)  # TIFF's ExtraSamples: associated and unassociated alpha
_INK_SET = 332  # the tag: 1, or none, is CMYK
_NAMES = {"SEPARATED": "inks", "YCBCR": "YCbCr", "PALETTE": "a palette"}


def photometric_of(page) -> str:
    """The name of a page's PhotometricInterpretation as tifffile has it, or its number where tifffile knows none."""
    try:
        return tifffile.PHOTOMETRIC(page.photometric).name
    except ValueError:
        return f"PhotometricInterpretation {page.photometric}"


def alpha_of_page(page) -> bool:
    """Whether the last band of a page of a TIFF is alpha."""
    extra = tuple(int(kind) for kind in page.extrasamples or ())
    return bool(extra) and extra[-1] in _ALPHA


def expect_known_photometric(path: Path, page, *, by_windows: bool = False) -> None:
    """Refuses a page of a TIFF whose values are neither grey nor colours that can be had from it.

    Args:
        path: of the file, for the error.
        page: a `tifffile.TiffPage`.
        by_windows: whether GDAL reads it, which turns CIELAB into other colours than those of its profile.

    Raises:
        UserError: naming the file, what was found, and a command that converts it.
    """
    name, bits, samples = photometric_of(page), page.bitspersample, page.samplesperpixel
    colours = samples - len(page.extrasamples or ())
    ink_set = page.tags.get(_INK_SET)
    known = name in _AS_STORED or {
        "PALETTE": bits <= 8,
        "YCBCR": bits == 8 and (samples == 3 or alpha_of_page(page)),
        "SEPARATED": page.dtype in (np.uint8, np.uint16) and colours == 4 and (ink_set is None or ink_set.value == 1),
        "CIELAB": bits == 8 and samples == 3 and not by_windows,
    }.get(name, False)
    if not known:
        quoted, quoted_png = typed(path), typed(path.with_suffix(".png"))
        raise UserError(
            f"{path}: expected grey, RGB, or CMYK of 8 or 16 bit, found {_NAMES.get(name, name)} "
            f"({samples} x {bits} bit). "
            f"Fix: put in its place what this writes: magick {quoted} -colorspace sRGB {quoted_png}"
        )


def as_shown(values: np.ndarray, photometric: str, bits: int) -> np.ndarray:
    """Values with black at the low end, in grey or RGB.

    Args:
        values: `(height, width)` or `(height, width, bands)`, as stored, without alpha.
        photometric: see `photometric_of`; of what a decoder turned to RGB, "RGB".
        bits: per value, in the file; 2 and 4 of them are spread over 8.

    Returns:
        The same type and shape; of inks the first three bands are left, as RGB.

    Example:
        >>> as_shown(np.array([[0, 15]], np.uint8), "MINISWHITE", 4)
        array([[255,   0]], dtype=uint8)
    """
    if bits < 8 and values.dtype == np.uint8 and photometric != "PALETTE":
        values = (values.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)
    if photometric == "MINISWHITE":
        return _white_at_the_top(values)
    return _rgb_of_inks(values) if photometric == "SEPARATED" else values


def _white_at_the_top(values: np.ndarray) -> np.ndarray:
    """Unsigned ones from their maximum, signed ones from -1 (no overflow), others from 1, as libvips has it."""
    if values.dtype.kind in "uib":
        return ~values
    return (1 - values).astype(values.dtype)


def _rgb_of_inks(inks: np.ndarray) -> np.ndarray:
    """CMYK, 0 no ink, as Pillow turns it to RGB: (1 - ink) (1 - black), rounded."""
    full = int(np.iinfo(inks.dtype).max)
    paper = full - inks[..., :4].astype(np.int64)
    return ((paper[..., :3] * paper[..., 3:] + full // 2) // full).astype(inks.dtype)
