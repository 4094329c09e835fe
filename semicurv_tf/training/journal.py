"""What a run writes about itself: `log.jsonl`, one JSON object per report, and TensorBoard curves."""

import json
import re
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.json_files import MOST_BYTES, is_count
from semicurv_tf.regular_files import read_regular
from semicurv_tf.whole_files import DiskLost, cannot_write, written_whole

# Steps whose losses are averaged into one line.
REPORT_STEPS = 10
_GOING_ON = "move it away, then go on with --resume"


class Journal:
    """Averages the reports of `REPORT_STEPS` steps and writes them as a line and as curves.

    Args:
        log: the file `log.jsonl`; lines after `first_step` are of steps that a resumed run does again, and go.
        tensorboard: folder of the curves.
        first_step: steps done before.
        epoch_steps: steps of an epoch, of which each line then tells the number; None: none does.

    Raises:
        UserError: the log is no file, or the curves cannot be written.

    Attributes:
        damaged: number of lines of the log that a crash cut off or damaged; they are left out.
    """

    def __init__(self, log: Path, tensorboard: Path, first_step: int, epoch_steps: int | None = None):
        import tensorflow as tf

        self._log, self._epoch_steps = log, epoch_steps
        self.damaged = keep_lines_until(log, first_step, _GOING_ON)
        self._tensorboard = tensorboard
        self._scalar, self._image, self._errors = tf.summary.scalar, tf.summary.image, tf.errors.OpError
        try:
            self._writer = tf.summary.create_file_writer(str(tensorboard))
        except self._errors as error:
            raise _no_curves(tensorboard, error.message) from None
        self._pending: list[dict] = []

    def __call__(self, report: dict):
        """Takes one step's report; scalars by name, `step` among them."""
        self._pending.append(report)
        if report["step"] % REPORT_STEPS == 0 or any(name.startswith("monitor_") for name in report):
            self.flush()

    def flush(self):
        """Writes what is pending."""
        if not self._pending:
            return
        names = dict.fromkeys(name for report in self._pending for name in report)
        columns = {name: [report[name] for report in self._pending if name in report] for name in names}
        # Everything but the step is a mean over the steps of the line.
        line = {name: round(sum(values) / len(values), 6) for name, values in columns.items()}
        line["step"] = self._pending[-1]["step"]
        if self._epoch_steps:
            line["epoch"] = round(line["step"] / self._epoch_steps, 3)
        append_line(self._log, line)
        self._draw(
            lambda: [self._scalar(name, value, step=line["step"]) for name, value in line.items() if name != "step"]
        )
        self._pending.clear()

    def pictures(self, step: int, pictures: dict):
        """Puts pictures, uint8 `(height, width, 3)` by name, into TensorBoard."""
        self._draw(lambda: [self._image(name, picture[None], step=step) for name, picture in pictures.items()])

    def _draw(self, write):
        """Writes for TensorBoard; what its writer says of a full disk is a line for the user."""
        try:
            with self._writer.as_default():
                write()
            self._writer.flush()
        except self._errors as error:
            raise _no_curves(self._tensorboard, error.message) from None


def keep_lines_until(log: Path, step: int, remedy: str) -> int:
    """Leaves out of a log the lines of later steps, which a resumed run does again, and those that are damaged.

    Args:
        log: the file; nothing happens where there is none.
        step: the last step whose line stays.
        remedy: what the user can do where it is no file: the part of the message after "Fix: ".

    Returns:
        The number of damaged lines.

    Raises:
        UserError: no file, or one that cannot be read or written.
    """
    if not log.exists():
        return 0
    lines = [(line, _step_of(line)) for line in _lines(log, remedy)]
    with written_whole(log) as part:
        kept = (f"{line}\n" for line, at in lines if at is not None and at <= step)
        part.write_text("".join(kept), encoding="utf-8")
    return sum(at is None for _, at in lines)


def append_line(log: Path, line: dict) -> None:
    """Writes one more line of a log.

    Raises:
        UserError: the log cannot be written.
    """
    try:
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except OSError as error:
        raise cannot_write(log, error) from None


def read_log(log: Path) -> list[dict]:
    """The lines of a `log.jsonl`; those that a crash cut off or damaged are left out."""
    if not log.exists():
        return []
    return [json.loads(line) for line in _lines(log, _GOING_ON) if _step_of(line) is not None]


def _lines(log: Path, remedy: str) -> list[str]:
    """The lines that are not blank; after a power cut there may be bytes among them that are no text.

    Raises:
        UserError: no file, or one that cannot be read.
    """
    try:
        content = read_regular(log, MOST_BYTES, remedy).decode("utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{log}: cannot be read ({error.strerror or error}). Fix: {remedy}") from None
    return [line for line in content.split("\n") if line.strip()]


def _step_of(line: str) -> int | None:
    """The step of a line, or None where it is none of ours."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return step if is_count(step) else None


def _no_curves(tensorboard: Path, message: str) -> UserError:
    """The line for what TensorBoard's writer says, of which the reason stands among names of operations."""
    first = (message.splitlines() or [""])[0].rpartition("; ")[2]
    reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", first).strip() or "unknown reason"
    if re.search("no space|quota|read-only", reason, re.IGNORECASE):
        return DiskLost(f"{tensorboard}: cannot be written ({reason}). Fix: make room, then go on with --resume")
    return UserError(
        f"{tensorboard}: cannot be written ({reason}). Fix: move it away or make it writable, then go on with --resume"
    )
