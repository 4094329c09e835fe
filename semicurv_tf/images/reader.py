"""Reads one image file as a whole: what is accepted, and the line that names what is not.

Everything ends as uint8 (see `values.py`), upright, in RGB order or in the file's own bands. Refused, by a `UserError`
that names the file: unreadable, truncated or empty files, several frames in one file, sides under 16 pixels.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import RAW_SUFFIXES, is_tiff
from semicurv_tf.images.opener import (
    LARGEST_WHOLE_PIXELS,
    develop_raw,
    expect_bearable,
    expect_regular,
    naming,
    open_picture,
    open_tiff,
    orientation_of,
    page_orientation,
    tiff_frames,
    upright,
)
from semicurv_tf.images.photometric import alpha_of_page, as_shown, expect_known_photometric, photometric_of
from semicurv_tf.images.tiff_parts import expect_fitting_parts
from semicurv_tf.images.values import (
    FarOff,
    ValueRange,
    ValueRanges,
    expect_large_enough,
    find_far_off,
    is_wide,
    measure_range,
    sampled,
    to_channels,
    to_uint8,
)

_NO_DATA_TAG = 42113  # GDAL_NODATA
_PACKED_AS_ZIP = (1, 8, 32946)  # TIFF's Compression: none, and the two numbers of deflate
# JPEG 2000 (three numbers), LERC, WebP, JPEG XL. Of WebP, Pillow's libtiff writes to stderr that it lacks it.
_UNKNOWN_TO_PILLOW = (33003, 33005, 34712, 34887, 50001, 50002)
_SAMPLED_PAGES = 8  # of a stack whose values are measured


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A file as it stands, upright.

    Attributes:
        values: `(height, width)` or `(height, width, bands)`, of the file's own type, without alpha.
        alpha: `(height, width)`; None without.
        no_data: bool `(height, width)`, what the file marks as holding none apart from alpha; None where nothing is.
        indices: `(height, width)`, of a file with a palette, whose colours are `values`.
        orientation: the tag by which it was turned upright, 1 to 8.
        no_data_value: what the tag of a TIFF calls so, as stored; None without.
    """

    values: np.ndarray
    alpha: np.ndarray | None = None
    no_data: np.ndarray | None = None
    indices: np.ndarray | None = None
    orientation: int = 1
    no_data_value: float | None = None

    def turned(self, orientation: int) -> "Decoded":
        """The same, turned upright from its stored grid."""
        turn = lambda array: None if array is None else upright(array, orientation)
        values = upright(self.values, orientation)
        return Decoded(
            values, turn(self.alpha), turn(self.no_data), turn(self.indices), orientation, self.no_data_value
        )


@dataclasses.dataclass(frozen=True)
class ReadImage:
    """An image as a network takes it.

    Attributes:
        pixels: uint8 `(height, width, channels)`.
        valid: bool `(height, width)`, False where a TIFF says that there are no data (its no-data value, its internal
            mask, its alpha, values that are no numbers); None where there are data everywhere.
        value_range: by which values wider than 8 bit were stretched; None where there were none.
        bands: of the file, without alpha.
    """

    pixels: np.ndarray
    valid: np.ndarray | None = None
    value_range: ValueRange | None = None
    bands: int = 1


def read_image(path: Path, channels: int, value_range: ValueRanges | None = None) -> np.ndarray:
    """Reads an image.

    Args:
        path: the file.
        channels: 1 (grey, by ITU-R 601 luma), 3 (RGB), or the number of bands.
        value_range: of values wider than 8 bit; None measures the file's own.

    Returns:
        uint8 array (height, width, channels). Transparency is dropped, the orientation tag of cameras is obeyed.

    Raises:
        UserError: naming the file, see the module.
    """
    return read_valid_image(path, channels, value_range).pixels


def read_valid_image(path: Path, channels: int, value_range: ValueRanges | None = None) -> ReadImage:
    """Reads an image and which of its pixels hold data; see `read_image`."""
    with naming(path):
        return _for_network(decode(path), path, channels, value_range)


def read_pages(path: Path, channels: int, value_range: ValueRanges | None = None) -> Generator[ReadImage, None, None]:
    """Reads the pages of a TIFF stack one after the other; see `read_valid_image`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff, contextlib.ExitStack() as stack:
        picture = functools.cache(lambda: stack.enter_context(open_picture(path, ("TIFF",), None)))
        frames = _frames(path, tiff)
        if value_range is None:
            values = [
                sampled(_decode_page(path, page.aspage(), LARGEST_WHOLE_PIXELS, picture).values)
                for page in frames[:: max(1, len(frames) // _SAMPLED_PAGES)]
                if is_wide(page.aspage().dtype)
            ]
            measured = measure_range(values)
            value_range = None if measured is None else ValueRanges((("", measured),))
        for page in frames:
            decoded = _decode_page(path, page.aspage(), LARGEST_WHOLE_PIXELS, picture)
            yield _for_network(decoded, path, channels, value_range)


def read_stack(path: Path) -> np.ndarray:
    """The values of all pages of a TIFF stack as they stand in the file, `(pages, height, width)`.

    Raises:
        UserError: naming the file, see the module.
    """
    with naming(path), open_tiff(path) as tiff:
        for page in tiff.pages:
            expect_bearable(path, page.aspage().imagewidth, page.aspage().imagelength)
            expect_fitting_parts(path, page.aspage())
        return tiff.asarray()


def measure_files(paths: Iterable[Path]) -> ValueRanges | None:
    """The ranges of the values of all files that are wider than 8 bit, per type; None where none is.

    Files that cannot be read are left out: reading them for good names them.
    """
    samples: dict[str, list[np.ndarray]] = {}
    far_off: list[tuple[Path, FarOff]] = []
    for path in paths:
        try:
            with naming(path):
                if not _may_be_wide(path):
                    continue
                decoded = decode(path)
        except UserError:
            continue
        values = decoded.values if decoded.no_data is None else decoded.values[~decoded.no_data]
        if is_wide(values.dtype):
            seen = sampled(values)
            samples.setdefault(values.dtype.name, []).append(seen)
            found = find_far_off(seen[np.isfinite(seen)])
            if found:
                far_off.append((path, found))
    if not samples:
        return None
    measured = ((name, measure_range(parts)) for name, parts in sorted(samples.items()))
    # The files are named by `far_off`; a range of many would name the constant again.
    by_type = tuple((name, dataclasses.replace(one, far_off=None)) for name, one in measured if one is not None)
    return ValueRanges(by_type, tuple(far_off))


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
            frames = _frames(path, tiff)
            _expect_one_frame(path, len(frames))
            page = frames[0].aspage()
            decoded = _decode_page(path, page, largest_pixels)
            decoded = _with_mask_page(path, decoded, page, tiff)
            return dataclasses.replace(decoded, no_data_value=_no_data_value(page))
    with open_picture(path, largest_pixels=largest_pixels) as image:
        # MPO is what phones write: a JPEG photograph, then previews of it.
        _expect_one_frame(path, 1 if image.format == "MPO" else getattr(image, "n_frames", 1))
        wide = _wide_png(path, image)
        return decoded_image(image) if wide is None else wide.turned(orientation_of(image))


def _for_network(decoded: Decoded, path: Path, channels: int, value_range: ValueRanges | None) -> ReadImage:
    values, alpha, no_data = decoded.values, decoded.alpha, decoded.no_data
    bands = 1 if values.ndim == 2 else values.shape[-1]
    if alpha is not None and channels == bands + 1 and channels > 3:  # GDAL calls the fourth band alpha by default
        values, alpha = np.concatenate([values.reshape(*values.shape[:2], bands), alpha[..., None]], axis=-1), None
    used: ValueRange | None = None
    if is_wide(values.dtype) and values.dtype.kind in "uif":
        used = value_range.of(values.dtype) if value_range else None
        used = used or measure_range([values if no_data is None else values[~no_data]])
    pixels = to_uint8(values, path, used)
    expect_large_enough(path, *pixels.shape[:2])
    if alpha is not None and is_tiff(path):
        no_data = (alpha == 0) if no_data is None else no_data | (alpha == 0)
    valid = None if no_data is None or not no_data.any() else ~no_data
    return ReadImage(np.ascontiguousarray(to_channels(pixels, channels, path)), valid, used, bands)


def _frames(path: Path, tiff: tifffile.TiffFile) -> list:
    frames = tiff_frames(tiff)
    told = (tiff.imagej_metadata or {}).get("images", 1) if tiff.is_imagej else 1
    if told > len(frames):
        raise UserError(
            f"{path}: expected one directory per page, found {len(frames)} for {told} pages "
            "(ImageJ writes so above 4 GB). "
            "Fix: save it as BigTIFF, or as several files"
        )
    return frames


def _decode_page(path: Path, page, largest_pixels: int, opened: Callable[[], Image.Image] | None = None) -> Decoded:
    """A page of a TIFF, by Pillow or by tifffile, or by GDAL where these cannot.

    Args:
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
    no_data_value = _shown_value(_no_data_value(page), decoded.values.dtype, page)
    return dataclasses.replace(decoded, no_data=_lacking(decoded.values, no_data_value))


def _page_by_tifffile(page, alpha: bool) -> Decoded:
    values = page.asarray()
    if values.ndim == 3 and page.planarconfig.name == "SEPARATE":
        values = np.moveaxis(values, 0, -1)
    if values.ndim not in (2, 3):
        raise ValueError(f"array of shape {values.shape}")
    values, hidden = (values[..., :-1], values[..., -1]) if alpha else (values, None)
    shown = as_shown(values, photometric_of(page), page.bitspersample)
    return Decoded(shown, hidden, _lacking(values, _no_data_value(page))).turned(page_orientation(page))


def _page_by_gdal(path: Path, page) -> Decoded | None:
    """A page that other decoders cannot read, or none: GDAL is not installed, or cannot read it either."""
    from semicurv_tf.images.rasters import read_page

    try:
        stored, shown, alpha, indices = read_page(path, page)
    except Exception:  # the first decoder's reason is told
        return None
    no_data = None if indices is not None else _lacking(stored, _no_data_value(page))
    return Decoded(shown, alpha, no_data, indices).turned(page_orientation(page))


def _by_rasterio(path: Path) -> np.ndarray | None:
    """An image by GDAL, which knows more depths; None where it is not installed."""
    try:
        from semicurv_tf.images.rasters import open_dataset

        with open_dataset(path) as dataset:
            return np.moveaxis(dataset.read(), 0, -1)
    except ImportError:
        return None


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


def _no_data_value(page) -> float | None:
    """What a page of a TIFF says its pixels without data hold; None where it says nothing, or no number."""
    tag = page.tags.get(_NO_DATA_TAG)
    try:
        value = float(str(tag.value).strip("\0 ")) if tag is not None else np.nan
    except ValueError:
        value = np.nan
    return None if np.isnan(value) else value


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


def _with_mask_page(path: Path, decoded: Decoded, page, tiff: tifffile.TiffFile) -> Decoded:
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


def decoded_image(image: Image.Image, page=None) -> Decoded:
    """What Pillow decodes, upright.

    Args:
        page: of the TIFF that it is.
    """
    image.load()
    decoded = _stored(image)
    if page is not None:
        if image.mode.startswith("I;16") and page.photometric.name == "MINISWHITE":
            decoded = Decoded(np.uint16(65535) - decoded.values)
        # Newer versions of Pillow turn TIFFs while loading, and take the tag away.
        return dataclasses.replace(decoded.turned(orientation_of(image)), orientation=page_orientation(page))
    return decoded.turned(orientation_of(image))


def _stored(image: Image.Image) -> Decoded:
    mode = image.mode
    if mode.startswith("I;16"):
        return Decoded(np.asarray(image).astype(np.uint16))
    if mode == "I":  # how Pillow may open 16 bit grey
        values = np.asarray(image)
        return Decoded(values.astype(np.uint16) if 0 <= values.min() <= values.max() < 65536 else values)
    if mode == "P":
        alpha = np.asarray(image.convert("RGBA"))[..., 3] if "transparency" in image.info else None
        return Decoded(np.asarray(image.convert("RGB")), alpha, indices=np.asarray(image))
    if mode in ("1", "L", "RGB", "F"):
        if "transparency" in image.info and mode != "F":
            return Decoded(np.asarray(image), np.asarray(image.convert("RGBA"))[..., 3])
        return Decoded(np.asarray(image))
    if mode in ("LA", "La"):
        both = np.asarray(image.convert("LA"))
        return Decoded(both[..., 0], both[..., 1])
    if mode in ("RGBA", "RGBa", "PA"):
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
        return Decoded(np.asarray(image.convert("RGB")), alpha)
    return Decoded(np.asarray(image.convert("RGB")))


def _may_be_wide(path: Path) -> bool:
    if path.suffix.lower() in RAW_SUFFIXES:
        return False
    if not is_tiff(path):
        with open_picture(path) as image, path.open("rb") as file:
            return image.mode.startswith(("I", "F")) or (image.format == "PNG" and file.read(25)[24] == 16)
    with open_tiff(path) as tiff:
        page = tiff.pages[0].aspage()
        return is_wide(np.dtype(page.dtype)) and page.bitspersample > 1


def _expect_one_frame(path: Path, frames: int) -> None:
    if frames != 1:
        raise UserError(
            f"{path}: expected one image in the file, found {frames} frames. Fix: save each frame as a file of its own"
        )
