"""From what the user names to finished masks: plan, open, skip what is finished, predict, and say what came of it."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from semicurv_tf.errors import RETRY, UserError
from semicurv_tf.inference.predictor import PredictorLost
from semicurv_tf.predict.finishing import NONE
from semicurv_tf.predict.open_predictor import open_predictor, open_server
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.predict.plan_files import (
    ImageJob,
    ImageOutcome,
    Outputs,
    choose_jobs,
    left_out,
    names_file,
    note_lines,
    open_output,
    passed_over,
    plan_jobs,
)
from semicurv_tf.predict.predict_files import predict_jobs
from semicurv_tf.predict.write_lines import require_lines
from semicurv_tf.quiet import quiet_start
from semicurv_tf.vector.segments import NOTHING, LeftOut
from semicurv_tf.whole_files import DiskLost


class Progress(Protocol):
    """What is told how far the images are."""

    def begin(self, name: str) -> None:
        """Names the image that comes next."""

    def advance(self, share: float) -> None:
        """Notes that a share of an image is done; 1.0 in all per image."""


@dataclasses.dataclass(frozen=True)
class Summary:
    """What came of a call.

    Attributes:
        predicted, finished_before, failed: numbers of images.
        notes: what reading did to values, in words, and the names of the images that it was done to.
        faults: a line each.
        lost: whether the call ended early by a fault that may pass, such as a server that is gone.
        left_out: what the lines of all images do not show.
        images_left_out: a line on image files of the input folder that are results, or masks; None: there are none.
        passed_over: a line on the files of the input folder that are no images, by reason; None where there are none.
    """

    predicted: int
    finished_before: int
    failed: int
    notes: dict[str, list[str]]
    faults: list[str]
    lost: bool = False
    passed_over: str | None = None
    left_out: LeftOut = NOTHING
    images_left_out: str | None = None


def predict_input(
    images: str | Path,
    output: str | Path,
    options: PredictorOptions,
    outputs: Outputs,
    progress: Callable[[int], contextlib.AbstractContextManager[Progress]],
    *,
    overwrite: bool = False,
    batch: int | None = None,
    beam_arguments: list[str] | None = None,
) -> Summary:
    """Predicts images that are not finished yet.

    Args:
        images, output, outputs: see `plan_jobs`.
        options: what predicts.
        progress: makes what is told of the progress, from the number of images.
        overwrite: predict finished ones too, and replace masks of other settings and files of others.
        batch: of a server alone: images per request, for the server's own masks.
        beam_arguments: predict by a pipeline of Apache Beam with these arguments; None: here, one after another.

    Returns:
        What came of it. Bad images are faults; a lost disk or server ends the call early, and is one too.

    Raises:
        UserError: before anything is predicted, whatever is wrong with the options.
    """
    by_beam = None if beam_arguments is None else _beam(Path(output))
    _require_batchable(batch, options, outputs, by_beam is not None)
    if outputs.lines:
        require_lines(outputs.lines)
    jobs = plan_jobs(images, output, outputs)
    images_left_out = left_out(images, output)  # as they are before this call adds results
    by_rest = (options.server or "").lower().startswith("http")  # TensorFlow is not loaded for that
    with contextlib.nullcontext() if by_rest else quiet_start():
        if by_beam is not None:
            _, settings = by_beam.predictor_of_process(options)
            start = lambda jobs, told: by_beam.predict_by_beam(
                options, jobs, Path(output), beam_arguments, told.advance
            )
        elif batch is not None:
            from semicurv_tf.predict.predict_by_server import predict_by_server

            client, predictor, settings = open_server(options)
            settings = {**settings, "masks": "the server's own"}
            start = lambda jobs, told: predict_by_server(client, predictor, jobs, batch, told.advance)
        else:
            predictor, settings = open_predictor(options)
            start = lambda jobs, told: predict_jobs(predictor, jobs, told.advance, told.begin)
    further = by_beam.lists(Path(output)) if by_beam is not None else ()
    to_do = jobs if overwrite else choose_jobs(jobs, output, settings, outputs.lines, further)
    open_output(output, settings, overwrite)
    note_lines(output, outputs.lines)
    with progress(len(to_do)) as told:
        summary = _collected(start(to_do, told), to_do, len(jobs) - len(to_do))
    return dataclasses.replace(summary, passed_over=passed_over(images, output), images_left_out=images_left_out)


def _collected(outcomes: Iterable[ImageOutcome], to_do: list[ImageJob], finished_before: int) -> Summary:
    predicted, lost, left_out = 0, False, LeftOut()
    notes: dict[str, list[str]] = {}
    faults: list[str] = []
    try:
        for outcome in outcomes:
            faults += outcome.faults
            predicted += not outcome.faults
            left_out += outcome.left_out
            for note in outcome.notes:
                notes.setdefault(note, []).append(outcome.image.name)
    except (DiskLost, PredictorLost) as fault:  # every further image would fail alike
        faults += fault.lines
        lost = fault.exit_code == RETRY
    return Summary(predicted, finished_before, len(to_do) - predicted, notes, faults, lost, left_out=left_out)


def _require_batchable(batch: int | None, options: PredictorOptions, outputs: Outputs, by_beam: bool) -> None:
    if batch is None:
        return
    if options.server is None:
        raise UserError("--batch: only a --server takes several images per request. Fix: leave it out")
    given = {
        "--probability": outputs.probability,
        "--overlay": outputs.overlay,
        "--vectors": bool(outputs.lines),
        "--editable": outputs.editable is not None,
        f"--tta {options.tta}": options.tta not in (None, "none"),
        "--no-data": options.no_data is not None,
        "--runner beam": by_beam,
        "--postprocessing": options.postprocessing not in (None, NONE),
        "--smallest-component-px": bool(options.smallest_component_px),
        "--hysteresis": bool(options.hysteresis),
        "--bridge-px": bool(options.bridge_px),
    }
    beside = [name for name, is_given in given.items() if is_given]
    if beside:
        raise UserError(
            f"--batch: brings the server's own masks alone, found {', '.join(beside)} beside it. Fix: leave --batch out"
        )


def _beam(output: Path):
    if names_file(output):
        raise UserError(
            f"--output {output}: expected a folder for --runner beam, found a file's name. Fix: name a folder"
        )
    try:
        from semicurv_tf.predict import beam_pipeline
    except ImportError as error:
        raise UserError(f"--runner beam: needs Apache Beam ({error}). Fix: pip install 'semicurv-tf[beam]'") from None
    return beam_pipeline
