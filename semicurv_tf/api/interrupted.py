"""Ctrl-C during a training, as Python's users know it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from semicurv_tf.training.stopping import Stopped


@contextlib.contextmanager
def interrupted(run: Path) -> Iterator[None]:
    """Turns a run that was stopped in order into what Python's users expect of Ctrl-C."""
    try:
        yield
    except Stopped as stopped:
        raise KeyboardInterrupt(
            f"stopped at step {stopped.step}, checkpoint written. Continue: semicurv_tf.open_run({str(run)!r}).resume()"
        ) from None
