"""What a command says when the user stops it: how far it came and how to go on; exit code 130."""

import contextlib
import sys
from collections.abc import Iterator

from semicurv_tf.training.stopping import Stopped

SAME_COMMAND = "the same command"
EXIT_CODE = 130  # as for a process that SIGINT ended: 128 + 2


@contextlib.contextmanager
def ends_when_stopped(how_to_go_on: str = SAME_COMMAND, of: str = "") -> Iterator[None]:
    """Ends the process in order where the work within was stopped; its checkpoint is written by then.

    Args:
        how_to_go_on: what continues it, e.g. a command.
        of: what the steps belong to, where the work is more than one training, e.g. "a cell".

    Raises:
        SystemExit: with `EXIT_CODE`, once the user is told on standard error.
    """
    try:
        yield
    except Stopped as stopped:
        step = f"step {stopped.step} of {of}" if of else f"step {stopped.step}"
        print(f"stopped at {step}, checkpoint written. Continue: {how_to_go_on}", file=sys.stderr)
        sys.exit(EXIT_CODE)
