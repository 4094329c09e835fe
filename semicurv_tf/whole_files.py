"""Writes results so that no half-written file ever carries a result's name."""

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.parts import create_file, new_part

PNG_MARK = ("Software", "semicurv-tf")  # a keyword of the PNG specification: what no other program wrote
PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # faults of a disk that someone else may mend


class DiskLost(RetryLater):
    """The disk is full or read-only: whatever is written next would fail alike."""


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a new, empty file beside `path`, renamed to it once the block ends well, removed otherwise.

    Two processes that write one path at once do not meet before the end: the last one's result stays, whole.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    part = new_part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        create_file(part)
        yield part
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def require_place(path: Path) -> None:
    """Refuses a file whose folder cannot be made or written to, before the work that would be lost; makes nothing.

    Raises:
        UserError: what `written_whole` would say at the end.
    """
    try:
        folder = next(above for above in path.absolute().parents if above.exists())
        code = None if os.access(folder, os.W_OK | os.X_OK) else errno.EROFS if _read_only(folder) else errno.EACCES
        code = code if folder.is_dir() else errno.ENOTDIR
    except OSError as error:  # a folder above may not be entered
        raise cannot_write(path, error) from error
    if code is not None:
        raise cannot_write(path, OSError(code, os.strerror(code)))


def _read_only(folder: Path) -> bool:
    """Whether the device is mounted for reading alone, where the system can say so."""
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def cannot_write(path: Path, error: OSError) -> UserError:
    """The line for a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskLost(f"{path}: no space left on the device. Fix: free some, then run again; what is finished stays")
    if error.errno == errno.EROFS:
        return DiskLost(f"{path}: the device is read-only. Fix: choose a folder you may write to")
    return UserError(f"{path}: cannot be written ({error.strerror or error}). Fix: choose a folder you may write to")


def write_png(path: Path, values: np.ndarray, mark: tuple[str, str] = PNG_MARK) -> None:
    """Writes uint8 `(height, width)` or `(height, width, 3)` as PNG, whole or not at all.

    Args:
        path: the file.
        values: the pixels.
        mark: keyword and text by which a later call knows the file as ours.
    """
    write_picture(path, Image.fromarray(values), mark)


def write_picture(path: Path, picture: Image.Image, mark: tuple[str, str] = PNG_MARK) -> None:
    """Writes a picture as PNG, likewise."""
    told = PngImagePlugin.PngInfo()
    told.add_text(*mark)
    with written_whole(path) as part:
        picture.save(part, format="PNG", compress_level=3, pnginfo=told)


def write_json(path: Path, content: dict) -> None:
    """Writes a dictionary as JSON in its own order, whole or not at all."""
    with written_whole(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
