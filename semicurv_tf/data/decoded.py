"""Decoded images kept for the next time: in memory while they fit, large ones on disk."""

import contextlib
import os
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np

from semicurv_tf.parts import create_file, new_part, remove_abandoned

_KEYS = ("image", "mask", "valid")


class DecodedMemory:
    """Least recently used decoded images leave when the budget is spent; shared by all splits.

    Args:
        budget_mb: megabytes of pixels that may be kept.
    """

    def __init__(self, budget_mb: int):
        self.budget_bytes = budget_mb * 2**20
        self._kept: OrderedDict[object, dict[str, np.ndarray]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key) -> dict[str, np.ndarray] | None:
        """The arrays kept under `key`, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            return None

    def put(self, key, arrays: dict[str, np.ndarray]) -> None:
        """Keeps arrays, dropping what was not read for longest; what is too large is not kept."""
        size = _size(arrays)
        with self._lock:
            if key in self._kept or size > self.budget_bytes:
                return
            self._kept[key] = arrays
            self._bytes += size
            while self._bytes > self.budget_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= _size(dropped)

    @property
    def used_bytes(self) -> int:
        return self._bytes


class DecodedDisk:
    """Decoded pixels in files, so that a crop of a large image reads its own rows only.

    A file holds (height, width, channels + 1) bytes; the last channel is mask + 2 * valid (valid 0 to 2). At most
    `share` of the space that was free at the start is used; after that nothing more is written.

    Args:
        folder: where the files go; made when the first is written.
        share: of the free disk space, in [0, 1].
    """

    def __init__(self, folder: Path, share: float = 0.5):
        self._folder = folder
        remove_abandoned(folder, below=False)
        free = shutil.disk_usage(_existing(folder)).free
        already = sum(file.stat().st_size for file in folder.glob("*.raw")) if folder.is_dir() else 0
        self._room = share * (free + already) - already
        self._lock = threading.Lock()

    def read(self, key: str, shape: tuple[int, int, int], window: tuple) -> dict | None:
        """The window (two slices, rows and columns) of an image of `shape`, or None."""
        height, width, channels = shape
        file = self._folder / f"{key}.raw"
        try:
            pixels = np.memmap(file, np.uint8, "r", shape=(height, width, channels + 1))
        except (OSError, ValueError):  # not there, or cut short by a full disk
            return None
        part = np.array(pixels[window])
        flags = part[..., channels:]
        return {"image": part[..., :channels], "mask": flags & 1, "valid": flags >> 1}

    def write(self, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Keeps an image, unless there is no room or it is there already."""
        packed = np.concatenate([arrays["image"], arrays["mask"] + 2 * arrays["valid"]], axis=-1)
        file = self._folder / f"{key}.raw"
        with self._lock:
            if self._room < packed.nbytes or file.exists():
                return
            self._room -= packed.nbytes
        temporary = new_part(file)
        try:
            self._folder.mkdir(exist_ok=True)
            create_file(temporary)
            packed.tofile(temporary)
            os.replace(temporary, file)
        except OSError:  # the disk filled up meanwhile: go on without
            self._room = 0
            with contextlib.suppress(OSError):
                temporary.unlink()


def _size(arrays: dict[str, np.ndarray]) -> int:
    return sum(arrays[key].nbytes for key in _KEYS)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
