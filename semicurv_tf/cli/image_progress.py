"""Live progress over many images and inside large ones: share done, time left, the image at hand."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from semicurv_tf.wording import clock

LINE_SECONDS = 30.0  # where no terminal shows a bar, a line is printed this often
BAR_CELLS = 12  # so that 80 columns have room for a name
SPEED_SECONDS = 300.0  # tiles come slowly: the time left is estimated over the last of them


class ImageProgress:
    """A bar on a terminal, lines elsewhere. Use as a context manager.

    Args:
        images: in all.
        console: where to; standard error, so that output can be piped.
        verb: what is being done.
    """

    def __init__(self, images: int, console: Console, verb: str = "predicting"):
        self._images, self._console, self._verb = images, console, verb
        self._share, self._name = 0.0, ""
        self._start = self._last_line = time.monotonic()
        self._bar = None
        if console.is_terminal:
            columns = (
                TextColumn(verb), BarColumn(BAR_CELLS), TextColumn("{task.fields[count]}"), TaskProgressColumn(),
                TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
                TextColumn("{task.fields[name]}", markup=False),
            )  # fmt: skip
            self._bar = Progress(*columns, console=console, speed_estimate_period=SPEED_SECONDS)

    def __enter__(self):
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._images, name="", count="")
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def begin(self, name: str) -> None:
        """Names the image that comes next."""
        self._name = name
        self._show()

    def advance(self, share: float) -> None:
        """Notes that a share of an image is done; 1.0 in all per image."""
        self._share += share
        self._show()

    def done(self, name: str) -> None:
        """Notes that a whole image is done."""
        self._name = name
        self.advance(1.0)

    def _show(self) -> None:
        count = f"{self._share + 1e-6:.0f}/{self._images}" if self._images > 1 else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._share, name=self._name, count=count)
            return
        now = time.monotonic()
        if now - self._last_line >= LINE_SECONDS and self._share > 0:
            self._last_line = now
            left = (now - self._start) / self._share * (self._images - self._share)
            self._console.print(
                f"{self._verb} {count} {100 * self._share / self._images:.1f} %  left {clock(left)}  {self._name}",
                soft_wrap=True,
            )
