"""Ctrl-C and SIGTERM finish the step, write a checkpoint and end the run in order."""

import signal


class Stopped(Exception):
    """The user stopped the run; its checkpoint is written.

    Args:
        step: steps done.
    """

    def __init__(self, step: int):
        self.step = step
        super().__init__(f"stopped at step {step}")


class StopRequest:
    """Context manager: `requested` turns True at the first SIGINT or SIGTERM; a second SIGINT interrupts at once."""

    def __init__(self):
        self.requested = False

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _):
        # Schedulers repeat SIGTERM; a person who presses Ctrl-C again is in a hurry.
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
