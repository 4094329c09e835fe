"""From masks of cracks to a row per image: length by width class, density, widths, all on the pavement."""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.photographs import images_by_stem
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.walk import find_images
from semicurv_tf.pavement.crack_map import draw_crack_map
from semicurv_tf.pavement.marker import find_marker, from_box
from semicurv_tf.pavement.photograph import Photograph, read_photograph
from semicurv_tf.pavement.scale import HEIGHT_ERROR_M, Scale, from_camera
from semicurv_tf.pavement.stations import Station
from semicurv_tf.pavement.width_classes import class_names, lengths_by_class
from semicurv_tf.vector.segments import Vectors
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask
from semicurv_tf.whole_files import write_picture


@dataclasses.dataclass(frozen=True)
class Measuring:
    """How masks are measured.

    Attributes:
        classes_mm: bounds between width classes.
        mm_per_px: the scale of all images; or
        camera_height_m: of the camera of all photographs, whose EXIF says the rest; or
        marker_cm: side of a square marker in the photographs.
        camera_height_error_m: how well that is known.
        marker_box: width and height of the marker in pixels; None: it is looked for.
        scale_error_percent: in place of the error found; None: 0 of a given scale, as `from_camera` says else.
        min_length_px: connected structures of less length are left out.
        threshold: of masks that are not 0 and 1, or 0 and 255.
        memory_bytes: of the process.
    """

    classes_mm: tuple[float, ...]
    mm_per_px: float | None = None
    camera_height_m: float | None = None
    camera_height_error_m: float = HEIGHT_ERROR_M
    scale_error_percent: float | None = None
    min_length_px: float = 0.0
    threshold: float | None = None
    memory_bytes: int | None = None
    marker_cm: float | None = None
    marker_box: tuple[float, float] | None = None


class Measured(NamedTuple):
    """A mask that was measured: its row of the table, its scale, its lines, and the mask itself."""

    row: dict
    scale: Scale
    vectors: Vectors
    mask: np.ndarray


@dataclasses.dataclass(frozen=True)
class Job:
    """A mask, its name without suffix, and its photograph's file; None: none was given."""

    mask: Path
    name: str
    photograph: Path | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a mask.

    Attributes:
        job: which one.
        measured: None where it cannot be measured.
        photograph: what its photograph says; None where there is none, or it cannot be measured.
        faults: why it cannot be measured, a line each.
    """

    job: Job
    measured: Measured | None = None
    photograph: Photograph | None = None
    faults: tuple[str, ...] = ()


def plan(masks: Path, photographs: Path | None) -> list[Job]:
    """Which masks are measured, with their photographs.

    Args:
        masks: a mask or a folder, sub-folders included; what `predict` writes beside masks is none of them.
        photographs: a photograph, or a folder of them, of the masks' names; None: none.

    Raises:
        UserError: no mask, or masks without a photograph: all of them.
    """
    if masks.is_dir():
        files = [path for path in find_images(masks) if not path.stem.endswith((".probability", ".overlay", ".lines"))]
        jobs = [Job(path, path.relative_to(masks).with_suffix("").as_posix()) for path in files]
    else:
        jobs = [Job(masks, masks.stem)] if masks.is_file() else []
    if not jobs:
        raise UserError(f"--input {masks}: expected a mask or a folder of masks, found none. Fix: check the path")
    names: dict[str, Path] = {}
    for job in jobs:
        if job.name in names:
            raise UserError(f"{job.mask}: has the name of {names[job.name]}. Fix: rename one of them")
        names[job.name] = job.mask
    if photographs is None:
        return jobs
    if photographs.is_file() and len(jobs) == 1:
        return [dataclasses.replace(jobs[0], photograph=photographs)]
    if not photographs.is_dir():
        raise UserError(f"--photos {photographs}: expected the folder of the photographs, found none. Fix: check it")
    by_name = images_by_stem(photographs)
    missing = [job for job in jobs if job.name not in by_name]
    if missing:
        raise UserError(
            f"--photos {photographs}: has no photograph for {job.mask}. Fix: give both one name" for job in missing
        )
    return [dataclasses.replace(job, photograph=by_name[job.name]) for job in jobs]


def measure(jobs: Iterable[Job], measuring: Measuring) -> Iterator[Outcome]:
    """Measures the masks one after the other: each with what its photograph says, or why that cannot be."""
    for job in jobs:
        try:
            photograph = read_photograph(job.photograph) if job.photograph else None
            outcome = Outcome(job, measure_mask(job, photograph, measuring), photograph)
        except UserError as error:
            named = [line if str(job.mask) in line or "--" in line else f"{job.mask}: {line}" for line in error.lines]
            outcome = Outcome(job, faults=tuple(named))
        yield outcome


def measure_mask(job: Job, photograph: Photograph | None, measuring: Measuring) -> Measured:
    """The measures of one mask; in its row lengths are in m, widths in mm, density in m per square metre.

    Raises:
        UserError: the mask or its scale cannot be had.
    """
    file = read_mask_file(job.mask, measuring.threshold, georeference=False, memory_bytes=measuring.memory_bytes)
    if photograph is not None:
        sides = {(photograph.height, photograph.width), (photograph.width, photograph.height)}
        if file.mask.shape not in sides:
            height, width = file.mask.shape
            raise UserError(
                f"{job.photograph}: expected {width}x{height} pixels as its mask {job.mask}, found "
                f"{photograph.width}x{photograph.height}. Fix: the photograph that the mask was predicted from"
            )
    scale = scale_of(job, photograph, measuring)
    metres = scale.mm_per_px / 1000
    vectors = vectorize_mask(
        file.mask, VectorSettings(min_length_px=measuring.min_length_px), valid=file.valid,
        memory_bytes=measuring.memory_bytes,
    )  # fmt: skip
    sums = vectors.summary()
    bounds_px = tuple(bound / scale.mm_per_px for bound in measuring.classes_mm)
    lengths = lengths_by_class(vectors, file.mask, bounds_px) * metres
    area = file.valid * metres**2
    length = float(sums["total_length_px"]) * metres
    row = {
        "image": job.name,
        "area_m2": area,
        "crack_length_m": length,
        "density_m_per_m2": length / area if area else 0.0,
        **dict(zip(class_names(measuring.classes_mm), map(float, lengths))),
        "mean_width_mm": float(sums["mean_width_px"]) * scale.mm_per_px,
        "max_width_mm": float(sums["max_width_px"]) * scale.mm_per_px,
        "crack_area_percent": float(sums["foreground_percent"]),
        "mm_per_px": scale.mm_per_px,
        "scale_error_percent": scale.error_percent,
        "scale_from": scale.source,
    }
    return Measured(row, scale, vectors, file.mask)


def scale_of(job: Job, photograph: Photograph | None, measuring: Measuring) -> Scale:
    """The scale of an image.

    Raises:
        UserError: the photograph does not say enough.
    """
    given = measuring.scale_error_percent
    if measuring.mm_per_px is not None:
        return Scale(measuring.mm_per_px, given or 0.0, "given")
    if measuring.marker_cm is not None and measuring.marker_box is not None:
        scale = from_box(measuring.marker_box, measuring.marker_cm)
    elif photograph is None or job.photograph is None:
        raise ValueError(f"Expected mm_per_px, or a photograph. Received: {measuring}")
    elif measuring.marker_cm is not None:
        scale = find_marker(read_image(job.photograph, 3), measuring.marker_cm, str(job.photograph))
    elif measuring.camera_height_m is not None:
        scale = from_camera(photograph, job.photograph, measuring.camera_height_m, measuring.camera_height_error_m)
    else:
        raise ValueError(f"Expected mm_per_px, camera_height_m or marker_cm. Received: {measuring}")
    return scale if given is None else dataclasses.replace(scale, error_percent=given)


def placed(row: dict, station: Station, section: str | None) -> dict:
    """The row with where the image lies, for the table."""
    return row | {
        "station_m": station.station_m, "section": section, "lat": station.latitude, "lon": station.longitude
    }  # fmt: skip


def write_map(job: Job, measured: Measured, measuring: Measuring, folder: Path) -> Path:
    """Writes the crack map of an image over its photograph, or over white where there is none.

    Args:
        job, measured: of `measure`.
        measuring: with the width classes.
        folder: where `NAME.map.png` goes, NAME with its sub-folders.

    Raises:
        UserError: the photograph cannot be read, or the file not be written.
    """
    background = None if job.photograph is None else read_image(job.photograph, 3)
    if background is not None and background.shape[:2] != measured.mask.shape:
        background = None  # the mask lies as the pixels are stored, the photograph is turned
    lengths = [measured.row[name] for name in class_names(measuring.classes_mm)]
    title = (
        f"{job.name}: {measured.row['crack_length_m']:.3g} m of cracks on {measured.row['area_m2']:.3g} square metres"
    )
    path = map_of(job, folder)
    write_picture(
        path,
        draw_crack_map(
            measured.vectors, measured.mask, measured.scale, measuring.classes_mm, lengths, background, title
        ),
    )
    return path


def map_of(job: Job, folder: Path) -> Path:
    """Where the crack map of an image goes."""
    return folder / f"{job.name}.map.png"
