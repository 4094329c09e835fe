"""Standard output and error as a command finds them: closed, full, or a pipe that nobody reads any more."""

import contextlib
import errno
import os
import sys

from semicurv_tf.errors import RETRY


def open_streams() -> None:
    """Makes all three streams usable: a closed one leads to nowhere, and a log that is full does not end a run.

    With 2 closed, the next file that is opened would become standard error, and messages would be written into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))
    if not isinstance(sys.stderr, _Forgiving):
        sys.stderr = _Forgiving(sys.stderr)


def lost_output(error: OSError | None = None) -> int | None:
    """Whether standard output can be written no more; says so and gives the exit code, else None.

    Args:
        error: what writing raised; None: try.
    """
    try:
        sys.stdout.flush()
        return None
    except OSError as found:
        error = error or found
    except ValueError:  # closed by whoever called this as a function
        return None
    # What is still held would be written once more at the end, and fail once more.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:  # `| head` has seen enough
        return 1
    print(
        f"error: standard output: cannot be written ({error.strerror}). Fix: free space where it is redirected to",
        file=sys.stderr,
    )
    return RETRY


class _Forgiving:
    """Standard error, of which a full disk takes nothing but the message."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self):
        try:
            self._stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name):
        return getattr(self._stream, name)
