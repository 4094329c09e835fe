"""`RUN/journal.jsonl` of a pre-training: the means of its losses over each hundred steps, a JSON object per line."""

import time
from pathlib import Path

from semicurv_tf.training.journal import append_line, keep_lines_until

REPORT_EVERY = 100  # steps: the loss of one step, of 4 to 8 crops, says little


class PretrainingJournal:
    """Averages the scalars of some steps into a line.

    Args:
        path: the file; its lines after `first_step` are of steps that a resumed run does again, and go.
        first_step: steps done before.

    Attributes:
        damaged: number of lines that a crash cut off or damaged; they are left out.
        steps: number of steps since the last line.
    """

    def __init__(self, path: Path, first_step: int):
        self._path = path
        self.damaged = keep_lines_until(path, first_step, "move it away, then run the same command again")
        self._start_line()

    def add(self, report: dict) -> None:
        """Takes the scalars of one step, by name."""
        for name, value in report.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self.steps += 1

    def line(self, step: int) -> dict:
        """The means since the last line, by name, with the step and the seconds per step. Begins the next line."""
        means = {name: round(value / self.steps, 5) for name, value in self._sums.items()}
        seconds = (time.perf_counter() - self._since) / self.steps
        self._start_line()
        return {"step": step, **means, "seconds_per_step": round(seconds, 4)}

    def write(self, line: dict) -> None:
        """Appends a line to the file.

        Raises:
            UserError: it cannot be written.
        """
        append_line(self._path, line)

    def _start_line(self) -> None:
        self._sums: dict[str, float] = {}
        self.steps, self._since = 0, time.perf_counter()
