"""From mask files to files of lines: one, or a folder; bad ones are named while the others go on."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.data import image_files
from semicurv_tf.errors import UserError
from semicurv_tf.vector.georeference import converted, require_crs
from semicurv_tf.vector.geojson import write_geojson
from semicurv_tf.vector.grid import Grid
from semicurv_tf.vector.mask_files import SUFFIXES, MaskFile, read_mask_file
from semicurv_tf.vector.picture import draw_vectors, write_picture
from semicurv_tf.vector.segments import Vectors
from semicurv_tf.vector.table import summary_row, table_rows
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask

_CRS_WORDS = ("raster", "pixels", "map")
# What `predict` and this command write beside a mask NAME.png: no masks.
COMPANIONS = (".probability", ".overlay", ".lines")


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
    """

    threshold: float | None = None
    crs: str = "raster"
    scale_mm_per_px: float | None = None
    rows: str = "segments"
    colour: str = "width"


@dataclasses.dataclass(frozen=True)
class Job:
    """A mask, where its lines go, and what its picture is drawn over (None: no picture; the mask)."""

    source: Path
    name: str
    lines: Path
    picture: Path | None = None
    over: Path | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a mask: sums and rows of the table, what is worth saying, or why it failed."""

    source: Path
    summary: dict | None = None
    rows: tuple[dict, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def plan_jobs(source: Path, output: Path, picture: Path | None = None, over: Path | None = None) -> list[Job]:
    """Which masks to read and where each result goes; checked as a whole before any is written.

    Args:
        source: a mask, or a folder, sub-folders included (their structure is kept).
        output: a `.geojson` file for one mask, a folder for a folder.
        picture: a `.png` file or a folder likewise; None draws none.
        over: an image, or a folder of images of the masks' names, that pictures are drawn over.

    Raises:
        UserError: nothing to read, results that would replace a mask or one another, names that do not fit.
    """
    if source.is_dir():
        jobs = _plan_folder(source, output, picture, over)
    elif source.is_file():
        if output.is_dir():
            output = output / f"{source.stem}.geojson"
        if picture is not None and picture.is_dir():
            picture = picture / f"{source.stem}.lines.png"
        _expect_suffix("--output", output, (".geojson", ".json"))
        if picture is not None:
            _expect_suffix("--picture", picture, (".png",))
        jobs = [Job(source, source.name, output, picture, over)]
    else:
        raise UserError(f"--input {source}: expected a mask or a folder of masks, found nothing. Fix: check the path")
    _require_distinct(jobs)
    return jobs


def plan_tables(tables: dict[str, Path | None]) -> None:
    """Checks where tables go, before anything is read.

    Args:
        tables: option to path, or to None where there is no such table.

    Raises:
        UserError: a name that does not end in .csv, or one for two.
    """
    given = {option: path for option, path in tables.items() if path is not None}
    for option, path in given.items():
        _expect_suffix(option, path, (".csv",))
    if len({path.resolve() for path in given.values()}) < len(given):
        raise UserError(f"{' and '.join(given)}: would be one file. Fix: name two")


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
        require_crs(reading.crs)
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
        >>> vectorize_file(Job(Path("mask.tif"), "mask.tif", Path("mask.geojson"))).summary["total_length_px"]
        5362.12
    """
    try:
        file, grid, convert = _read(job.source, reading)
        background = _background(job.over, file.mask) if job.picture else None
        vectors = vectorize_mask(file.mask, settings, grid, file.valid, advance)
    except UserError as error:
        return Outcome(job.source, faults=error.lines)
    except MemoryError:
        line = f"{job.source}: not enough memory (a byte for each pixel and 0.2 KB for each of the skeleton). Fix: cut it into tiles"
        return Outcome(job.source, faults=(line,))
    write_geojson(job.lines, vectors, job.name, settings, convert, reading.crs if convert else None)
    if job.picture:
        write_picture(job.picture, draw_vectors(vectors, background, reading.colour))
    rows = tuple(table_rows(vectors, job.name, reading.rows))
    return Outcome(job.source, summary_row(vectors, job.name), rows, tuple(_notes(vectors, file)))


def said(outcome: Outcome) -> str:
    """The sums over one image as a line for a terminal."""
    sums = outcome.summary
    unit = next((name.removeprefix("total_length_") for name in sums if name.startswith("total_length_") and name != "total_length_px"), None)

    def both(name: str, per: bool = False) -> str:
        parts = [f"{sums[f'{name}_{each}']:.4g} {f'{each}/{each}²' if per else each}" for each in ("px", unit) if each]
        return " = ".join(parts)

    counts = ", ".join(f"{sums[key]} {key.replace('_', ' ')}" for key in ("components", "segments", "junctions", "end_points", "dots"))
    line = (
        f"{sums['image']}: {counts}; length {both('total_length')}, density {both('density_per', True)}, "
        f"width {both('mean_width')} in the mean, {both('max_width')} at most"
    )
    return line + "".join(f"; note: {note}" for note in outcome.notes)


def _read(source: Path, reading: Reading) -> tuple[MaskFile, Grid, Callable | None]:
    """The mask, its grid, and what turns map coordinates into those asked for (None: they stay)."""
    file = read_mask_file(source, reading.threshold, georeference=reading.crs != "pixels")
    if file.grid is None and reading.crs not in ("raster", "pixels"):
        raise UserError(
            f"{source}: has no coordinate reference system, which --crs {reading.crs} needs. "
            "Fix: a GeoTIFF with CRS and transform (rio edit-info --crs EPSG:N --transform ...), or --crs pixels"
        )
    if file.grid is not None and reading.scale_mm_per_px is not None:
        raise UserError(
            f"{source}: has map coordinates, which say how large a pixel is. Fix: leave --scale-mm-per-px out, or add --crs pixels"
        )
    if file.grid is None:
        return file, Grid("mm", scale=reading.scale_mm_per_px) if reading.scale_mm_per_px else Grid(), None
    convert = None
    if reading.crs != "raster" and reading.crs != "map":
        source_crs = file.grid.crs
        convert = lambda points: converted(points, source_crs, reading.crs)
    return file, file.grid, convert


def _background(over: Path | None, mask: np.ndarray) -> np.ndarray:
    if over is None:
        return mask
    image = image_files.read_image(over, 3)
    if image.shape[:2] != mask.shape:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(f"{over}: expected {mask_width}x{mask_height} pixels as its mask, found {width}x{height}. Fix: another --over")
    return image


def _notes(vectors: Vectors, file: MaskFile) -> Iterator[str]:
    if vectors.foreground == 0:
        yield "no foreground, no lines"
    elif vectors.foreground > 0.5 * vectors.valid:
        yield "more than half of it is foreground; is it inverted?"
    if file.valid < file.mask.size:
        yield "no-data pixels left out of the density"


def _plan_folder(source: Path, output: Path, picture: Path | None, over: Path | None) -> list[Job]:
    for option, path in (("--output", output), ("--picture", picture)):
        if path is not None and path.exists() and not path.is_dir():
            raise UserError(f"{option} {path}: expected a folder, as --input is one, found a file. Fix: name a folder")
    if over is not None and not over.is_dir():
        raise UserError(f"--over {over}: expected a folder of images, as --input is a folder of masks, found none. Fix: check it")
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and not _hidden(path, source))
    stems = {path.with_suffix("") for path in files}
    masks = [path for path in files if not _is_companion(path, stems)]
    if not masks:
        raise UserError(f"--input {source}: expected masks in this folder, found none. Fix: check the path")
    images = _images_by_stem(over) if over is not None else {}
    jobs, faults = [], []
    for mask in masks:
        name = mask.relative_to(source)
        image = images.get(str(name.with_suffix("")))
        if over is not None and image is None:
            faults.append(f"--over {over}: has no image for {name}. Fix: give images the names of their masks")
        drawn = picture / name.with_name(f"{name.stem}.lines.png") if picture is not None else None
        jobs.append(Job(mask, name.as_posix(), output / name.with_suffix(".geojson"), drawn, image))
    if faults:
        raise UserError(faults)
    return jobs


def _images_by_stem(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder).with_suffix("")): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    }


def _is_companion(path: Path, stems: set[Path]) -> bool:
    return any(path.stem.endswith(end) and path.with_name(path.stem.removesuffix(end)) in stems for end in COMPANIONS)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _expect_suffix(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix.lower() not in suffixes:
        raise UserError(f"{option} {path}: expected a name that ends in {' or '.join(suffixes)}. Fix: rename it")


def _require_distinct(jobs: list[Job]) -> None:
    sources = {job.source.resolve() for job in jobs} | {job.over.resolve() for job in jobs if job.over}
    taken: dict[Path, Path] = {}
    faults = []
    for job in jobs:
        for path in filter(None, (job.lines, job.picture)):
            if path.resolve() in sources:
                faults.append(f"{path}: a result would replace this input. Fix: choose another --output or --picture")
        if job.lines in taken:
            faults.append(f"{job.source} and {taken[job.lines]}: both would become {job.lines}. Fix: rename one of them")
        taken[job.lines] = job.source
    if faults:
        raise UserError(faults)
