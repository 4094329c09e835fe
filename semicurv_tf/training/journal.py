"""What a run writes about itself: `log.jsonl`, one JSON object per report, and TensorBoard curves."""

import json
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import cannot_write, written_whole

# Steps whose losses are averaged into one line.
REPORT_STEPS = 10


class Journal:
    """Averages the reports of `REPORT_STEPS` steps and writes them as a line and as curves.

    Args:
        log: the file `log.jsonl`; lines after `first_step` are of steps that a resumed run does again, and go.
        tensorboard: folder of the curves.
        first_step: steps done before.
        epoch_steps: steps of an epoch, of which each line then tells the number; None: none does.
    """

    def __init__(self, log: Path, tensorboard: Path, first_step: int, epoch_steps: int | None = None):
        import tensorflow as tf

        self._log, self._epoch_steps = log, epoch_steps
        if log.exists():
            lines = log.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) is not None and _step_of(line) <= first_step]
            with written_whole(log) as part:
                part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        self._tensorboard = tensorboard
        self._writer = tf.summary.create_file_writer(str(tensorboard))
        self._scalar, self._image, self._errors = tf.summary.scalar, tf.summary.image, tf.errors.OpError
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
        try:
            with open(self._log, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise cannot_write(self._log, error) from None
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
            reason = error.message.splitlines()[0].rpartition("; ")[2]
            raise UserError(
                f"{self._tensorboard}: cannot be written ({reason}). Fix: make room, then go on with --resume"
            ) from None


def read_log(log: Path) -> list[dict]:
    """The lines of a `log.jsonl`; a last line cut off by a crash is left out."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if _step_of(line) is not None]


def _step_of(line: str):
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return None
