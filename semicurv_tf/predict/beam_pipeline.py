"""Predicts a list of files by an Apache Beam pipeline (the extra `beam`): on this machine, Flink, Spark or Dataflow.

    files -> reshuffle -> predict, a model per worker process -> OUTPUT/predicted.jsonl
                                                              -> OUTPUT/failed.jsonl, the dead-letter list

A worker does what the plain command does, file by file, so the results are the same. Workers read the images and write
the masks themselves: on several machines both folders and the run lie on a file system that all of them mount, and
semicurv_tf is installed on each. A call that was killed is called again: finished files are not begun.
"""

import contextlib
import dataclasses
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

# Beam's own notes, about parts of it that are not used here too; faults are raised.
logging.getLogger().setLevel(logging.ERROR)

import apache_beam as beam  # noqa: E402
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402

from semicurv_tf.errors import UserError  # noqa: E402
from semicurv_tf.predict.open_predictor import open_predictor  # noqa: E402
from semicurv_tf.predict.options import PredictorOptions  # noqa: E402
from semicurv_tf.predict.plan_files import ImageJob, ImageOutcome  # noqa: E402
from semicurv_tf.predict.predict_files import predict_job  # noqa: E402
from semicurv_tf.quiet import quiet_start  # noqa: E402
from semicurv_tf.vector.segments import LeftOut  # noqa: E402
from semicurv_tf.whole_files import written_whole  # noqa: E402

PREDICTED, FAILED = "predicted.jsonl", "failed.jsonl"
_LOG_LEVEL = "--default_sdk_harness_log_level=ERROR"


def lists(output: Path) -> tuple[Path, Path]:
    """The lists of a call: of what was predicted, and of what failed."""
    return output / PREDICTED, output / FAILED


_opened: dict[PredictorOptions, tuple] = {}
_opening = threading.Lock()


def predictor_of_process(options: PredictorOptions):
    """`open_predictor`, once per process: a runner may hold several copies of a step in one, on several threads."""
    with _opening:
        if options not in _opened:
            with contextlib.nullcontext() if options.server else quiet_start():
                _opened[options] = open_predictor(options)
        return _opened[options]


class PredictFile(beam.DoFn):
    """From a job to what became of it, as a dictionary; what failed goes to the output `failed`.

    Args:
        options: of the predictor, opened when the worker sets up.
    """

    def __init__(self, options: PredictorOptions):
        self._options = options

    def setup(self):
        self._predictor, _ = predictor_of_process(self._options)

    def process(self, job: ImageJob):
        try:
            outcome = predict_job(self._predictor, job)
        except UserError as lost:  # a full disk, a lost server: the next call tries again
            outcome = ImageOutcome(job.image, faults=lost.lines)
        if outcome.faults:
            yield beam.pvalue.TaggedOutput("failed", {"source": str(job.image), "faults": outcome.faults})
        else:
            yield {
                "source": str(job.image),
                "notes": outcome.notes,
                "foreground": outcome.foreground,
                "left_out": dataclasses.asdict(outcome.left_out),
            }


def predict_by_beam(
    options: PredictorOptions,
    jobs: list[ImageJob],
    output: Path,
    arguments: list[str],
    advance: Callable[[float], None] | None = None,
) -> list[ImageOutcome]:
    """Predicts the jobs by a pipeline.

    Args:
        options: what predicts.
        jobs: from `plan_jobs`, without the finished ones.
        output: the folder of the two lists.
        arguments: of Beam: `["--runner=DirectRunner", "--direct_num_workers=2", ...]`.
        advance: called with the number of files that were finished since, as their masks appear.

    Returns:
        What became of each job, in the order of the jobs.

    Raises:
        UserError: the runner is unknown, fails or was given options that it does not know.
    """
    for path in lists(output):
        path.unlink(missing_ok=True)
    if not jobs:
        return []
    with (
        written_whole(output / PREDICTED) as predicted,
        written_whole(output / FAILED) as failed,
        _Watch(jobs, advance),
    ):
        try:
            pipeline = beam.Pipeline(options=PipelineOptions([_LOG_LEVEL, *arguments]))
            _build(pipeline, options, jobs, predicted, failed)
            pipeline.run().wait_until_finish()
        except UserError:
            raise
        except Exception as error:  # whatever a runner raises, with the traceback of a worker in its text
            said = [line.strip() for line in str(error).splitlines() if line.strip()]
            line = next((line for line in said if "UserError" in line), said[-1] if said else type(error).__name__)
            raise UserError(
                f"--runner beam {' '.join(arguments)}: the pipeline failed ({line[:300]}). "
                "Fix: what is said here, then run again"
            ) from error
        lines = [
            json.loads(line) for file in (predicted, failed) for line in file.read_text(encoding="utf-8").splitlines()
        ]
    found = {line["source"]: line for line in lines}
    if not (output / FAILED).stat().st_size:
        (output / FAILED).unlink()
    return [_outcome(job, found.get(str(job.image))) for job in jobs]


def _build(pipeline, options: PredictorOptions, jobs: list[ImageJob], predicted: Path, failed: Path) -> None:
    results = (
        pipeline
        | "files" >> beam.Create(jobs)
        | "spread" >> beam.Reshuffle()  # else one worker might keep them all
        | "predict" >> beam.ParDo(PredictFile(options)).with_outputs("failed", main="predicted")
    )
    for name, path in (("predicted", predicted), ("failed", failed)):
        _ = (
            results[name]
            | f"{name} as JSON" >> beam.Map(json.dumps)
            | f"write {name}" >> beam.io.WriteToText(str(path), shard_name_template="")
        )


def _outcome(job: ImageJob, line: dict | None) -> ImageOutcome:
    if line is None:
        return ImageOutcome(job.image, faults=(f"{job.image}: the pipeline ended without it. Fix: run again",))
    return ImageOutcome(
        job.image, tuple(line.get("notes", ())), line.get("foreground"), tuple(line.get("faults", ())),
        LeftOut(**line.get("left_out", {})),
    )  # fmt: skip


class _Watch:
    """Context manager: tells of masks as they appear, since runners report their progress each in its own way."""

    def __init__(self, jobs: list[ImageJob], advance: Callable[[float], None] | None):
        self._jobs, self._advance, self._since = jobs, advance, time.time()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True, name="progress")

    def __enter__(self):
        if self._advance:
            self._thread.start()

    def __exit__(self, *_):
        self._ended.set()
        if self._advance:
            self._thread.join()

    def _look(self):
        waiting = self._jobs
        while not self._ended.wait(max(2.0, len(self._jobs) / 1000)):
            missing = [job for job in waiting if not job.finished(self._since)]
            self._advance(len(waiting) - len(missing))
            waiting = missing
