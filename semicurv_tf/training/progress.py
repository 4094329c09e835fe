"""Live progress: step, time left, losses, IoU of student and teacher; as much as the terminal is wide."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from semicurv_tf.methods.registry import LOSS_LABELS
from semicurv_tf.wording import clock

# Where no terminal shows a bar, a line is printed this often.
LINE_SECONDS = 30.0
BAR_CELLS = 12

# In this order; a method reports those that it has.
_SHOWN = {**LOSS_LABELS, "ramp": "ramp", "learning_rate": "lr"}
# What is left out last where there is little room: the loss and the IoU, then the rest from left to right.
_FIRST = ("loss", "iou")


class LiveProgress:
    """A bar on a terminal, lines elsewhere, an object per step for programs.

    Use as a context manager; call it with each step's report.

    Args:
        first_step, steps: steps done before and in all.
        console: where to; one with a method `report` gets each step as a dict.
    """

    def __init__(self, first_step: int, steps: int, console: Console):
        self._console = console
        self._first, self._steps = first_step, steps
        self._start = self._last_line = time.monotonic()
        self._scores = ""
        self._report = getattr(console, "report", None)
        self._bar = None
        if console.is_terminal:
            columns = TextColumn("{task.fields[step]}"), BarColumn(BAR_CELLS), TextColumn("{task.fields[text]}")
            self._bar = Progress(*columns, console=console)

    def __enter__(self):
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._steps, completed=self._first, step="starts", text="")
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: dict):
        """Shows one step's report."""
        monitored = {
            name.removeprefix("monitor_").removesuffix("_iou"): 100 * value
            for name, value in report.items()
            if name.startswith("monitor_")
        }
        if monitored:
            teacher = f" (teacher {monitored['teacher']:.1f} %)" if "teacher" in monitored else ""
            self._scores = f"IoU {monitored['student']:.1f} %{teacher}"
        now = time.monotonic()
        left = (now - self._start) / max(1, report["step"] - self._first) * (self._steps - report["step"])
        if self._report is not None:
            self._report({**report, "steps": self._steps, "left_seconds": round(left, 1)})
            return
        parts = {name: f"{label} {report[name]:.4g}" for name, label in _SHOWN.items() if name in report}
        if "student_iou" in report:
            parts["batch_iou"] = f"batch IoU {100 * report['student_iou']:.1f} %"
        parts |= {"iou": self._scores} if self._scores else {}
        step, countdown = f"{report['step']}/{self._steps}", f"left {clock(left)}"
        if self._bar is not None:
            room = self._console.width - BAR_CELLS - len(step) - len("  ") - len(countdown) - 1
            text = "  ".join([countdown, *fitting(parts, room)])
            self._bar.update(self._task, completed=report["step"], step=step, text=text)
        elif monitored or now - self._last_line >= LINE_SECONDS or report["step"] == self._steps:
            self._last_line = now
            self._console.print("  ".join([f"step {step}", countdown, *parts.values()]), soft_wrap=True)


def fitting(parts: dict[str, str], room: int) -> list[str]:
    """Those of the parts that fit beside each other, whole and in their order, what matters most first.

    >>> fitting({"loss": "loss 0.5", "dice": "dice 0.4", "iou": "IoU 61 %"}, 20)
    ['loss 0.5', 'IoU 61 %']

    Args:
        parts: name to text.
        room: characters, two of them before each part.
    """
    kept = set()
    for name in sorted(parts, key=lambda name: name not in _FIRST):
        if len(parts[name]) + 2 <= room:
            kept.add(name)
            room -= len(parts[name]) + 2
    return [text for name, text in parts.items() if name in kept]
