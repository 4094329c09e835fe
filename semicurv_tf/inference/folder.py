"""Predicts many files: finished ones are skipped, bad ones named while the others go on."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import write_json, write_png
from semicurv_tf.inference.images import ReadImage, find_images, read_image
from semicurv_tf.inference.predictor import Predictor, PredictorLost

RECORD = "predictions.json"  # in the output folder: what its masks were made with
OVERLAY_COLOUR = (255, 40, 40)


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Which files are written per image: always the mask, `NAME.png` with 0 and 255.

    Attributes:
        probability: also `NAME.probability.png`, 8 bit grey, 255 x probability.
        overlay: also `NAME.overlay.png`, the image with the mask in red.
    """

    probability: bool = False
    overlay: bool = False


@dataclasses.dataclass(frozen=True)
class Job:
    """One image and where its results go; `outputs` maps "mask", "probability", "overlay" to paths."""

    source: Path
    outputs: dict[str, Path]

    def finished(self, since: float) -> bool:
        """Whether every result is there and no older than the record of the settings."""
        return all(path.is_file() and path.stat().st_mtime >= since for path in self.outputs.values())


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one image.

    Attributes:
        source: the image file.
        notes: what was done to its values while reading.
        foreground: share of foreground pixels in [0, 1]; None where the image failed.
        faults: why it failed, in lines; empty where it did not.
    """

    source: Path
    notes: tuple[str, ...] = ()
    foreground: float | None = None
    faults: tuple[str, ...] = ()


def plan_jobs(source: str | Path, output: str | Path, outputs: Outputs) -> list[Job]:
    """Which files to predict and where each result goes; checked as a whole before any is written.

    Args:
        source: an image, or a folder whose images are all taken, sub-folders included (their
            structure is kept in the output).
        output: the folder of results.
        outputs: which files are written per image.

    Raises:
        UserError: nothing to predict, two images would get one mask, or an image would be overwritten.
    """
    source, output = Path(source), Path(output)
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output}: expected a folder, found a file. Fix: name a folder")
    if source.is_dir():
        files = find_images(source, leave_out=None if _same(source, output) else output)
        root = source
        if not files:
            raise UserError(f"--input {source}: expected images in this folder, found none. Fix: check the path")
    elif source.is_file():
        files, root = [source], source.parent
    else:
        raise UserError(f"--input {source}: expected an image or a folder, found nothing. Fix: check the path")

    jobs = [Job(file, _result_paths(output / file.relative_to(root), outputs)) for file in files]
    require_distinct(jobs)
    return jobs


def require_distinct(jobs: list[Job]) -> None:
    """Refuses jobs of which two would write one file, or one would write over an image.

    Raises:
        UserError: all such jobs, a line each.
    """
    taken: dict[Path, Path] = {}
    sources = {job.source.resolve() for job in jobs}
    faults = []
    for job in jobs:
        mask = job.outputs["mask"]
        if mask in taken:
            faults.append(f"{job.source} and {taken[mask]}: both would become {mask}. Fix: rename one of them")
        taken[mask] = job.source
        for path in job.outputs.values():
            if path.resolve() in sources:
                faults.append(f"{path}: a result would replace this image. Fix: choose another --output")
    if faults:
        raise UserError(faults)


def open_output(output: str | Path, settings: dict, overwrite: bool) -> float:
    """Notes in the output folder what its masks are made with, so that no two settings mix there.

    Args:
        output: the folder of results; made where it does not exist.
        settings: what determines the masks: model, threshold, tile.
        overwrite: whether earlier results may be replaced.

    Returns:
        When masks with these settings began, as a file time: older ones are of other settings.

    Raises:
        UserError: the folder holds masks of other settings and `overwrite` is False.
    """
    record = Path(output) / RECORD
    settings = json.loads(json.dumps(settings))
    if record.is_file():
        try:
            earlier = json.loads(record.read_text())
        except ValueError:
            earlier = {}
        differing = [key for key in sorted(settings.keys() | earlier.keys()) if settings.get(key) != earlier.get(key)]
        if not differing:
            return record.stat().st_mtime
        if not overwrite:
            said = ", ".join(f"{key} {earlier.get(key)} (now {settings.get(key)})" for key in differing)
            raise UserError(f"--output {output}: holds masks made with {said}. Fix: another folder, or --overwrite")
    write_json(record, settings)
    return record.stat().st_mtime


def predict_jobs(
    predictor: Predictor, jobs: list[Job], advance: Callable[[float], None] | None = None
) -> Iterator[Outcome]:
    """Predicts the jobs one after the other, yielding what became of each.

    A bad image is an outcome with faults; the others go on. A disk that is full or an output folder
    that cannot be written, or a lost server, stops the run: every further image would fail alike.

    Args:
        predictor: what predicts.
        jobs: from `plan_jobs`; finished ones are predicted again (leave them out to skip them).
        advance: called with the share of an image that was just done; 1.0 in all per image.

    Raises:
        UserError: a result cannot be written.
        PredictorLost: the predictor itself is gone.
    """
    for job in jobs:
        done = 0.0

        def count(share: float) -> None:
            nonlocal done
            done += share
            if advance:
                advance(share)

        try:
            image = read_image(job.source, predictor.channels)
            probability = predictor.probability(image.pixels, count)
        except PredictorLost:
            raise
        except UserError as error:
            outcome = Outcome(job.source, faults=_named(job.source, error))
        except MemoryError:
            outcome = Outcome(job.source, faults=(f"{job.source}: not enough memory. Fix: a smaller --tile",))
        else:
            mask = _write(job, image, probability, predictor)
            outcome = Outcome(job.source, image.notes, float(np.mean(mask > 0)))
        if advance:
            advance(1.0 - done)
        yield outcome


def overlay(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The image in colour with the foreground in red, half transparent.

    Args:
        image: uint8 `(height, width, 1 or 3)`.
        mask: `(height, width)`, foreground where above 0.

    Returns:
        uint8 `(height, width, 3)`.
    """
    picture = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image.copy()
    foreground = mask > 0
    # 40 % image, 60 % red, in integers: exact and without a float copy of the image.
    picture[foreground] = (picture[foreground] * np.uint16(2) + np.uint16(OVERLAY_COLOUR) * np.uint16(3)) // 5
    return picture


def _write(job: Job, image: ReadImage, probability: np.ndarray, predictor: Predictor) -> np.ndarray:
    mask = predictor.mask(probability)
    if "probability" in job.outputs:
        write_png(job.outputs["probability"], np.rint(probability * 255).astype(np.uint8))
    if "overlay" in job.outputs:
        write_png(job.outputs["overlay"], overlay(image.pixels, mask))
    write_png(job.outputs["mask"], mask)
    return mask


def _result_paths(path: Path, outputs: Outputs) -> dict[str, Path]:
    paths = {"mask": path.with_name(f"{path.stem}.png")}
    if outputs.probability:
        paths["probability"] = path.with_name(f"{path.stem}.probability.png")
    if outputs.overlay:
        paths["overlay"] = path.with_name(f"{path.stem}.overlay.png")
    return paths


def _named(source: Path, error: UserError) -> tuple[str, ...]:
    return tuple(line if str(source) in line else f"{source}: {line}" for line in error.lines)


def _same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()
