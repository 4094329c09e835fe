"""One process at a time trains in a run folder."""

import contextlib
import errno
import os
import socket
import time
from pathlib import Path

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.json_files import is_number
from semicurv_tf.training.heartbeat import HEARTBEAT, read_heartbeat

try:
    import fcntl
except ImportError:  # not a POSIX system: there is no lock that the system takes back after a crash
    fcntl = None  # type: ignore[assignment]  # looked at before it is used

LOCK = "lock"


# A file system may keep locks within a host. The heartbeat of a run that lives elsewhere is at most so old.
_HEARTBEAT_S = 30.0


@contextlib.contextmanager
def locked(run: Path):
    """Holds the run folder; the system lets go of it when the process ends, however it ends.

    Raises:
        UserError: another process holds it, or the folder cannot be written.
        RetryLater: another host trained in it half a minute ago.
    """
    if fcntl is None:
        yield
        return
    path = run / LOCK
    try:
        # Not through a link: what it leads to would be emptied.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        file = open(handle, "r+", encoding="utf-8")  # noqa: SIM115  closed by the `with` below
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}). Fix: make the run folder writable") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"{run}: {file.read().strip() or 'another process'} is training in it. "
                "Fix: wait for it or stop it, or take another --run"
            ) from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise
            # A file system without locks: then the heartbeat alone tells.
        _require_no_other_host(run)
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
            file.truncate(0)
            # Past Python's buffer, which would be written again, and fail, where the file is closed.
            os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield


def _require_no_other_host(run: Path):
    beat = read_heartbeat(run / HEARTBEAT) or {}
    host, moment = beat.get("host"), beat.get("time")
    if beat.get("state") != "running" or host == socket.gethostname() or not is_number(moment):
        return
    age = abs(time.time() - moment)  # clocks of two hosts differ
    if age < _HEARTBEAT_S:
        raise RetryLater(
            f"{run}: {host} trained in it {age:.0f} s ago. "
            f"Fix: stop it there, or wait {_HEARTBEAT_S:.0f} s if it is gone"
        )
