"""Decodes a page of a TIFF by Pillow or by tifffile, or by GDAL where these cannot; and what else the file marks."""

import contextlib
import dataclasses
import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.decoded import Decoded, decoded_image
from semicurv_tf.images.opener import expect_bearable, open_picture, page_orientation, tiff_frames, upright
from semicurv_tf.images.photometric import alpha_of_page, as_shown, expect_known_photometric, photometric_of
from semicurv_tf.images.tiff_parts import expect_fitting_parts

_NO_DATA_TAG = 42113  # GDAL_NODATA
_PACKED_AS_ZIP = (1, 8, 32946)  # TIFF's Compression: none, and the two numbers of deflate
# JPEG 2000 (three numbers), LERC, WebP, JPEG XL. Of WebP, Pillow's libtiff writes to stderr that it lacks it.
_UNKNOWN_TO_PILLOW = (33003, 33005, 34712, 34887, 50001, 50002)


def pages_of(path: Path, tiff: tifffile.TiffFile) -> list:
    """The pages of a TIFF that are images; see `opener.tiff_frames`.

    Raises:
        UserError: there are more pages than directories.
        ValueError: the list of pages breaks off.
    """
    frames = tiff_frames(tiff)
    told = _pages_told(tiff, frames[0].aspage())
    if told > len(frames):
        separated = path.with_name(f"{path.stem}_pages.tif")
        program = (
            f"import tifffile; tifffile.imwrite({_literal(separated)}, tifffile.imread({_literal(path)}), "
            'photometric="minisblack", bigtiff=True)'
        )
        raise UserError(
            f"{path}: expected one directory per page, found {len(frames)} for {told} pages "
            f"(ImageJ writes so above 4 GB, others volumes). Fix: {shlex.join(['python', '-c', program])}"
        )
    return frames


def _pages_told(tiff: tifffile.TiffFile, page) -> int:
    """How many pages a file says that it holds: several may stand behind the directory of the first."""
    if tiff.is_imagej:
        return (tiff.imagej_metadata or {}).get("images", 1)
    if page.imagedepth > 1:
        return page.imagedepth
    shaped = (tiff.shaped_metadata or ({},))[0]
    return math.prod(shaped["shape"]) // page.size if shaped.get("truncated") else 1


def command_to_split(path: Path) -> str:
    """The command that saves each page of a TIFF as a file of its own, beside it."""
    program = (
        f'import tifffile; [tifffile.imwrite({_literal(path.with_suffix(""))} + f"_{{n}}.tif", page.asarray()) '
        f"for n, page in enumerate(tifffile.TiffFile({_literal(path)}).pages)]"
    )
    return shlex.join(["python", "-c", program])


def _literal(path: Path) -> str:
    """A path in Python's and JSON's double quotes, which a shell's single quotes leave as they are."""
    return json.dumps(str(path), ensure_ascii=False)


def decode_page(path: Path, page, largest_pixels: int, opened: Callable[[], Image.Image] | None = None) -> Decoded:
    """A page of a TIFF, upright, by Pillow or by tifffile, or by GDAL where these cannot.

    Args:
        path: the file.
        page: a `tifffile.TiffPage`.
        largest_pixels: height x width at most.
        opened: gives the file opened by Pillow, where several pages of it are read: seeking on is cheap, opening is
            not.
    """
    expect_bearable(path, page.imagewidth, page.imagelength, largest_pixels)
    expect_fitting_parts(path, page)
    expect_known_photometric(path, page)
    try:
        return _page_without_gdal(path, page, largest_pixels, opened)
    except (UserError, MemoryError):
        raise
    except Exception:
        decoded = _page_by_gdal(path, page)
        if decoded is None:
            raise
        return decoded


def with_mask_page(path: Path, decoded: Decoded, page, tiff: tifffile.TiffFile) -> Decoded:
    """Marks what the internal mask of a TIFF leaves out."""
    for other in tiff.pages if len(tiff.pages) > 1 else ():
        other = other.aspage()
        if other.is_mask and not other.is_reduced and (other.imagewidth, other.imagelength) == (
            page.imagewidth, page.imagelength,
        ):  # fmt: skip
            expect_fitting_parts(path, other)
            masked = upright(np.asarray(other.asarray()) == 0, decoded.orientation)
            return dataclasses.replace(decoded, no_data=masked if decoded.no_data is None else decoded.no_data | masked)
    return decoded


def no_data_value_of(page) -> float | None:
    """What a page of a TIFF says its pixels without data hold; None where it says nothing, or no number."""
    tag = page.tags.get(_NO_DATA_TAG)
    try:
        value = float(str(tag.value).strip("\0 ")) if tag is not None else np.nan
    except ValueError:
        value = np.nan
    return None if np.isnan(value) else value


def _page_without_gdal(path: Path, page, largest_pixels: int, opened: Callable[[], Image.Image] | None) -> Decoded:
    # Pillow knows more compressions; it lacks 16 bit colour and further bands, and misreads other wide types.
    samples, alpha = page.samplesperpixel, alpha_of_page(page)
    inks = photometric_of(page) == "SEPARATED"
    plain = (inks and not alpha) or samples in (1, 3) or (samples in (2, 4) and alpha)
    plain &= page.compression not in _UNKNOWN_TO_PILLOW
    if opened is not None and page.dtype == np.uint8 and _is_simple(page):
        return _page_by_tifffile(page, alpha)
    if (page.dtype == np.uint8 and plain) or page.bitspersample == 1 or (page.dtype == np.uint16 and samples == 1):
        return _page_by_pillow(path, page, largest_pixels, opened)
    return _page_by_tifffile(page, alpha)


def _is_simple(page) -> bool:
    """Whether tifffile needs no further package for a page's values of 8 bit.

    A stack of such pages takes linear time: Pillow, seeking to a page, compares its place with those of all before.
    """
    return (
        page.compression in _PACKED_AS_ZIP and photometric_of(page) in ("MINISBLACK", "MINISWHITE", "RGB")
        and page.bitspersample == 8 and page.samplesperpixel in (1, 3)
    )  # fmt: skip


def _page_by_pillow(path: Path, page, largest_pixels: int, opened: Callable[[], Image.Image] | None) -> Decoded:
    shared = contextlib.nullcontext(opened()) if opened else open_picture(path, ("TIFF",), largest_pixels)
    with shared as image:
        if opened is not None or page.index:
            image.seek(page.index)
        decoded = decoded_image(image, page)
    if decoded.indices is not None:
        return decoded
    no_data_value = _shown_value(no_data_value_of(page), decoded.values.dtype, page)
    return dataclasses.replace(decoded, no_data=_lacking(decoded.values, no_data_value))


def _page_by_tifffile(page, alpha: bool) -> Decoded:
    values = page.asarray()
    if values.ndim == 3 and page.planarconfig.name == "SEPARATE":
        values = np.moveaxis(values, 0, -1)
    if values.ndim not in (2, 3):
        raise ValueError(f"array of shape {values.shape}")
    values, hidden = (values[..., :-1], values[..., -1]) if alpha else (values, None)
    shown = as_shown(values, photometric_of(page), page.bitspersample)
    return Decoded(shown, hidden, _lacking(values, no_data_value_of(page))).turned(page_orientation(page))


def _page_by_gdal(path: Path, page) -> Decoded | None:
    """A page that other decoders cannot read, or none: GDAL is not installed, or cannot read it either."""
    from semicurv_tf.images.rasters import read_page

    try:
        stored, shown, alpha, indices = read_page(path, page)
    except Exception:  # the first decoder's reason is told
        return None
    no_data = None if indices is not None else _lacking(stored, no_data_value_of(page))
    return Decoded(shown, alpha, no_data, indices).turned(page_orientation(page))


def _lacking(values: np.ndarray, no_data_value: float | None) -> np.ndarray | None:
    """Where all bands hold the no-data value, or what is no number; None where neither can be."""
    bands = values if values.ndim == 3 else values[..., None]
    no_data = None
    if no_data_value is not None:
        with np.errstate(over="ignore"):  # a value beyond the type's own is in no pixel
            no_data = (bands == no_data_value).all(axis=-1)
    if bands.dtype.kind == "f":
        strange = ~np.isfinite(bands).all(axis=-1)
        no_data = strange if no_data is None else no_data | strange
    return no_data


def _shown_value(stored: float | None, dtype: np.dtype, page) -> float | None:
    """What a value of a page became in what Pillow decoded, which spreads 2 and 4 bit and turns white to the top."""
    if stored is None or dtype.kind not in "ub":
        return stored
    highest = 2**page.bitspersample - 1
    stored = highest - stored if photometric_of(page) == "MINISWHITE" else stored
    return stored * 255 / highest if dtype == np.uint8 else stored
