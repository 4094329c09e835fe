"""Live progress: step, time left, losses, ramp, learning rate, IoU of student and teacher."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from semicurv_tf.methods.registry import LOSS_LABELS
from semicurv_tf.wording import clock

# Where no terminal shows a bar, a line is printed this often.
LINE_SECONDS = 30.0

# In this order; a method reports those that it has.
_SHOWN = {**LOSS_LABELS, "ramp": "ramp", "learning_rate": "lr", "student_iou": "batch IoU"}


class LiveProgress:
    """A bar on a terminal, lines elsewhere. Use as a context manager; call it with each step's report.

    Args:
        console: where to; standard error by default, so that output can be piped.
        first_step, steps: steps done before and in all.
    """

    def __init__(self, first_step: int, steps: int, console: Console):
        self._console = console
        self._first, self._steps = first_step, steps
        self._start = self._last_line = time.monotonic()
        self._scores = ""
        self._bar = None
        if console.is_terminal:
            columns = [TextColumn("step {task.completed:.0f}/{task.total:.0f}"), BarColumn(20), TimeElapsedColumn()]
            columns += [TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[text]}")]
            self._bar = Progress(*columns, console=console)

    def __enter__(self):
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._steps, completed=self._first, text="")
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: dict):
        """Shows one step's report."""
        scores = [
            f"{name.removeprefix('monitor_').removesuffix('_iou')} {100 * value:.1f}"
            for name, value in report.items()
            if name.startswith("monitor_")
        ]
        if scores:
            self._scores = "IoU " + ", ".join(scores)
        text = "  ".join(
            [*(f"{label} {report[name]:.4g}" for name, label in _SHOWN.items() if name in report), self._scores]
        )
        if self._bar is not None:
            self._bar.update(self._task, completed=report["step"], text=text)
            return
        now = time.monotonic()
        if scores or now - self._last_line >= LINE_SECONDS or report["step"] == self._steps:
            self._last_line = now
            done = report["step"] - self._first
            left = (now - self._start) / done * (self._steps - report["step"])
            self._console.print(f"step {report['step']}/{self._steps}  left {clock(left)}  {text}", soft_wrap=True)
