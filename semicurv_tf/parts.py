"""Names of what is being written, and which of them nobody writes any more.

    .part-HOST-PROCESS-RANDOM.NAME

Several processes of several hosts and containers may write into one folder, and may be killed. HOST stands for the
machine, its boot and its container (process numbers mean something within that only); RANDOM tells two parts of one
process apart.
"""

import contextlib
import functools
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from pathlib import Path

PREFIX = ".part-"
ABANDONED_AFTER_S = 6 * 3600.0  # of another host, whose processes cannot be asked for: untouched for so long
_PART = re.compile(r"\.part-([0-9a-f]{8})-([0-9]+)-([0-9a-f]{8})\.")
_LONGEST_NAME_BYTES = 200  # of NAME; file systems take 255 in all


def new_part(path: Path) -> Path:
    """A name beside `path` that nothing has: for a file or a folder that becomes `path` once it is whole.

    The end of the name stays, for writers that choose their format by it.
    """
    end = path.name.encode(errors="surrogateescape")[-_LONGEST_NAME_BYTES:].decode(errors="ignore")
    return path.with_name(f"{PREFIX}{_host()}-{os.getpid()}-{secrets.token_hex(4)}.{end}")


def create_file(part: Path) -> None:
    """Makes an empty file that is new: what lies there already, a link too, is not followed and not overwritten.

    Raises:
        OSError: it exists, or the folder cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    os.close(os.open(part, flags, 0o666))


def remove_abandoned(folder: Path, below: bool = True) -> None:
    """Removes files and folders of `new_part` that nobody writes any more.

    These are parts of this host whose process lives no more, and parts of other hosts that were not touched for
    `ABANDONED_AFTER_S`.

    Args:
        folder: where they lie.
        below: in its sub-folders too.
    """
    for part in list(folder.rglob(f"{PREFIX}*") if below else folder.glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            if not _is_abandoned(part):
                continue
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink()


def _is_abandoned(part: Path) -> bool:
    named = _PART.match(part.name)
    if named is None:
        return False
    host, process, _ = named.groups()
    if host == _host():
        return not _lives(int(process))
    return time.time() - _touched(part) > ABANDONED_AFTER_S


def _touched(part: Path) -> float:
    """When anything of it changed last."""
    inside = part.rglob("*") if part.is_dir() and not part.is_symlink() else ()
    return max(path.lstat().st_mtime for path in (part, *inside))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@functools.cache
def _host() -> str:
    told = [socket.gethostname()]
    for read in (
        lambda: Path("/proc/sys/kernel/random/boot_id").read_text(),
        lambda: str(Path("/proc/self/ns/pid").readlink()),
    ):
        with contextlib.suppress(OSError):
            told.append(read())
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]
