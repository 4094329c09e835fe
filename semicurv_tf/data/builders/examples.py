"""What builders read from, and what they make of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Source:
    """The files that one or several examples are made from.

    Attributes:
        name: unique in the dataset; examples are named after it.
        image: image file (None where images are drawn).
        mask: mask file; None for an unlabelled image.
        valid: file that says which pixels count, e.g. the field of view; None: all.
    """

    name: str
    image: Path | None
    mask: Path | None = None
    valid: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(file for file in (self.image, self.mask, self.valid) if file is not None)


@dataclass(frozen=True)
class Example:
    """One image as it is stored: uint8 arrays of one height and width.

    Attributes:
        name: unique in the dataset.
        source: name of the image that it was cut from (its own name where nothing was cut).
        image: (height, width, channels), 0-255.
        mask: (height, width, 1), 0 or 1; all 0 where `labelled` is false.
        valid: (height, width, 1), 1 where a pixel counts.
        labelled: whether there is a mask.
        known: (height, width, 1) bool, false where the mask does not say what the pixel is; None: all known.
        encoded: PNG or JPEG bytes of `image` where the source file can be stored as it is.
        mask_label: what is 1 in the mask file, see `images.masks.ReadMask`.
        on_stored_grid: whether the mask was turned as its image is, having no orientation tag of its own.
    """

    name: str
    source: str
    image: np.ndarray
    mask: np.ndarray
    valid: np.ndarray
    labelled: bool
    known: np.ndarray | None = None
    encoded: bytes | None = None
    mask_label: str | None = None
    on_stored_grid: bool = False

    def window(self, name: str, top: int, left: int, height: int, width: int) -> "Example":
        """The part of this example whose first pixel is (row `top`, column `left`)."""
        part = np.s_[top : top + height, left : left + width]
        known = None if self.known is None else self.known[part]
        return Example(name, self.source, self.image[part], self.mask[part], self.valid[part], self.labelled, known)


def make_example(
    name: str, image: np.ndarray, mask: np.ndarray | None, valid: np.ndarray | None = None,
    source: str | None = None,
) -> Example:  # fmt: skip
    """An example with the mask (all 0) and valid (all 1) that it lacks filled in."""
    blank = np.zeros((*image.shape[:2], 1), np.uint8)
    return Example(
        name, source or name, image, blank if mask is None else mask,
        blank + np.uint8(1) if valid is None else valid, labelled=mask is not None,
    )  # fmt: skip
