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
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  open until the process ends
            setattr(sys, name, stream)
    sys.stdout, sys.stderr = _Telling(sys.stdout), _Forgiving(sys.stderr)


class OutputLost(Exception):
    """Standard output can be written no more."""

    def __init__(self, error: OSError):
        self.error = error
        super().__init__(str(error))


def flush_output() -> None:
    """Writes what standard output still holds.

    Raises:
        OutputLost: it cannot be written.
    """
    sys.stdout.flush()


def say_output_is_lost(lost: OutputLost) -> int:
    """Says so, and gives the exit code."""
    # What is still held would be written once more at the end, and fail once more.
    _to_nowhere(1)
    if lost.error.errno == errno.EPIPE:  # `| head` has seen enough
        return 0
    reason = lost.error.strerror or lost.error
    print(
        f"error: standard output: cannot be written ({reason}). Fix: make room where it is redirected to",
        file=sys.stderr,
    )
    return RETRY


def _to_nowhere(number: int):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


class _Stream:
    """A stream of which `write` and `flush` differ."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)


class _Telling(_Stream):
    """Standard output: what goes wrong with it is told from what goes wrong with files."""

    def write(self, text):
        try:
            return self._stream.write(text)
        except OSError as error:
            raise OutputLost(error) from None

    def flush(self):
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputLost(error) from None


class _Forgiving(_Stream):
    """Standard error, of which a full disk takes nothing but the message."""

    def write(self, text):
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self):
        try:
            self._stream.flush()
        except OSError:
            _to_nowhere(2)
