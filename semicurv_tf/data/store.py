"""Random access to the prepared images of a split, in bounded memory."""

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from semicurv_tf.data.decoded import DecodedDisk, DecodedMemory
from semicurv_tf.data.identity import DATA
from semicurv_tf.data.shrink import shrunk, shrunk_side
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import decode_bytes
from semicurv_tf.wording import typed


class ImageStore:
    """The images of a split: names and sizes at once, pixels when read.

    Args:
        rows: one dict per image as written beside the prepared data (see `prepare.py`).
        records: sequence of the encoded examples in the same order: dicts with PNG or JPEG bytes
            under "image", "mask" and "valid".
        memory: where decoded images are kept.
        disk: where decoded images are kept that do not fit into memory; None: nowhere.
        damaged: makes a context that says what to do where a record cannot be read; see `damage_named`.
        lock: held while a record is read; stores of the same records share one.
        times: how many times smaller than they are stored images are given; see `shrunk`.

    Attributes:
        names: names of the images, in order: relative paths without suffix in a user's folder.
        roots: the folder that each lies in, `identity.DATA` or `UNLABELLED`; with its name, that is which image it is.
        sources: the image that each was cut from.
        shapes: (height, width, channels) of each.
        labelled: whether each has a mask.
    """

    def __init__(
        self,
        rows: Sequence[dict],
        records,
        memory: DecodedMemory,
        disk: DecodedDisk | None = None,
        damaged: Callable = contextlib.nullcontext,
        lock=None,
        times: int = 1,
    ):
        self.rows = tuple(rows)
        self.names = tuple(row["name"] for row in rows)
        self.roots = tuple(row.get("root", DATA) for row in rows)
        self.sources = tuple(row["source"] for row in rows)
        self.times = times
        smaller = lambda height, width, channels: (shrunk_side(height, times), shrunk_side(width, times), channels)
        self.shapes = tuple(smaller(*row["shape"]) for row in rows)
        self.labelled = tuple(row["labelled"] for row in rows)
        self._records, self._memory, self._disk = records, memory, disk
        self._damaged = damaged
        self._fits = sum(h * w * (c + 2) for h, w, c in self.shapes) <= memory.budget_bytes
        self._lock = lock or threading.Lock()

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> dict[str, np.ndarray]:
        """One image with its mask and valid mask; safe to call from several threads.

        Args:
            index: position in `names`.

        Returns:
            {"image" (h, w, c) 0-255, "mask" (h, w, 1), "valid" (h, w, 1)}, uint8, not to be
            written to. The mask of an unlabelled image is all 0. `valid` is 0 where the image has no data, 1 where
            the pixel counts, 2 where the image is sound and its label unknown.
        """
        arrays = self._memory.get((self, index))
        if arrays is None:
            arrays = self._decode(index)
            self._memory.put((self, index), arrays)
        return arrays

    def read_window(self, index: int, rows: slice, columns: slice) -> dict[str, np.ndarray]:
        """A window of an image; of images too many for memory, the window's rows alone are read.

        Args:
            index: position in `names`.
            rows, columns: of the window, within the image.

        Returns:
            As `read`, of the window's size.
        """
        window = (rows, columns)
        if self._fits or self._disk is None:
            return {key: array[window] for key, array in self.read(index).items()}
        arrays = self._memory.get((self, index))
        if arrays is None:
            part = self._disk.read(self._disk_key(index), self.shapes[index], window)
            if part is not None:
                return part
            arrays = self._decode(index)
            self._disk.write(self._disk_key(index), arrays)
        return {key: array[window] for key, array in arrays.items()}

    def indices(self, names: Sequence[str], root: str = DATA) -> list[int]:
        """Positions of the images of these names in the folder `root`; KeyError if one is not here."""
        position = {name: index for index, name in enumerate(self.names) if self.roots[index] == root}
        return [position[name] for name in names]

    def positive_percent(self) -> float:
        """Share of positive pixels over all labelled images, in percent (Table I)."""
        labelled = [row for row in self.rows if row["labelled"]]
        pixels = sum(row.get("known", row["shape"][0] * row["shape"][1]) for row in labelled)
        return 100.0 * sum(row["positive"] for row in labelled) / max(1, pixels)

    def joined(self, other: "ImageStore") -> "ImageStore":
        """A store of the images of both, this one's first."""
        records = _Joined(self._records, len(self), other._records)
        return ImageStore((*self.rows, *other.rows), records, self._memory, self._disk, self._damaged, times=self.times)

    def shrunk(self, times: int) -> "ImageStore":
        """A store of the same images, so many times smaller than they are stored; `rows` stay as they are."""
        return ImageStore(self.rows, self._records, self._memory, self._disk, self._damaged, self._lock, times)

    def labelled_boxes(self, index: int) -> list[list[int]] | None:
        """The boxes of an image that is labelled in part, see `data.unknown_pixels`; None of others."""
        boxes = self.rows[index].get("labelled_boxes")
        if not boxes:
            return None
        first, last = (lambda pixel: pixel // self.times), (lambda pixel: shrunk_side(pixel, self.times))
        return [[first(box[0]), first(box[1]), last(box[2]), last(box[3]), box[4]] for box in boxes]

    def subset(self, indices: Sequence[int], hidden: Collection[int] = ()) -> "ImageStore":
        """A store of some of the images, in the given order.

        Args:
            indices: positions of the images.
            hidden: positions of those that count as unlabelled though they have a mask.
        """
        rows = [{**self.rows[index], "labelled": False} if index in hidden else self.rows[index] for index in indices]
        records = _Chosen(self._records, tuple(indices))
        return ImageStore(rows, records, self._memory, self._disk, self._damaged, self._lock, self.times)

    def _decode(self, index: int) -> dict[str, np.ndarray]:
        channels = self.shapes[index][-1]
        with self._damaged():
            with self._lock:  # the reader of the record file is not made for threads; decoding is
                record = self._records[index]
            arrays = {
                "image": decode_bytes(record["image"], channels),
                "mask": decode_bytes(record["mask"], 1),
                "valid": decode_bytes(record["valid"], 1),
            }
            stored = tuple(self.rows[index]["shape"])
            if arrays["image"].shape != stored:
                raise ValueError(f"{self.names[index]} of {arrays['image'].shape}, expected {stored}")
        arrays = shrunk(arrays, self.times)
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    def _disk_key(self, index: int) -> str:
        row = self.rows[index]  # by content, so that it holds for joined stores as well
        smaller = "" if self.times == 1 else f"-{self.times}"
        return f"{row['digest']}-{row['mask_digest']}-{row['valid']}{smaller}"


@contextlib.contextmanager
def damage_named(folder: Path, remedy: str) -> Iterator[None]:
    """Says in one line that prepared data are damaged, and what to type.

    Args:
        folder: of the prepared data.
        remedy: the command that prepares them again.
    """
    try:
        yield
    except UserError:
        raise
    except PermissionError as error:
        raise UserError(
            f"{folder}: expected prepared data that you may read, found: {error.strerror}. "
            f"Fix: its owner types chmod -R a+rX {typed(folder)}"
        ) from None
    except Exception as error:  # readers of records raise what they like, protobuf's errors and RuntimeError among it
        reason = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise UserError(f"{folder}: damaged prepared data ({reason}). Fix: {remedy}") from None


class _Joined:
    """The records of two stores, one after the other."""

    def __init__(self, first, count: int, second):
        self._first, self._count, self._second = first, count, second

    def __getitem__(self, index: int):
        if index < self._count:
            return self._first[index]
        return self._second[index - self._count]


class _Chosen:
    """Some of the records, in another order."""

    def __init__(self, records, indices: tuple[int, ...]):
        self._records, self._indices = records, indices

    def __getitem__(self, index: int):
        return self._records[self._indices[index]]
