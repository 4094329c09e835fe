"""From mask files to files of lines; bad ones are named while the others go on."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import NoPlace, converted, parse_crs, short_name
from semicurv_tf.images.grid import Grid
from semicurv_tf.images.header import read_header
from semicurv_tf.images.mask_files import MaskFile, read_mask_file
from semicurv_tf.images.rasters import count_control_points
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.same_place import check_same_place
from semicurv_tf.vector.compare import Buffer, Comparison, compare_lines
from semicurv_tf.vector.geojson import DECIMALS_DEGREES, DECIMALS_PIXELS, PIXELS, WGS84, write_geojson
from semicurv_tf.vector.geopackage import require_pyogrio, write_geopackage
from semicurv_tf.vector.graphml import write_graphml
from semicurv_tf.vector.jobs import Job
from semicurv_tf.vector.layers import OF_MAP, OF_NETWORK, make_layers
from semicurv_tf.vector.picture import draw_vectors
from semicurv_tf.vector.reference import Reference
from semicurv_tf.vector.segments import NOTHING, LeftOut, Vectors
from semicurv_tf.vector.table import summary_row, table_rows
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask
from semicurv_tf.whole_files import write_picture
from semicurv_tf.wording import counted

_KEEP_OWN = "write a GeoPackage (gpkg) in the CRS of the file, or --crs pixels"
_CRS_WORDS = ("raster", "pixels", "map")


@dataclasses.dataclass(frozen=True)
class Reading:
    """How masks are read and measured.

    Attributes:
        threshold: values above it are foreground; None expects 0 and 1, or 0 and 255.
        crs: "raster" takes map coordinates where a file has them; "pixels" never; "map" insists on them; any other is
            a CRS (EPSG:4326) that those of a GeoPackage are converted to. GeoJSON is in WGS 84.
        scale_mm_per_px: the size of a pixel of masks without map coordinates; None measures in pixels only.
        rows: "segments" or "cracks", what a row of the table is.
        colour: of pictures, "width", "crack" or "segment".
        memory_bytes: of the process; larger masks are refused. None: any.
        kind: what the lines are of, of `layers.KINDS`.
        layers: of `layers.LAYERS`; none: `lines` of GeoJSON, and all that there are of a GeoPackage.
        network: `edges` and `nodes` in place of `lines` and `junctions`.
        compare: lines that these are compared with, and how near they have to be; None: none.
    """

    threshold: float | None = None
    crs: str = "raster"
    scale_mm_per_px: float | None = None
    rows: str = "segments"
    colour: str = "width"
    memory_bytes: int | None = None
    kind: str = "crack"
    layers: tuple[str, ...] = ()
    network: bool = False
    compare: tuple[Reference, Buffer] | None = None


@dataclasses.dataclass(frozen=True)
class Coordinates:
    """Those of a file: their reference system, None for pixels, and what gives them for `(n, 2)` x, y in pixels."""

    crs: str | None
    place: Callable[[np.ndarray], np.ndarray]

    @property
    def decimals(self) -> int:
        """Digits after the point that GeoJSON keeps."""
        return DECIMALS_DEGREES if self.crs else DECIMALS_PIXELS


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a mask.

    Attributes:
        source: the file.
        summary, rows: sums over it and rows of the table; None where it failed.
        notes: what is worth saying.
        faults: why it failed, a line each.
        crs: of the coordinates that were written; None: pixels.
        comparison: with the given lines, where there are any.
        left_out: what was not written, by number.
    """

    source: Path
    summary: dict | None = None
    rows: tuple[dict, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    crs: str | None = None
    comparison: Comparison | None = None
    left_out: LeftOut = NOTHING


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
    require_writable({job.format for job in jobs}, reading.crs)
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


def require_writable(formats: set[str], crs: str) -> None:
    """Says once, not for every mask, what a format cannot hold.

    Raises:
        UserError: a reference system that is none, or none of GeoJSON's; or pyogrio is missing.
    """
    if "gpkg" in formats:
        require_pyogrio("--format gpkg")
    if crs in _CRS_WORDS:
        return
    name, _ = parse_crs(crs)
    if "geojson" in formats and name not in WGS84:
        raise UserError(
            f"--crs {crs}: GeoJSON is in WGS 84 (RFC 7946). Fix: leave --crs out, or write a GeoPackage (gpkg)"
        )


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
        file, grid, coordinates = _read(job.source, reading, job.format)
        background = _background(job, file.mask, reading) if job.picture else None
        vectors = vectorize_mask(file.mask, settings, grid, file.valid, advance, reading.memory_bytes)
        comparison = _compared(vectors, reading)
    except UserError as error:
        return Outcome(job.source, faults=_named(job.source, error))
    except MemoryError:
        needed = "400 MB, two bytes for each pixel and 0.2 KB for each of the skeleton"
        return Outcome(job.source, faults=(f"{job.source}: not enough memory ({needed}). Fix: cut it into tiles",))
    try:
        write_lines(job, vectors, file.mask, settings, reading, coordinates)
    except NoPlace as error:
        return Outcome(job.source, faults=_named(job.source, error))
    if job.picture and background is not None:
        write_picture(job.picture, draw_vectors(vectors, background, reading.colour))
    rows = tuple(table_rows(vectors, job.name, reading.rows, reading.kind))
    return Outcome(
        job.source, summary_row(vectors, job.name), rows, tuple(_notes(vectors, file, job.source, reading)),
        crs=coordinates.crs, comparison=comparison, left_out=vectors.left_out,
    )  # fmt: skip


def _named(source: Path, error: UserError) -> tuple[str, ...]:
    return tuple(line if str(source) in line else f"{source}: {line}" for line in error.lines)


def write_lines(job: Job, vectors: Vectors, mask, settings, reading: Reading, coordinates: Coordinates) -> None:
    """Writes the lines of a mask as the job names them, in these coordinates.

    Raises:
        NoPlace: the lines have no place in the CRS that is written; nothing was written.
        UserError: a file cannot be written.
    """
    whole = OF_NETWORK if reading.network else OF_MAP
    names = reading.layers or (whole if job.format == "gpkg" else whole[:1])
    layers = {
        layer.name: layer
        for layer in make_layers(
            tuple(dict.fromkeys((*names, *(OF_NETWORK[:2] if job.graphml else ())))), vectors, mask, reading.kind,
            coordinates.place,
        )
    }  # fmt: skip
    about = about_lines(vectors, job.name, reading.kind, settings, coordinates)
    chosen = [layers[name] for name in names]
    if job.format == "gpkg":
        write_geopackage(job.lines, chosen, about, reading.kind, coordinates.crs)
    else:
        write_geojson(job.lines, chosen, about, coordinates.decimals)
    if job.graphml:
        write_graphml(job.graphml, layers["edges"], layers["nodes"], coordinates.crs or PIXELS)


def about_lines(vectors: Vectors, name: str, kind: str, settings: VectorSettings, coordinates: Coordinates) -> dict:
    """What a file of lines says of itself; `name` is the image's."""
    return {
        "width_px": vectors.shape[1],
        "height_px": vectors.shape[0],
        "coordinates": coordinates.crs or PIXELS,
        "kind": kind,
        "summary": summary_row(vectors, name),
        "settings": dataclasses.asdict(settings),
    }


def _compared(vectors: Vectors, reading: Reading) -> Comparison | None:
    if reading.compare is None:
        return None
    reference, buffer = reading.compare
    extracted = [segment.points for segment in vectors.segments if segment.start != "dot"]
    return compare_lines(extracted, reference.on(vectors.grid, vectors.shape), buffer, vectors.grid, vectors.shape)


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
    ) + (f", {counted(sums['bridges'], 'bridge')}" if sums["bridges"] else "")
    line = (
        f"{sums['image']}: {counts}; length {both('total_length')}, density {both('density_per', True)}, "
        f"width {both('mean_width')} on average, {both('max_width')} at most"
    )
    left_out = outcome.left_out.said()
    return line + (f"; {left_out}" if left_out else "") + "".join(f"; note: {note}" for note in outcome.notes)


def said_of_coordinates(outcomes: list[Outcome]) -> str:
    """What the coordinates of the files are, in words."""
    pixels = sum(outcome.crs is None for outcome in outcomes)
    placed = ", ".join(
        "WGS 84, longitude first" if crs in WGS84 else short_name(crs)
        for crs in sorted({outcome.crs for outcome in outcomes if outcome.crs is not None})
    )
    if not pixels:
        return f"coordinates: {placed}"
    flat = "pixels, x right, y down"
    return f"coordinates: {placed}; of {pixels} without map coordinates {flat}" if placed else f"coordinates: {flat}"


def _read(source: Path, reading: Reading, format: str) -> tuple[MaskFile, Grid, Coordinates]:
    """The mask, its grid, and the coordinates that are written."""
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
        grid = Grid("mm", scale=reading.scale_mm_per_px) if reading.scale_mm_per_px else Grid()
        return file, grid, Coordinates(None, lambda points: points)
    return file, file.grid, coordinates_of(file.grid, reading.crs, format)


def coordinates_of(grid: Grid, crs: str, format: str) -> Coordinates:
    """The coordinates that a format is written in; those of a grid without a place are pixels.

    Args:
        grid: of the mask.
        crs: as for `Reading`.
        format: "geojson" or "gpkg".
    """
    if grid.transform is None:
        return Coordinates(None, lambda points: points)
    own = grid.crs or ""  # a grid with a place has one
    wanted = crs if crs not in _CRS_WORDS else WGS84[0] if format == "geojson" else own
    chosen = own if wanted == own else parse_crs(wanted)[0]
    if chosen == own or (chosen in WGS84 and own in WGS84):
        return Coordinates(chosen, grid.to_map)
    return Coordinates(chosen, lambda points: _in_area(converted(grid.to_map(points), own, chosen, _KEEP_OWN), chosen))


def _in_area(points: np.ndarray, crs: str) -> np.ndarray:
    if not np.isfinite(points).all():
        raise NoPlace(
            f"expected coordinates within the area of {short_name(crs)}, found some outside of it. Fix: {_KEEP_OWN}"
        )
    return points


def _background(job: Job, mask: np.ndarray, reading: Reading) -> np.ndarray:
    over = job.over
    if over is None:
        return mask
    image = read_image(over, 3)
    if image.shape[:2] != mask.shape:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(
            f"{over}: expected {mask_width}x{mask_height} pixels as its mask, found {width}x{height}. "
            "Fix: another --over"
        )
    if reading.crs != "pixels":
        check_same_place(job.source, over)
    return image


def _notes(vectors: Vectors, file: MaskFile, source: Path, reading: Reading) -> Iterator[str]:
    if vectors.foreground == 0:
        told = f" (rio edit-info --unset-nodata {quote(str(source))}, if what it calls no data is the structure)"
        yield "no foreground, no lines" + (told if file.valid < file.mask.size else "")
    elif vectors.foreground > 0.5 * vectors.valid:
        yield "more than half of it is foreground; is it inverted?"
    if file.valid < file.mask.size:
        yield "no-data pixels left out of the density"
    if file.grid is None and reading.crs == "raster" and read_header(source).georeferenced:
        points = count_control_points(source)
        if points:
            yield (
                f"its {counted(points, 'ground control point')} give no transform, so lines are in pixels "
                "(gdalwarp -t_srs EPSG:N makes a raster with one)"
            )
