"""Reads files whose path may come from elsewhere: no pipe, no device, no more bytes than are expected."""

import stat
from pathlib import Path

from semicurv_tf.errors import UserError


def read_regular(path: Path, most_bytes: int, remedy: str) -> bytes:
    """The bytes of a regular file.

    Pipes and devices have size 0, whatever comes out of them: reading one waits for ever, or until memory is full.

    Args:
        path: the file; a link to one is followed.
        most_bytes: the largest size that is read.
        remedy: what the user can do: the part of the message after "Fix: ".

    Raises:
        UserError: a folder, pipe or device, a file that is far too large, or larger than the memory.
        OSError: missing, or unreadable.
    """
    size = require_regular(path, remedy)
    if size > most_bytes:
        raise UserError(f"{path}: expected at most {most_bytes} bytes, found {size}. Fix: {remedy}")
    try:
        return path.read_bytes()
    except MemoryError:
        found = f"{size} bytes"
        raise UserError(f"{path}: expected a file that fits in memory, found {found}. Fix: {remedy}") from None


def require_regular(path: Path, remedy: str) -> int:
    """The size in bytes of a regular file that a library will read by its name.

    Args:
        path: the file; a link to one is followed.
        remedy: what the user can do: the part of the message after "Fix: ".

    Raises:
        UserError: a folder, pipe or device.
        OSError: missing, or unreadable.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path}: expected a file, found a folder, pipe or device. Fix: {remedy}")
    return status.st_size
