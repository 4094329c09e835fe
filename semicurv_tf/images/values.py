"""What the values of an image file mean to a network: uint8, 0 to 255, of the bands that it takes.

8 bit values are taken as they are; 1 bit is 0 and 255. Everything wider (16 bit, of which cameras often use 12, signed,
floating point) is stretched by one range per type, measured over all images of a folder: from the 0.5 to the 99.5
percentile, widened by half of that distance on either side as far as there are values, so that neither a hot pixel
squeezes the rest nor a sparse bright line is cut off. Values that spread over a quarter of 16 bit or more keep their
high byte instead. The range of the training data goes with the run; a file without one is measured by itself.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.errors import UserError

SMALLEST_SIDE_PX = 16  # one cell of the deepest feature map of the network
MOST_BANDS = 64
PERCENTILES = (0.5, 99.5)
SAMPLES_PER_IMAGE = 65_536
FAR_OFF_SHARE = 0.005
_COMMON_NO_DATA = (-999, -9999, -99999, -32767, -32768, -2147483648)
SPREAD_OF_HIGH_BYTE = 16_384  # a quarter of 16 bit: 64 grey levels are left or more


@dataclasses.dataclass(frozen=True)
class FarOff:
    """A constant far from all other values of an image, as programs write it where there are no data.

    Attributes:
        value: the constant.
        share: of the pixels that hold it.
    """

    value: float
    share: float

    def said(self, files: str = "FILE") -> str:
        """In words, for the user, with the command that marks the value as no data."""
        number = int(self.value) if self.value.is_integer() and abs(self.value) < 1e9 else self.value
        return (
            f"{number} on {100 * self.share:.2g} % of the pixels is far from all other values and squeezes them "
            f"(Fix, if it means no data: gdal_edit.py -a_nodata {number} {files})"
        )


@dataclasses.dataclass(frozen=True)
class ValueRange:
    """The values of a file that become 0 and 255; `(0, 65535)` is the high byte of 16 bit.

    Attributes:
        low, high: the values.
        far_off: a constant of the measured images that takes most of the range; None where there is none.

    Example:
        >>> ValueRange(600, 1110).to_uint8(np.array([0, 600, 855, 1110, 4095]))
        array([  0,   0, 128, 255, 255], dtype=uint8)
    """

    low: float
    high: float
    far_off: "FarOff | None" = dataclasses.field(default=None, compare=False)

    def to_uint8(self, values: np.ndarray) -> np.ndarray:
        """Stretched and rounded to uint8, cut off at either end; NaN becomes 0."""
        if (self.low, self.high) == (0, 65535) and values.dtype == np.uint16:
            return (values >> 8).astype(np.uint8)
        share = (values.astype(np.float64) - self.low) / max(self.high - self.low, np.finfo(np.float64).tiny)
        return np.nan_to_num(np.rint(np.clip(share, 0, 1) * 255)).astype(np.uint8)

    def said(self) -> str:
        """In words, for the user."""
        if (self.low, self.high) == (0, 65535):
            return "16 bit values cut to 8 bit (value // 256)"
        stretched = f"values from {self.low:g} to {self.high:g} stretched to 8 bit"
        return f"{stretched}; {self.far_off.said()}" if self.far_off else stretched


@dataclasses.dataclass(frozen=True)
class ValueRanges:
    """The ranges of a folder's values, one per type of value; of a type that is not among them an image has its own.

    Attributes:
        by_type: NumPy's name of the type, or "" for any, and its range.
        far_off: the files that were measured and have such a constant, see `FarOff`.
    """

    by_type: tuple[tuple[str, ValueRange], ...]
    far_off: tuple[tuple[Path, FarOff], ...] = dataclasses.field(default=(), compare=False)

    def of(self, dtype: np.dtype) -> ValueRange | None:
        """The range of values of this type, or None."""
        known = dict(self.by_type)
        return known.get(np.dtype(dtype).name, known.get(""))

    @property
    def text(self) -> str:
        """As configurations and runs keep it, exactly: `uint16=597.0:723.0`; see `parse_ranges`."""
        parts = (f"{name}={one.low!r}:{one.high!r}" for name, one in self.by_type)
        return ",".join(part.removeprefix("=") for part in parts)

    def said(self) -> str:
        """In words, for the user."""
        return "; ".join(f"{name}{name and ': '}{one.said()}" for name, one in self.by_type)


def parse_ranges(text: str) -> ValueRanges:
    """The ranges of a text: LOW:HIGH for all types, or TYPE=LOW:HIGH, separated by commas.

    Raises:
        UserError: another form, or LOW not below HIGH.
    """
    found = []
    for part in text.split(","):
        name, _, limits = part.strip().rpartition("=")
        try:
            low, high = (float(limit) for limit in limits.split(":"))
        except ValueError:
            low, high = 1.0, 0.0
        if not -np.inf < low < high < np.inf:
            raise UserError(
                f"data.options.value_range: expected LOW:HIGH, found {text!r}. "
                "Fix: --set data.options.value_range=0:4095"
            )
        found.append((name, ValueRange(low, high)))
    return ValueRanges(tuple(found))


def measure_range(images: Iterable[np.ndarray]) -> ValueRange | None:
    """The range of wide images of one type, by the rule of the module.

    Args:
        images: their values, of any shape; 8 bit ones and values that are not finite are left out.

    Returns:
        The range; None where no image is wider than 8 bit.
    """
    samples, whole = [], True
    for values in images:
        if is_wide(values.dtype):
            whole &= values.dtype == np.uint16
            taken = sampled(values).astype(np.float64)
            samples.append(taken[np.isfinite(taken)])
    seen = np.concatenate(samples) if samples else np.zeros(0)
    if not seen.size:
        return ValueRange(0.0, 1.0) if samples else None
    low, high = (float(value) for value in np.percentile(seen, PERCENTILES))
    if whole and high - low >= SPREAD_OF_HIGH_BYTE:
        return ValueRange(0.0, 65535.0)
    margin = (high - low) / 2
    low, high = max(low - margin, float(seen.min())), min(high + margin, float(seen.max()))
    return ValueRange(low, high if high > low else low + 1, find_far_off(seen))


def find_far_off(values: np.ndarray) -> FarOff | None:
    """A constant on more than 0.5 % of the values, far below or above all others; None where there is none.

    Far is more than the range of the others for what programs commonly write where there are no data, and ten times
    that range for any constant.

    Args:
        values: of any shape and type, finite.

    Example:
        >>> find_far_off(np.array([-9999.0] * 10 + [3.0, 80.0, 200.0] * 10))
        FarOff(value=-9999.0, share=0.25)
    """
    taken = values.astype(np.float64).reshape(-1)
    if not taken.size:
        return None
    for end in (taken.min(), taken.max()):
        others = taken[taken != end]
        share = 1 - others.size / taken.size
        if not others.size or share <= FAR_OFF_SHARE:
            continue
        gap = min(abs(others.min() - end), abs(others.max() - end))
        common = end in _COMMON_NO_DATA or abs(end) > 1e37
        if gap > (1 if common else 10) * max(others.max() - others.min(), np.finfo(np.float64).tiny):
            return FarOff(float(end), share)
    return None


def sampled(values: np.ndarray) -> np.ndarray:
    """Every n-th value, in one dimension: enough to measure an image by."""
    flat = values.reshape(-1)
    return flat[:: max(1, -(-flat.size // SAMPLES_PER_IMAGE))]


def is_wide(dtype: np.dtype) -> bool:
    """Whether values of this type need a range to become 8 bit."""
    return dtype not in (np.uint8, np.bool_)


def to_uint8(pixels: np.ndarray, path: Path, value_range: ValueRange | None = None) -> np.ndarray:
    """8 bit values of a decoded file.

    Args:
        pixels: of any shape.
        path: of the file, for the error.
        value_range: of wide values; None measures these ones.

    Raises:
        UserError: complex values.
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    numbers = pixels.dtype.kind in "uif"
    used = (value_range or measure_range([pixels])) if numbers else None
    if used is None:
        raise UserError(
            f"{path}: expected integers or floating point values, found {pixels.dtype}. Fix: convert the file"
        )
    return used.to_uint8(pixels)


def to_channels(pixels: np.ndarray, channels: int, path: Path | str = "image") -> np.ndarray:
    """The bands that a network takes, of an image with or without alpha.

    Args:
        pixels: uint8 `(height, width)` or `(height, width, bands)`.
        channels: 1 (ITU-R 601 luma of colours), 3 (grey repeated, the first three bands), or as many bands as there
            are.
        path: of the file, for the error.

    Returns:
        uint8 `(height, width, channels)`.

    Raises:
        UserError: more channels wanted than 3, and than there are.
    """
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    bands = pixels.shape[-1]
    if channels not in (1, 3):
        if bands < channels:
            own = 3 if bands < 3 else bands
            raise UserError(
                f"{path}: expected {channels} bands, found {bands}. Fix: leave the file out; what takes {own} bands is "
                f"trained with --set data.options.channels={own}"
            )
        return pixels[..., :channels]
    pixels = pixels[..., :1] if bands < 3 else pixels[..., :3]
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[..., None]


def bands_used(channels: int) -> int:
    """How many bands of a file a network of so many channels sees, at most: grey is made from the first three."""
    return 3 if channels in (1, 3) else channels


def expect_large_enough(path: Path, height: int, width: int) -> None:
    """Refuses an image whose sides are smaller than one cell of the network's deepest feature map."""
    if min(height, width) < SMALLEST_SIDE_PX:
        raise UserError(
            f"{path}: expected at least {SMALLEST_SIDE_PX}x{SMALLEST_SIDE_PX} pixels, found "
            f"{width}x{height}. Fix: remove the file or give a larger image"
        )
