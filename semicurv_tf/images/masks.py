"""Masks of training and scoring: which values of a file are 1, and which are unknown. Values are labels."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.decode import decode
from semicurv_tf.images.decoded import Decoded
from semicurv_tf.images.header import image_orientation
from semicurv_tf.images.opener import naming
from semicurv_tf.images.values import expect_large_enough

_FOREGROUND_OF_TYPE = (1, 255, 65535)  # what tools write for "yes", by the type of the file
CHOOSE_A_LABEL = (
    "--set data.options.mask_value=V for the label V alone; where 0 lies between cells and is the structure, "
    "--set data.options.mask_threshold=0 --set data.options.mask_invert=true"
)
_UNKNOWN_BESIDE_1 = (255, 65535)  # what tools write for "unknown" beside 0 and 1; the second in 16 bit


@dataclass(frozen=True)
class MaskRule:
    """How the values of a mask file become 0 and 1.

    Attributes:
        positive_value: this value is positive, every other one is not. None: the mask must be
            two-valued, 0 and one other value, and that other value is positive.
        threshold: values above it are positive (soft or JPEG masks). Excludes `positive_value`.
        invert: swap 0 and 1 at the end.
        ignore: pixels of this value are of unknown label, neither 0 nor 1. None: none are.
        find_ignored: without `ignore`, `positive_value` and `threshold`, take 255 beside 0 and 1 for unknown, and 65535
            likewise; 255 (65535) beside 0 alone is positive.
    """

    positive_value: int | None = None
    threshold: int | None = None
    invert: bool = False
    ignore: int | None = None
    find_ignored: bool = False

    @property
    def automatic(self) -> bool:
        """Whether the file's own values say what is positive."""
        return self.positive_value is None and self.threshold is None


@dataclass(frozen=True)
class ReadMask:
    """A mask, and what else its file says.

    Attributes:
        mask: uint8 `(height, width, 1)` of 0 and 1; 0 where the label is unknown.
        label: what is 1 in it, for comparing files: "foreground" for 1, 255 and 65535, else the value or the colour;
            None where nothing is, or where the rule names the value.
        on_stored_grid: whether it was turned as its image is, having no orientation tag of its own.
        known: bool `(height, width, 1)`, False where the label is unknown; None where all are known.
        unknown_value: the value of the file that was found to mean so; None where there is none.
        positive_value: the one value of the file beside 0; None as for `label`.
        lacks_data: whether the file marks pixels that hold no data; these are not known either.
        no_data_value: what the file calls so, where it does.
    """

    mask: np.ndarray
    label: str | None = None
    on_stored_grid: bool = False
    known: np.ndarray | None = None
    unknown_value: int | None = None
    positive_value: int | None = None
    lacks_data: bool = False
    no_data_value: float | None = None


def read_mask(path: Path, rule: MaskRule = MaskRule(), image: Path | None = None) -> np.ndarray:
    """The mask alone, uint8 `(height, width, 1)` of 0 and 1; see `read_mask_of`."""
    return read_mask_of(path, rule, image).mask


def read_mask_of(path: Path, rule: MaskRule = MaskRule(), image: Path | None = None) -> ReadMask:
    """Reads a mask.

    Colour masks must be grey in all but name (equal channels). A palette that is grey counts by its grey values, any
    other by its indices, where black is 0. Where colour says nothing (all that is visible has one colour), alpha is the
    mask. Pixels that the file says hold no data are of unknown label, see `no_data_of`.

    Args:
        path: the file.
        rule: how values become 0 and 1.
        image: the file of its image. A mask without an orientation tag beside an image with one was drawn on the pixels
            as they are stored, unless its size says otherwise.

    Raises:
        UserError: naming the file; also where the values do not fit the rule.
    """
    with naming(path):
        decoded = decode(path)
        stored = False
        if image is not None and decoded.orientation == 1 and _on_stored_grid(decoded.values.shape, image):
            stored, decoded = True, decoded.turned(image_orientation(image)[0])
        values = mask_values(decoded, path)
        expect_large_enough(path, *values.shape[:2])
        no_data = no_data_of(decoded, rule.positive_value)
        known = None if no_data is None else ~no_data
        labelled = _where_known(values, known)
        unknown = unknown_value(labelled, rule)
        if unknown is not None:
            known = (values != unknown) if known is None else known & (values != unknown)
            labelled = _where_known(values, known)
        mask = apply_mask_rule(labelled, rule, path)
    label = positive = None
    if rule.automatic:
        foreground = labelled[labelled != 0]
        if foreground.size:
            label, positive = _label(foreground.flat[0], decoded, values), foreground.flat[0].item()
    if known is None or known.all():
        return ReadMask(mask, label, stored, positive_value=positive)
    known = known[..., None]
    lacks_data = no_data is not None
    no_data_value = decoded.no_data_value if lacks_data else None
    return ReadMask(mask * known, label, stored, known, unknown, positive, lacks_data, no_data_value)


def no_data_of(decoded: Decoded, positive_value: int | None = None) -> np.ndarray | None:
    """Where a mask file says that it holds no data, bool `(height, width)`; None: nowhere.

    A no-data value of 0 is how some tools call the background, and is passed over; so is one that the user calls
    foreground.

    Args:
        decoded: the file.
        positive_value: of the rule.
    """
    values, told = decoded.values, decoded.no_data_value
    if told is not None and told in (0, positive_value):
        no_data = ~np.isfinite(values if values.ndim == 2 else values.sum(axis=-1))
    elif told is not None and decoded.indices is not None:
        no_data = decoded.indices == told
        no_data = no_data if decoded.no_data is None else no_data | decoded.no_data
    else:
        no_data = decoded.no_data
    return None if no_data is None or not no_data.any() else no_data


def unknown_value(values: np.ndarray, rule: MaskRule) -> int | None:
    """The value of pixels whose label is unknown; None where the rule knows of none.

    Example:
        >>> unknown_value(np.array([[0, 1, 255]]), MaskRule(find_ignored=True))
        255
        >>> unknown_value(np.array([[0, 255]]), MaskRule(find_ignored=True)) is None
        True
    """
    if rule.ignore is not None:
        # A mask of 1 bit holds 0 and 255, as for `MaskRule.positive_value`.
        return 1 if values.dtype == np.bool_ and rule.ignore == 255 else rule.ignore
    if rule.find_ignored and rule.automatic:
        highest = values.max()
        if highest in _UNKNOWN_BESIDE_1 and {1, highest} <= set(np.unique(values).tolist()) <= {0, 1, highest}:
            return int(highest)
    return None


def mask_values(decoded: Decoded, path: Path) -> np.ndarray:
    """The labels `(height, width)` of a decoded mask; see `read_mask_of`.

    Raises:
        UserError: colours that differ.
    """
    values, alpha = decoded.values, decoded.alpha
    if alpha is not None and (alpha != alpha.flat[0]).any():
        visible = values[alpha > 0]
        if (visible == visible[0]).all():
            return alpha
        hidden = alpha == 0
        values = np.where(hidden if values.ndim == 2 else hidden[..., None], 0, values).astype(values.dtype)
    if decoded.indices is not None and (values != values[..., :1]).any():
        return _palette_labels(decoded.indices, values)
    return one_channel(values, path)


def one_channel(values: np.ndarray, path: Path) -> np.ndarray:
    """The one channel `(height, width)` of a mask that is grey in all but name.

    Raises:
        UserError: the channels differ.
    """
    if values.ndim == 2:
        return values
    bands = values.shape[-1]
    if bands not in (3, 4) and not _repeats_first(values):
        raise UserError(
            f"{path}: expected a mask of one band, found {bands} bands that differ, as where each class has its own. "
            f"Fix: keep the band of the structure, e.g. gdal_translate -b 2 {quote(str(path))} ONE_BAND.tif"
        )
    colours = values[..., :3] if values.shape[-1] in (3, 4) else values[..., :1]
    if _differ(colours, colours[..., :1]).any():
        raise UserError(
            f"{path}: expected a grey or palette mask, found colours. "
            "Fix: save the mask with one channel, or is this an image in place of a mask?"
        )
    return colours[..., 0]


def apply_mask_rule(values: np.ndarray, rule: MaskRule, path: Path | str) -> np.ndarray:
    """Turns mask values (height, width) into uint8 0 and 1 (height, width, 1); see `read_mask`."""
    if values.dtype == np.bool_ and (rule.threshold is not None or rule.positive_value == 255):
        values = values * np.uint8(255)
    if rule.threshold is not None:
        positive = values > rule.threshold
    elif rule.positive_value is not None:
        positive = values == rule.positive_value
    else:
        found = np.unique(values)
        if len(found) > 2 or (len(found) == 2 and found[0] != 0):
            if _are_labels(found):
                raise UserError(
                    f"{path}: expected two values, found the labels {found[0]} to {found[-1]}, as of classes or of "
                    f"cells. Fix: {CHOOSE_A_LABEL}"
                )
            some = ", ".join(str(value) for value in found[:5])
            middle = half_of(found[-1], found.dtype)
            threshold = "" if middle is None else f" or data.options.mask_threshold={int(middle)}"
            raise UserError(
                f"{path}: expected a two-valued mask (0 and one other value), found "
                f"{len(found)} values: {some}{', ...' if len(found) > 5 else ''}. Fix: save the "
                f"mask without smoothing as PNG, or choose --set data.options.mask_value=V{threshold} (dataset folder)"
            )
        positive = values != 0
    return (positive ^ rule.invert).astype(np.uint8)[..., None]


def _are_labels(found: np.ndarray) -> bool:
    """Whether sorted values number something one by one; smoothed edges of 8 bit lead up to values near 255."""
    if found.dtype.kind not in "iu" or len(found) < 3 or found[0] not in (0, 1):
        return False
    return found[-1] - found[0] == len(found) - 1 and (found[-1] < 128 or found.dtype.itemsize > 1)


def half_of(largest: float, dtype: np.dtype) -> float | None:
    """A threshold that the largest value of a mask exceeds, and about half of the soft edge of a line.

    Args:
        largest: value found.
        dtype: of the file.

    Returns:
        The middle of 0 to 255, or of probabilities, where it is less; else half of it. None where it is not above 0.

    Example:
        >>> [half_of(largest, np.dtype(np.uint8)) for largest in (255, 240, 2, 1)]
        [127, 127, 1, 0]
        >>> [half_of(largest, np.dtype(np.float32)) for largest in (0.9, 0.25)]
        [0.5, 0.125]
    """
    if not largest > 0:
        return None
    if dtype.kind == "f" and largest <= 1:
        return 0.5 if largest > 0.5 else float(largest) / 2
    return 127 if 127 < largest < 256 else int(largest) // 2


def check_same_size(image: np.ndarray, other: np.ndarray, image_path: Path, other_path: Path):
    """Raises `UserError` unless both arrays have the same height and width."""
    if image.shape[:2] != other.shape[:2]:
        (h, w), (other_h, other_w) = image.shape[:2], other.shape[:2]
        raise UserError(
            f"{other_path}: expected {w}x{h} pixels as its image {image_path.name}, found "
            f"{other_w}x{other_h}. Fix: save both at one size"
        )


def _repeats_first(values: np.ndarray) -> bool:
    """Whether all bands are the first, or the second of two is alpha that is opaque all over."""
    if values.shape[-1] == 2 and values.dtype.kind == "u" and (values[..., 1] == np.iinfo(values.dtype).max).all():
        return True
    return not _differ(values, values[..., :1]).any()


def _differ(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Where values differ, bool; what is no number is no data, and the same in both."""
    different = values != others
    if values.dtype.kind == "f":
        different &= ~(np.isnan(values) & np.isnan(others))
    return different


def _where_known(values: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    return values if known is None else np.where(known, values, values.dtype.type(0))


def _on_stored_grid(shape: tuple[int, ...], image: Path) -> bool:
    try:
        orientation, width, height = image_orientation(image)
    except Exception:  # whatever is wrong with the image, reading it will say
        return False
    return orientation != 1 and shape[:2] == (height, width)


def _palette_labels(indices: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Indices as labels, but black is 0: some tools (Pillow's quantize) order a palette by the number of pixels."""
    first = colours[indices == 0]
    if not first.size or not first[0].any():
        return indices
    black = indices[(colours == 0).all(axis=-1)]
    if not black.size:
        return indices
    return np.where(indices == black[0], 0, np.where(indices == 0, black[0], indices)).astype(indices.dtype)


def _label(value, decoded: Decoded, values: np.ndarray) -> str:
    if decoded.indices is not None and decoded.values.ndim == 3:
        colour = decoded.values[values == value][0]
        if (colour != colour[0]).any():
            return "colour #" + "".join(f"{part:02x}" for part in colour)
    return "foreground" if value in _FOREGROUND_OF_TYPE else f"value {value:g}"
