"""One progress over all networks of an advice, in place of each training's own."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from semicurv_tf.wording import duration

LINE_SECONDS = 30.0  # where no terminal shows a bar
WARNING = "warning: "


class AdviceProgress(Console):
    """A console for trainings: their steps move one bar, their warnings are shown once, the rest is not.

    Use as a context manager; call `begins` before each network.

    Args:
        console: where the bar and the warnings go.
        networks: how many will be trained.
        steps: of each.
    """

    def __init__(self, console: Console, networks: int, steps: int):
        super().__init__(quiet=True)
        self._shown, self._networks, self._steps = console, networks, steps
        self._number, self._name, self._warned = 0, "", set[str]()
        self._begun = self._last_line = time.monotonic()
        self._first: tuple[float, int] | None = None  # when this network reported its first step, and which it was
        self._taken: list[float] = []  # seconds of each network that is done
        self._bar = None
        if console.is_terminal:
            self._bar = Progress(BarColumn(12), TextColumn("{task.description}"), console=console)

    def __enter__(self):
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("starts", total=self._networks * self._steps)
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def begins(self, name: str):
        """The next network; `name` tells it from the others."""
        now = time.monotonic()
        if self._number:
            self._taken.append(now - self._begun)
        self._number, self._name, self._begun, self._first = self._number + 1, name, now, None
        self._show(self._text(), at_once=True)

    def print(self, *objects, **settings):
        """Shows a line that begins with "warning: ", each once."""
        text = str(objects[0]) if objects else ""
        if text.startswith(WARNING) and text not in self._warned:
            self._warned.add(text)
            self._shown.print(*objects, **settings)

    def report(self, values: dict):
        """Takes a step's report of a training."""
        step = values["step"]
        if self._bar is not None:
            self._bar.update(self._task, completed=(self._number - 1) * self._steps + step)
        left = self._left(step)
        countdown = "" if left is None else f", about {duration(left)} left"
        self._show(f"{self._text()}, step {step}/{self._steps}{countdown}")

    def _left(self, step: int) -> float | None:
        """Seconds to the end of all networks; None at a network's first step, which compiles and tells nothing."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, step
            return None
        first, first_step = self._first
        step_seconds = (now - first) / max(1, step - first_step)
        taken = self._taken or [first - self._begun + self._steps * step_seconds]
        return (self._steps - step) * step_seconds + (self._networks - self._number) * sum(taken) / len(taken)

    def _text(self) -> str:
        return f"network {self._number} of {self._networks}: {self._name}"

    def _show(self, text: str, at_once: bool = False):
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, description=text)
        elif at_once or now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            self._shown.print(text)
