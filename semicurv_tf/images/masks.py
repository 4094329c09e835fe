"""Masks of training and scoring: which values of a file are 1."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.opener import naming
from semicurv_tf.images.reader import decode
from semicurv_tf.images.values import expect_large_enough, to_uint8


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
    with naming(path):
        values = to_uint8(decode(path, palette_indices=True), path)
        expect_large_enough(path, *values.shape[:2])
        return apply_mask_rule(one_channel(values, path), rule, path)


def one_channel(values: np.ndarray, path: Path) -> np.ndarray:
    """The one channel `(height, width)` of a mask that is grey in all but name.

    Raises:
        UserError: the channels differ.
    """
    if values.ndim == 2:
        return values
    colours = values[..., :3] if values.shape[-1] in (3, 4) else values[..., :1]
    if (colours != colours[..., :1]).any():
        raise UserError(
            f"{path}: expected a grey or palette mask, found colours. "
            "Fix: save the mask with one channel, or is this an image in place of a mask?"
        )
    return colours[..., 0]


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
