"""Random access to the prepared images of a split, in bounded memory."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from semicurv_tf.data.image_files import decode_bytes


class ImageStore:
    """The images of a split: names and sizes at once, pixels when read.

    Decoded images are kept while they fit in the budget, the least recently read leaving first; so
    a small dataset is decoded once, and of a large one the few labelled images stay in memory.

    Args:
        rows: one dict per image as written beside the prepared data (see `prepare.py`).
        records: sequence of the encoded examples in the same order: dicts with PNG or JPEG bytes
            under "image", "mask" and "valid".
        memory_mb: budget for decoded images in megabytes.

    Attributes:
        names: names of the images, in order.
        sources: the image that each was cut from.
        shapes: (height, width, channels) of each.
        labelled: whether each has a mask.
    """

    def __init__(self, rows: Sequence[dict], records, memory_mb: int = 1024):
        self.rows = tuple(rows)
        self.names = tuple(row["name"] for row in rows)
        self.sources = tuple(row["source"] for row in rows)
        self.shapes = tuple(tuple(row["shape"]) for row in rows)
        self.labelled = tuple(row["labelled"] for row in rows)
        self._records = records
        self._budget = memory_mb * 2**20
        self._kept: OrderedDict[int, dict[str, np.ndarray]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> dict[str, np.ndarray]:
        """One image with its mask and valid mask; safe to call from several threads.

        Args:
            index: position in `names`.

        Returns:
            {"image" (h, w, c) 0-255, "mask" (h, w, 1), "valid" (h, w, 1)}, uint8, not to be
            written to. The mask of an unlabelled image is all 0.
        """
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
            record = self._records[index]
        channels = self.shapes[index][-1]
        decoded = {
            "image": decode_bytes(record["image"], channels),
            "mask": decode_bytes(record["mask"], 1),
            "valid": decode_bytes(record["valid"], 1),
        }
        for array in decoded.values():
            array.flags.writeable = False
        self._keep(index, decoded)
        return decoded

    def indices(self, names: Sequence[str]) -> list[int]:
        """Positions of `names`; KeyError if one is not here."""
        position = {name: index for index, name in enumerate(self.names)}
        return [position[name] for name in names]

    def positive_percent(self) -> float:
        """Share of positive pixels over all labelled images, in percent (Table I)."""
        labelled = [row for row in self.rows if row["labelled"]]
        pixels = sum(row["shape"][0] * row["shape"][1] for row in labelled)
        return 100.0 * sum(row["positive"] for row in labelled) / max(1, pixels)

    def joined(self, other: "ImageStore") -> "ImageStore":
        """A store of the images of both, this one's first, sharing this one's budget."""
        rows = (*self.rows, *other.rows)
        return ImageStore(rows, _Joined(self, other), self._budget // 2**20)

    def _keep(self, index: int, decoded: dict[str, np.ndarray]) -> None:
        size = sum(array.nbytes for array in decoded.values())
        with self._lock:
            if index in self._kept or size > self._budget:
                return
            self._kept[index] = decoded
            self._kept_bytes += size
            while self._kept_bytes > self._budget:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= sum(array.nbytes for array in dropped.values())


class _Joined:
    """The records of two stores, one after the other."""

    def __init__(self, first: ImageStore, second: ImageStore):
        self._first, self._second = first._records, second._records
        self._count = len(first)

    def __getitem__(self, index: int):
        if index < self._count:
            return self._first[index]
        return self._second[index - self._count]
