"""Lets a training loop run block by block at the command of another process.

The processes of all variants are alive at once and take turns, so that whatever slows the machine for
a while slows them all alike.
"""

import time
from pathlib import Path


class Done(Exception):
    """Ends the loop: no more blocks are wanted."""


class Pace:
    """Blocks of steps on command.

    Commands are `("run", steps)`, `("profile", steps)` and `("stop",)`. Each is answered by a dict: `seconds` and
    `processor_seconds` (of all threads) per step and `peak_bytes`, or what the profile says.

    Args:
        connection: to the commanding process.
        profiler: None, or an object whose `start()` comes before a profiled block and whose `stop(steps)` after it
            returns the answer.
    """

    def __init__(self, connection, profiler=None):
        self._connection = connection
        self._profiler = profiler

    def begin(self, facts):
        """To be called once before the first step, with what the loop says of itself."""
        self._connection.send(facts)
        self._wait()

    def step_done(self):
        """To be called after each step.

        Raises:
            Done: no step is to follow.
        """
        self._left -= 1
        if self._left:
            return
        seconds = (time.perf_counter() - self._start) / self._steps
        processor_seconds = (time.process_time() - self._processor_start) / self._steps
        if self._command == "profile":
            answer = self._profiler.stop(self._steps)
        else:
            answer = {"seconds": seconds, "processor_seconds": processor_seconds, "peak_bytes": peak_bytes()}
        self._connection.send(answer)
        self._wait()

    def _wait(self):
        self._command, *arguments = self._connection.recv()
        if self._command == "stop":
            raise Done
        self._steps = self._left = arguments[0]
        if self._command == "profile":
            self._profiler.start()
        self._start, self._processor_start = time.perf_counter(), time.process_time()


def peak_bytes():
    """The most memory that this process has held, or None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
