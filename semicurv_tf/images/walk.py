"""Finds image files in folders: each folder once, whatever links lead back to it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_companion, is_image_name

DEEPEST = 1000  # levels of folders; beyond, paths are longer than systems take


def walk_files(folder: Path, leave_out: Iterable[Path] = ()) -> Iterator[Path]:
    """Files at and below a folder, the sub-folders of each after its files, sorted.

    Linked folders are entered once, hidden files and folders never. Links that lead nowhere are among the files, for
    their reading to fail by name.

    Args:
        folder: where to look.
        leave_out: folders whose files are not taken (an output folder inside the input folder).

    Raises:
        UserError: a folder that cannot be listed, or lies too deep.
    """
    seen, stack = {os.path.realpath(left_out) for left_out in leave_out}, [(folder, 0)]
    while stack:
        current, depth = stack.pop()
        real = os.path.realpath(current)
        if real in seen:
            continue
        seen.add(real)
        below = []
        for entry, is_folder in _entries(current, depth):
            if is_folder:
                below.append((entry, depth + 1))
            else:
                yield entry
        stack.extend(reversed(below))


def walk_images(folder: Path, leave_out: Iterable[Path] = ()) -> Iterator[Path]:
    """Image files at and below a folder, in the order of `walk_files`."""
    return (file for file in walk_files(folder, leave_out) if is_image_name(file))


def find_images(folder: str | Path, leave_out: Iterable[Path] = ()) -> list[Path]:
    """All image files at and below a folder, sorted by path; see `walk_files`."""
    return sorted(walk_images(Path(folder), leave_out))


def find_passed_over(folder: str | Path, leave_out: Iterable[Path] = ()) -> list[Path]:
    """Files at and below a folder that are neither images nor belong to one."""
    return [file for file in walk_files(Path(folder), leave_out) if not is_image_name(file) and not is_companion(file)]


def list_images(folder: Path) -> list[Path]:
    """Image files in a folder (not below it), sorted; broken links are listed, not passed over."""
    return sorted(
        entry for entry in folder.iterdir()
        if is_image_name(entry) and not entry.name.startswith(".") and not entry.is_dir()
    )  # fmt: skip


def _entries(folder: Path, depth: int) -> list[tuple[Path, bool]]:
    """What lies in a folder and is not hidden, sorted, and whether it is a folder."""
    shown = str(folder) if len(str(folder)) < 200 else f"{str(folder)[:150]}..."
    if depth > DEEPEST:
        raise UserError(
            f"{shown}: expected at most {DEEPEST} levels of folders, found more. Fix: move what lies deepest up"
        )
    try:
        return [(entry, entry.is_dir()) for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(
            f"{shown}: expected a folder that can be listed, found {error.strerror} at level {depth}. "
            "Fix: check its permissions, or move what lies deepest up"
        ) from None
