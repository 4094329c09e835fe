"""Ctrl-C, SIGTERM and SIGHUP (a terminal is closed) finish the step, write a checkpoint and end the run in order."""

import signal
import threading


class Stopped(Exception):
    """The user stopped the run; its checkpoint is written.

    Args:
        step: steps done.
    """

    def __init__(self, step: int):
        self.step = step
        super().__init__(f"stopped at step {step}")


_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class StopRequest:
    """Context manager: `requested` turns True at the first SIGINT, SIGTERM or SIGHUP; a second SIGINT interrupts."""

    def __init__(self):
        self.requested = False

    def __enter__(self):
        self._previous = {}
        if threading.current_thread() is not threading.main_thread():  # Python lets the main thread alone take signals
            return self
        # Under nohup SIGHUP is ignored, and shall be; a shell's `&` ignores SIGINT, which stops a run all the same.
        ignored = lambda number: signal.getsignal(number) is signal.SIG_IGN
        numbers = [number for number in _SIGNALS if number == signal.SIGINT or not ignored(number)]
        self._previous = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _):
        # Schedulers repeat SIGTERM; a person who presses Ctrl-C again is in a hurry.
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
