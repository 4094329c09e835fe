"""One process at a time trains in a run folder."""

import contextlib
import errno
import os
import socket
from pathlib import Path

from semicurv_tf.errors import UserError

try:
    import fcntl
except ImportError:  # not a POSIX system: there is no lock that the system takes back after a crash
    fcntl = None

LOCK = "lock"


@contextlib.contextmanager
def locked(run: Path):
    """Holds the run folder; the system lets go of it when the process ends, however it ends.

    Raises:
        UserError: another process holds it, or the folder cannot be written.
    """
    if fcntl is None:
        yield
        return
    path = run / LOCK
    try:
        file = open(path, "a+", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}). Fix: make the run folder writable") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"{run}: {file.read().strip() or 'another process'} is training in it. Fix: wait for it or stop it, or take another --run"
            ) from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise
            # A file system without locks: then the user has to see to it.
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
            file.flush()
        yield
