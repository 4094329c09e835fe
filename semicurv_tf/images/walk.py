"""Finds image files in folders: each folder once, whatever links lead back to it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from semicurv_tf.images.formats import IMAGE_SUFFIXES


def walk_images(folder: Path, leave_out: Iterable[Path] = ()) -> Iterator[Path]:
    """Image files at and below a folder, the sub-folders of each after its files, sorted.

    Linked folders are entered once, hidden files and folders never. Links that lead nowhere are among the files, for
    their reading to fail by name.

    Args:
        folder: where to look.
        leave_out: folders whose files are not taken (an output folder inside the input folder).
    """
    seen, stack = {os.path.realpath(left_out) for left_out in leave_out}, [folder]
    while stack:
        current = stack.pop()
        real = os.path.realpath(current)
        if real in seen:
            continue
        seen.add(real)
        below = []
        for entry in sorted(current.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                below.append(entry)
            elif entry.suffix.lower() in IMAGE_SUFFIXES:
                yield entry
        stack.extend(reversed(below))


def find_images(folder: str | Path, leave_out: Iterable[Path] = ()) -> list[Path]:
    """All image files at and below a folder, sorted by path; see `walk_images`."""
    return sorted(walk_images(Path(folder), leave_out))


def list_images(folder: Path) -> list[Path]:
    """Image files in a folder (not below it), sorted; broken links are listed, not passed over."""
    return sorted(
        entry for entry in folder.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES
        and not entry.name.startswith(".") and not entry.is_dir()
    )  # fmt: skip
