"""A sign of life for supervisors: `heartbeat.json`, written anew every few seconds while a run lives.

    {"state": "running", "step": 120, "steps": 1000, "step_time": 1767225600.1, "time": 1767225603.2, "pid": 7,
     "host": "a"}

`time` moves while the process lives, `step_time` while it gets on: seconds since 1970. `state` is `running`, and
at the end `finished`, `stopped` (on request; goes on with --resume) or `failed`, with the `reason`. After `kill -9`
it stays `running`, with a `time` that stands still.
"""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import read_object
from semicurv_tf.training.stopping import Stopped
from semicurv_tf.whole_files import write_json

HEARTBEAT = "heartbeat.json"
BEAT_SECONDS = 5.0


class Heartbeat:
    """Context manager: beats until the block ends, then writes how it ended.

    Args:
        path: the file.
        step, steps: steps done and in all.
        beat_seconds: how often.
    """

    def __init__(self, path: Path, step: int = 0, steps: int | None = None, beat_seconds: float = BEAT_SECONDS):
        self._path, self._beat_seconds = path, beat_seconds
        self._content = {"state": "running", "step": step, "steps": steps, "step_time": time.time()}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    def __call__(self, report: dict):
        """Notes that a step is done."""
        self._content = {**self._content, "step": report["step"], "step_time": time.time()}

    def __enter__(self):
        self._write()
        self._thread.start()
        return self

    def __exit__(self, kind, error, _):
        self._ended.set()
        self._thread.join()
        state = {"state": "finished"}
        if kind is not None:
            stopped = issubclass(kind, (Stopped, KeyboardInterrupt))
            reason = error.lines[0] if isinstance(error, UserError) else f"{kind.__name__}: {error}".splitlines()[0]
            state = {"state": "stopped"} if stopped else {"state": "failed", "reason": reason}
        self._content = {**self._content, **state}
        self._write()

    def _beat(self):
        while not self._ended.wait(self._beat_seconds):
            self._write()

    def _write(self):
        content = {**self._content, "time": time.time(), "pid": os.getpid(), "host": socket.gethostname()}
        # A full disk is no reason to die by: the checkpoint will say so.
        with contextlib.suppress(OSError, UserError):
            write_json(self._path, content)


def read_heartbeat(path: Path) -> dict | None:
    """The last beat, or None where there is none."""
    try:
        return read_object(path, "")
    except UserError:
        return None
