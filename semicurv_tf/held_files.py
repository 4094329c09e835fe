"""One process at a time reads a file, changes it and writes it: otherwise one's change is lost."""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from semicurv_tf.errors import RetryLater
from semicurv_tf.whole_files import cannot_write

try:
    import fcntl
except ImportError:  # not a POSIX system: there is no lock that the system takes back after a crash
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

LONGEST_WAIT_S = 30.0  # what is held takes milliseconds: a process that holds it longer is stopped or stuck
_EVERY_S = 0.02
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # of a file system


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds a file for the block, and waits for who has it: by a lock on an empty file `.NAME.lock` beside it.

    The system lets go of it when the process ends, however it ends: the empty file that stays behind locks nothing.
    Where system or file system have no locks, nothing is held.

    Args:
        path: the file. It is not locked itself, for it is replaced by the one that is written.

    Raises:
        UserError: the folder cannot be written.
        RetryLater: another process has held it for `LONGEST_WAIT_S`.
    """
    if fcntl is None:
        yield
        return
    lock = path.with_name(f".{path.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        _wait(handle, path)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, path: Path) -> None:
    until = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RetryLater(
                    f"{path}: another process has held it for {LONGEST_WAIT_S:.0f} s. "
                    "Fix: end that process if it is stuck, then the same command again"
                ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise cannot_write(path, error) from None
            return
        time.sleep(_EVERY_S)
