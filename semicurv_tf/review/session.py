"""What is reviewed: the images of a folder in their order, their predictions, and the masks that are saved."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semicurv_tf.data.folder_layout import FolderLayout, read_layout
from semicurv_tf.data.folder_names import named_folder
from semicurv_tf.data.unknown_pixels import AREAS_FILE, Box, read_areas
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.masks import MaskRule, read_mask_of
from semicurv_tf.images.photographs import IMAGE_FOLDERS, MASK_FOLDERS
from semicurv_tf.images.reader import read_image
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.review.saving import REPLACED, Saved, save_corrected
from semicurv_tf.wording import counted

LARGEST_PIXELS = 50_000_000  # of an image that a browser is asked to draw
_HELD = 4  # predictions of the images seen last


@dataclass
class Reviewed:
    """An image of the folder.

    Attributes:
        name: relative path without suffix.
        image: its file.
        mask: its mask's file; None where there is none.
        saved: whether it was saved in this session.
    """

    name: str
    image: Path
    mask: Path | None
    saved: bool = False


class Review:
    """A session; safe to use from several threads.

    Args:
        folder: the user's, with images/ and, where there are any, masks/.
        predictor: what predicts the images.

    Raises:
        UserError: no such folder, no images/ in it, or files that cannot be placed.
    """

    def __init__(self, folder: Path, predictor: Predictor):
        self.folder, self.predictor = folder, predictor
        layout, self.partly = read_folder(folder)
        self.masks = named_folder(folder, MASK_FOLDERS) or folder / "masks"
        self.images = [Reviewed(name, image, mask) for name, (image, mask) in sorted(layout.pairs.items())]
        self.notes = tuple(layout.notes)
        self.replaced = 0
        self._held: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def arrange(self, order: Sequence[str]) -> list[str]:
        """Puts images in an order of names, those that have a mask last; returns names that are none of the images."""
        place = {name: number for number, name in enumerate(order)}
        unknown = sorted(place.keys() - {one.name for one in self.images})
        self.images.sort(key=lambda one: (one.mask is not None, place.get(one.name, len(place)), one.name))
        return unknown

    def about(self, number: int) -> dict:
        """Sides in pixels and what the page says of an image.

        Raises:
            UserError: it cannot be read, or its mask cannot be edited without loss.
        """
        one = self.images[number]
        height, width = self._mask(number).shape
        note = f"labelled in part: {AREAS_FILE} says which boxes count" if one.name in self.partly else ""
        return {
            "name": one.name, "width": width, "height": height, "threshold": self.predictor.threshold, "note": note,
            "labelled": one.mask is not None,
        }  # fmt: skip

    def picture(self, number: int) -> bytes:
        """The image as PNG, RGB, upright."""
        return encode_png(read_image(self.images[number].image, 3))

    def probability(self, number: int) -> bytes:
        """A byte per pixel, row by row: 255 x probability."""
        return np.rint(self._probability(number) * 255).astype(np.uint8).tobytes()

    def bits(self, number: int) -> bytes:
        """The mask to begin with, eight pixels a byte, row by row, the first in the highest bit."""
        return np.packbits(self._mask(number)).tobytes()

    def predicted_bits(self, number: int) -> bytes:
        """The predicted mask, likewise."""
        return np.packbits(self.predictor.mask(self._probability(number)) > 0).tobytes()

    def save(self, number: int, bits: bytes) -> Saved:
        """Saves a mask; see `saving.save_corrected`.

        Args:
            number: of the image.
            bits: as `bits` gives them.

        Raises:
            UserError: the image cannot be read, or a file cannot be written.
            ValueError: not as many bits as pixels.
        """
        with self._lock:
            one = self.images[number]
        height, width = self._mask(number).shape
        if len(bits) != bytes_of(height, width):
            raise ValueError(f"Expected {bytes_of(height, width)} bytes. Received: {len(bits)}")
        mask = np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width).reshape(height, width) > 0
        with self._lock:
            saved = save_corrected(mask, one.image, self.folder, self.masks / f"{one.name}.png", one.mask)
            one.mask, one.saved = saved.mask, True
            self.replaced += saved.copy is not None
            return saved

    def said(self) -> str:
        """What was saved, and where what it replaced is kept; waits for a mask that is being saved."""
        with self._lock:
            saved = sum(one.saved for one in self.images)
        kept = f"; {counted(self.replaced, 'mask')} from before in {self.folder / REPLACED}" if self.replaced else ""
        return f"{counted(saved, 'mask')} saved in {self.masks}{kept}"

    def _mask(self, number: int) -> np.ndarray:
        one = self.images[number]
        if one.mask is None:
            return self.predictor.mask(self._probability(number)) > 0
        read = read_mask_of(one.mask, MaskRule(find_ignored=True), one.image)
        if read.known is not None:
            raise UserError(
                f"{one.mask}: has pixels of unknown label, which this page would lose. "
                "Fix: edit it with the program that it came from"
            )
        return read.mask[..., 0] > 0

    def _probability(self, number: int) -> np.ndarray:
        with self._lock:
            if number in self._held:
                self._held.move_to_end(number)
                return self._held[number]
            pixels = read_image(self.images[number].image, self.predictor.channels, self.predictor.value_range)
            height, width = pixels.shape[:2]
            if height * width > LARGEST_PIXELS:
                raise UserError(
                    f"{self.images[number].image}: expected at most {LARGEST_PIXELS // 10**6} million pixels, found "
                    f"{width}x{height}. Fix: cut it into tiles"
                )
            self._held[number] = self.predictor.probability(pixels)
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
            return self._held[number]


def read_folder(folder: Path) -> tuple[FolderLayout, dict[str, list[Box]]]:
    """The images and masks of a folder, and which of them are labelled in boxes alone.

    Raises:
        UserError: no such folder, no images/ in it, or files that cannot be placed.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: expected a folder of images, found no such folder. Fix: name the one of your images"
        )
    layout = read_layout(folder)
    if named_folder(folder, IMAGE_FOLDERS) is None:
        raise UserError(
            f"{folder}: expected images in {folder / 'images'}, found another layout. Fix: put them there, and "
            f"their masks into {folder / 'masks'}"
        )
    partly, faults = read_areas(folder, layout.pairs.keys())
    if layout.faults or faults:
        raise UserError([*layout.faults, *faults])
    return layout, partly


def bytes_of(height: int, width: int) -> int:
    """Bytes of a mask of eight pixels a byte."""
    return -(-height * width // 8)
