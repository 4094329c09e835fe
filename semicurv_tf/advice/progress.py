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
        self._begin = self._last_line = time.monotonic()
        self._known: int | None = None  # steps that were done before, once the first step is reported
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
        self._number, self._name = self._number + 1, name
        self._show(self._text(), at_once=True)

    def print(self, *objects, **settings):
        """Shows a line that begins with "warning: ", each once."""
        text = str(objects[0]) if objects else ""
        if text.startswith(WARNING) and text not in self._warned:
            self._warned.add(text)
            self._shown.print(*objects, **settings)

    def report(self, values: dict):
        """Takes a step's report of a training."""
        done = (self._number - 1) * self._steps + values["step"]
        if self._known is None:
            self._known = done - 1
        spent = time.monotonic() - self._begin
        left = spent / (done - self._known) * (self._networks * self._steps - done)
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
        self._show(f"{self._text()}, step {values['step']}/{self._steps}, about {duration(left)} left")

    def _text(self) -> str:
        return f"network {self._number} of {self._networks}: {self._name}"

    def _show(self, text: str, at_once: bool = False):
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, description=text)
        elif at_once or now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            self._shown.print(text)
