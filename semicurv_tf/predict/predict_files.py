"""Predicts many files: bad ones are named while the others go on, and no half file is left.

While the network computes one image, the next ones are read and the last ones written.
"""

import collections
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.header import Header, read_header
from semicurv_tf.images.opened import Opened, open_pages
from semicurv_tf.images.opener import naming
from semicurv_tf.images.provenance import state_of
from semicurv_tf.images.rasters import raster_environment
from semicurv_tf.images.results import TIFF_SUFFIXES, open_result
from semicurv_tf.images.values import to_channels
from semicurv_tf.images.windows import BAND_ROWS
from semicurv_tf.inference.predictor import Predictor, PredictorLost
from semicurv_tf.inference.tiles import Band
from semicurv_tf.pictures.overlay import overlay
from semicurv_tf.predict.plan_files import ImageJob, ImageOutcome
from semicurv_tf.predict.write_editable import write_editable
from semicurv_tf.predict.write_lines import write_vectors
from semicurv_tf.vector.segments import LeftOut
from semicurv_tf.whole_files import DiskLost

# Images up to this size are read and written while the network computes another one: two more of them are held then.
ASIDE_PIXELS = 1_048_576
_THREADS = 3  # one waits for the network's answer, one reads, one writes


def predict_jobs(
    predictor: Predictor,
    jobs: list[ImageJob],
    advance: Callable[[float], None] | None = None,
    begin: Callable[[str], None] | None = None,
) -> Iterator[ImageOutcome]:
    """Predicts the jobs, yielding what became of each in their order; the network computes one after the other.

    A bad image is an outcome with faults; the others go on. A disk that is full or read-only, or a lost
    server, stops the run: every further image would fail alike.

    Args:
        predictor: what predicts.
        jobs: from `plan_jobs`; finished ones are predicted again (leave them out to skip them).
        advance: called with the share of an image that was just done; 1.0 in all per image.
        begin: called with the name of each image before its outcome is waited for.

    Raises:
        DiskLost: no result can be written any more.
        PredictorLost: the predictor itself is gone.
    """
    predictor = predictor.lost_once()
    ahead: collections.deque[tuple[ImageJob, Future]] = collections.deque()
    left = collections.deque(jobs)
    with ThreadPoolExecutor(_THREADS, "image") as threads:
        try:
            while left or ahead:
                while left and len(ahead) < _THREADS and _small(left[0]):
                    job = left.popleft()
                    ahead.append((job, threads.submit(predict_job, predictor, job)))
                job, outcome = ahead.popleft() if ahead else (left.popleft(), None)
                if begin:
                    begin(job.image.name)
                if outcome is None:  # a large image: nothing else is held beside it
                    yield _told(predictor, job, advance)
                    continue
                became = outcome.result()
                if advance:
                    advance(1.0)
                yield became
        finally:
            for _, waiting in ahead:
                waiting.cancel()


def _small(job: ImageJob) -> bool:
    """Whether an image is read as a whole and known to be small (a camera's raw file does not say)."""
    header = read_header(job.image)
    by_windows = header.large or header.georeferenced
    return not by_windows and 0 < header.frames * header.pixels <= ASIDE_PIXELS


def _told(predictor: Predictor, job: ImageJob, advance: Callable[[float], None] | None) -> ImageOutcome:
    """`predict_job`, with 1.0 advanced in all whatever becomes of it."""
    done = 0.0

    def count(share: float) -> None:
        nonlocal done
        done += share
        if advance:
            advance(share)

    outcome = predict_job(predictor, job, count)
    if advance:
        advance(1.0 - done)
    return outcome


def predict_job(predictor: Predictor, job: ImageJob, advance: Callable[[float], None] | None = None) -> ImageOutcome:
    """Predicts one image, or every page of a stack, and writes its results.

    Raises:
        DiskLost, PredictorLost: see `predict_jobs`.
    """
    try:
        return _predict(predictor, job, advance)
    except (PredictorLost, DiskLost):
        raise
    except UserError as error:
        return ImageOutcome(job.image, faults=named(job.image, error))
    except MemoryError:
        return ImageOutcome(
            job.image, faults=(f"{job.image}: not enough memory. Fix: less --memory, or a smaller --tile",)
        )


def _predict(predictor: Predictor, job: ImageJob, advance: Callable[[float], None] | None) -> ImageOutcome:
    with naming(job.image):
        state = state_of(job.image)  # as it was before it was read
    header = read_header(job.image)
    as_tiff = job.outputs["mask"].suffix.lower() in TIFF_SUFFIXES
    if header.frames > 1 and not as_tiff:
        raise UserError(
            f"{job.image}: expected one image in the file, found {header.frames} pages, which a PNG cannot hold. "
            "Fix: --format tif, or save each page as a file of its own"
        )
    if header.frames > 1 and {"labelme", "layer_mask"} & job.outputs.keys():
        raise UserError(
            f"{job.image}: expected one image in the file for --editable, found {header.frames} pages. "
            "Fix: leave --editable out"
        )
    if header.frames > 1 and job.lines:
        raise UserError(
            f"{job.image}: expected one image in the file for --vectors, found {header.frames} pages. "
            "Fix: leave --vectors out"
        )
    foreground = counted = 0
    notes: dict[str, None] = {}  # each once, in their order: a stack's pages say the same thousands of times
    results = None
    by_windows = header.large or header.georeferenced
    with raster_environment() if by_windows else contextlib.nullcontext(), contextlib.ExitStack() as results_open:
        pages = open_pages(job.image, header, predictor.channels, place=as_tiff, value_range=predictor.value_range)
        results_open.enter_context(contextlib.closing(pages))
        for image in pages:
            if results is None:
                results = _open_results(results_open, job, header, image, state)
            notes |= dict.fromkeys((*image.notes, *_tiled(predictor, image)))
            for result in results.values():
                result.page(image.source.height, image.source.width)
            for band, mask in _finished(predictor, image, _share_of(advance, header.frames)):
                _write(results, band, mask)
                foreground += int(np.count_nonzero(mask))
                counted += mask.size if band.valid is None else int(np.count_nonzero(band.valid))
    if header.frames > 1:
        notes["page by page of a stack"] = None
    if {"labelme", "layer_mask"} & job.outputs.keys():
        write_editable(job.image, job.outputs, state)
    left_out = LeftOut()
    if job.lines:
        of_lines, left_out = write_vectors(job.outputs["mask"], job.outputs["lines"], job.outputs["table"], job.lines)
        notes |= dict.fromkeys(of_lines)
    return ImageOutcome(job.image, tuple(notes), foreground / max(counted, 1), left_out=left_out)


def _finished(predictor: Predictor, image: Opened, advance) -> Iterator[tuple[Band, np.ndarray]]:
    """Bands of few rows with their masks; what follows the threshold sees the image as a whole."""
    if not predictor.postprocessing:
        for band in _pieces(_of_numbers(predictor.bands(image.source, advance))):
            yield band, predictor.mask(band.probability)
        return
    predictor.require_whole(image.source.height, image.source.width)
    bands = list(_of_numbers(predictor.bands(image.source, advance)))
    probability = np.concatenate([band.probability for band in bands])
    valid = None if bands[0].valid is None else np.concatenate([band.valid for band in bands])
    mask = predictor.mask(probability, valid)
    for band in _pieces(iter(bands)):
        yield band, mask[band.top : band.top + len(band.pixels)]


def _of_numbers(bands: Iterator[Band]) -> Iterator[Band]:
    """Refuses what a broken network answers: NaN is above no threshold, so its masks would look like clean ones."""
    for band in bands:
        if not np.isfinite(band.probability.sum()):
            raise UserError(
                "expected probabilities, found NaN: the network is broken. Fix: export or train again, and look at the "
                "loss in the run's log.jsonl"
            )
        yield band


def _pieces(bands: Iterator[Band]) -> Iterator[Band]:
    """Bands of few rows: writing takes several copies of what it writes."""
    for band in bands:
        for top in range(0, len(band.pixels), BAND_ROWS):
            rows = slice(top, top + BAND_ROWS)
            yield Band(
                band.top + top,
                band.pixels[rows],
                band.probability[rows],
                None if band.valid is None else band.valid[rows],
            )


def _tiled(predictor: Predictor, image: Opened) -> tuple[str, ...]:
    tile = predictor.tile_of(image.source)
    return (f"by tiles of {tile} px",) if tile < max(image.source.height, image.source.width) else ()


def _open_results(opened: contextlib.ExitStack, job: ImageJob, header: Header, image: Opened, state: str) -> dict:
    # The mask gets its name last: contexts end in the opposite order.
    channels = {"mask": 1, "probability": 1, "overlay": 3}
    pixels = header.frames * image.source.height * image.source.width
    return {
        name: opened.enter_context(open_result(path, channels[name], image.place, pixels, state))
        for name, path in job.outputs.items()
        if name in channels
    }


def _write(results: dict, band: Band, mask: np.ndarray) -> None:
    for name, result in results.items():
        if name == "mask":
            rows = mask
        elif name == "probability":
            rows = np.rint(band.probability * 255).astype(np.uint8)
        else:
            rows = overlay(to_channels(band.pixels, 3), mask)
        result.rows(rows, band.valid)


def _share_of(advance: Callable[[float], None] | None, frames: int) -> Callable[[float], None] | None:
    return advance and (lambda share: advance(share / frames))


def named(image: Path, error: UserError) -> tuple[str, ...]:
    """The lines of an error, each with the image's name."""
    return tuple(line if str(image) in line else f"{image}: {line}" for line in error.lines)
