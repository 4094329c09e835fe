"""The one error that users see: what they can put right, said in a line each; and how a command ends by it."""

from collections.abc import Iterable

from semicurv_tf.wording import printable

USER, RETRY = 2, 75  # exit codes; the second is EX_TEMPFAIL of sysexits.h


class UserError(Exception):
    """A fault the user can put right. The command line prints its lines and exits with code 2.

    Each line names the file, key or option, what was expected, what was found, and the remedy; what a terminal would
    obey in a name is written as an escape.

    Args:
        faults: one line, or several lines where several faults were found together.

    Example:
        >>> UserError("--labels: expected a fraction in (0, 1], found 3. Fix: --labels 0.05").lines
        ('--labels: expected a fraction in (0, 1], found 3. Fix: --labels 0.05',)
    """

    exit_code = USER

    def __init__(self, faults: str | Iterable[str]):
        self.lines = tuple(map(printable, (faults,) if isinstance(faults, str) else faults))
        super().__init__("\n".join(self.lines))


class RetryLater(UserError):
    """A fault that may pass: a full disk, a worker or a server that is gone. The same command may succeed later.

    The command line exits with code 75, by which a supervisor tells it from a mistake in the command.
    """

    exit_code = RETRY
