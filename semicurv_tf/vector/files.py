"""From mask files to files of lines; bad ones are named while the others go on."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import converted, parse_crs
from semicurv_tf.images.grid import Grid
from semicurv_tf.images.mask_files import MaskFile, read_mask_file
from semicurv_tf.images.reader import read_image
from semicurv_tf.vector.geojson import Target, write_geojson
from semicurv_tf.vector.jobs import Job
from semicurv_tf.vector.picture import draw_vectors, write_picture
from semicurv_tf.vector.segments import Vectors
from semicurv_tf.vector.table import summary_row, table_rows
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask
from semicurv_tf.wording import counted

_CRS_WORDS = ("raster", "pixels", "map")


@dataclasses.dataclass(frozen=True)
class Reading:
    """How masks are read and measured.

    Attributes:
        threshold: values above it are foreground; None expects 0 and 1, or 0 and 255.
        crs: "raster" takes map coordinates where a file has them; "pixels" never; "map" insists on them; any other is
            a CRS (EPSG:4326) that they are converted to.
        scale_mm_per_px: the size of a pixel of masks without map coordinates; None measures in pixels only.
        rows: "segments" or "cracks", what a row of the table is.
        colour: of pictures, "width", "crack" or "segment".
        memory_bytes: of the process; larger masks are refused. None: any.
    """

    threshold: float | None = None
    crs: str = "raster"
    scale_mm_per_px: float | None = None
    rows: str = "segments"
    colour: str = "width"
    memory_bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a mask: sums and rows of the table, what is worth saying, or why it failed."""

    source: Path
    summary: dict | None = None
    rows: tuple[dict, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def vectorize_files(
    jobs: list[Job], settings: VectorSettings, reading: Reading, advance: Callable[[float], None] | None = None
) -> Iterator[Outcome]:
    """Vectorises the jobs one after the other, yielding what became of each.

    A bad mask is an outcome with faults. A result that cannot be written stops everything: so would the next.

    Args:
        jobs: of `plan_jobs`.
        settings: of the lines.
        reading: of the masks.
        advance: called with the share of a mask that was just done; 1.0 in all for each.

    Raises:
        UserError: a result cannot be written, or `reading.crs` is none.
    """
    if reading.crs not in _CRS_WORDS:
        parse_crs(reading.crs)  # said once, not for every mask
    for job in jobs:
        done = 0.0

        def count(share: float) -> None:
            nonlocal done
            done += share
            if advance:
                advance(share)

        yield vectorize_file(job, settings, reading, count)
        if advance:
            advance(1.0 - done)


def vectorize_file(
    job: Job,
    settings: VectorSettings = VectorSettings(),
    reading: Reading = Reading(),
    advance: Callable[[float], None] | None = None,
) -> Outcome:
    """Reads one mask and writes its lines, and its picture where the job has one.

    Returns:
        The outcome, with faults where the mask cannot be used.

    Raises:
        UserError: a result cannot be written.

    Example:
        >>> job = Job(Path("mask.tif"), "mask.tif", Path("mask.geojson"))
        >>> vectorize_file(job).summary["total_length_px"]  # doctest: +SKIP
        5362.12
    """
    try:
        file, grid, target = _read(job.source, reading)
        background = _background(job.over, file.mask) if job.picture else None
        vectors = vectorize_mask(file.mask, settings, grid, file.valid, advance, reading.memory_bytes)
    except UserError as error:
        lines = (line if str(job.source) in line else f"{job.source}: {line}" for line in error.lines)
        return Outcome(job.source, faults=tuple(lines))
    except MemoryError:
        needed = "a byte for each pixel and 0.2 KB for each of the skeleton"
        return Outcome(job.source, faults=(f"{job.source}: not enough memory ({needed}). Fix: cut it into tiles",))
    write_geojson(job.lines, vectors, job.name, settings, target)
    if job.picture and background is not None:
        write_picture(job.picture, draw_vectors(vectors, background, reading.colour))
    rows = tuple(table_rows(vectors, job.name, reading.rows))
    return Outcome(job.source, summary_row(vectors, job.name), rows, tuple(_notes(vectors, file)))


def said(outcome: Outcome) -> str:
    """The sums over one image as a line for a terminal."""
    sums = outcome.summary or {}
    units = [name.removeprefix("total_length_") for name in sums if name.startswith("total_length_")]

    def both(name: str, per: bool = False) -> str:
        parts = [f"{sums[f'{name}_{each}']:.4g} {f'{each}/{each}²' if per else each}" for each in units]
        return " = ".join(parts)

    counts = ", ".join(
        counted(sums[f"{noun.replace(' ', '_')}s"], noun)
        for noun in ("component", "segment", "junction", "end point", "dot")
    )
    line = (
        f"{sums['image']}: {counts}; length {both('total_length')}, density {both('density_per', True)}, "
        f"width {both('mean_width')} on average, {both('max_width')} at most"
    )
    return line + "".join(f"; note: {note}" for note in outcome.notes)


def _read(source: Path, reading: Reading) -> tuple[MaskFile, Grid, Target | None]:
    """The mask, its grid, and what its map coordinates are converted to (None: they stay)."""
    file = read_mask_file(
        source, reading.threshold, georeference=reading.crs != "pixels", memory_bytes=reading.memory_bytes
    )
    if file.grid is None and reading.crs not in ("raster", "pixels"):
        raise UserError(
            f"{source}: has no coordinate reference system, which --crs {reading.crs} needs. "
            "Fix: a GeoTIFF with CRS and transform (rio edit-info --crs EPSG:N --transform ...), or --crs pixels"
        )
    if file.grid is not None and reading.scale_mm_per_px is not None:
        raise UserError(
            f"{source}: has map coordinates, which say how large a pixel is. "
            "Fix: leave --scale-mm-per-px out, or add --crs pixels"
        )
    if file.grid is None:
        return file, Grid("mm", scale=reading.scale_mm_per_px) if reading.scale_mm_per_px else Grid(), None
    if reading.crs in _CRS_WORDS:
        return file, file.grid, None
    crs, degrees = parse_crs(reading.crs)
    source_crs = file.grid.crs or ""  # a file with a grid has one
    return file, file.grid, Target(crs, degrees, lambda points: converted(points, source_crs, crs))


def _background(over: Path | None, mask: np.ndarray) -> np.ndarray:
    if over is None:
        return mask
    image = read_image(over, 3)
    if image.shape[:2] != mask.shape:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(
            f"{over}: expected {mask_width}x{mask_height} pixels as its mask, found {width}x{height}. "
            "Fix: another --over"
        )
    return image


def _notes(vectors: Vectors, file: MaskFile) -> Iterator[str]:
    if vectors.foreground == 0:
        yield "no foreground, no lines"
    elif vectors.foreground > 0.5 * vectors.valid:
        yield "more than half of it is foreground; is it inverted?"
    if file.valid < file.mask.size:
        yield "no-data pixels left out of the density"
