"""Which masks are read and where their lines go: checked as a whole before anything is written."""

import dataclasses
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.file_names import require_suffix
from semicurv_tf.images.formats import names_a_file
from semicurv_tf.images.photographs import images_by_stem
from semicurv_tf.images.walk import find_images
from semicurv_tf.wording import typed

# What `predict` writes beside a mask NAME.png, and the pictures of lines: no masks.
_COMPANIONS = (".probability", ".overlay")
_PICTURE = ".lines"
_FORMAT_OF = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg"}
FORMATS = ("geojson", "gpkg")


@dataclasses.dataclass(frozen=True)
class Job:
    """A mask, where its lines go, and what its picture is drawn over (None: no picture; the mask)."""

    source: Path
    name: str
    lines: Path
    picture: Path | None = None
    over: Path | None = None
    graphml: Path | None = None

    @property
    def format(self) -> str:
        """Of the lines, one of `FORMATS`."""
        return _FORMAT_OF[self.lines.suffix.lower()]


def plan_jobs(
    source: Path,
    output: Path,
    picture: Path | None = None,
    over: Path | None = None,
    format: str | None = None,
    graphml: Path | None = None,
) -> list[Job]:
    """Which masks to read and where each result goes; checked as a whole before any is written.

    Args:
        source: a mask, or a folder, sub-folders included (their structure is kept).
        output: a `.geojson` or `.gpkg` file for one mask, a folder for a folder.
        picture: a `.png` file or a folder likewise; None draws none.
        over: an image, or a folder of images of the masks' names, that pictures are drawn over.
        format: of `FORMATS`; None goes by the suffix of `output`, and is GeoJSON for a folder.
        graphml: a `.graphml` file or a folder likewise; None writes none.

    Raises:
        UserError: nothing to read, results that would replace a mask or one another, names that do not fit.
    """
    if source.is_dir():
        jobs = _plan_folder(source, output, picture, over, format or "geojson", graphml)
    elif source.is_file():
        if output.is_dir():
            output = output / f"{source.stem}.{format or 'geojson'}"
        if picture is not None and picture.is_dir():
            picture = picture / f"{source.stem}{_PICTURE}.png"
        if graphml is not None and graphml.is_dir():
            graphml = graphml / f"{source.stem}.graphml"
        require_suffix("--output", output, tuple(_FORMAT_OF))
        if picture is not None:
            require_suffix("--picture", picture, (".png",))
        if graphml is not None:
            require_suffix("--graphml", graphml, (".graphml",))
        jobs = [Job(source, source.name, output, picture, over, graphml)]
        if format not in (None, jobs[0].format):
            raise UserError(
                f"--output {output}: expected a name that ends in .{format}, as --format says. Fix: leave one out"
            )
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
        require_suffix(option, path, (".csv",))
    if len({path.resolve() for path in given.values()}) < len(given):
        raise UserError(f"{' and '.join(given)}: would be one file. Fix: name two")


def _plan_folder(
    source: Path, output: Path, picture: Path | None, over: Path | None, format: str, graphml: Path | None
) -> list[Job]:
    for option, path in (("--output", output), ("--picture", picture), ("--graphml", graphml)):
        if path is not None and path.exists() and not path.is_dir():
            raise UserError(f"{option} {path}: expected a folder, as --input is one, found a file. Fix: name a folder")
        if path is not None and names_a_file(path):
            raise UserError(
                f"{option} {path}: expected a folder, as --input is one, found the name of a file. "
                f"Fix: {option} {typed(path.with_suffix(''))}"
            )
    if over is not None and not over.is_dir():
        raise UserError(
            f"--over {over}: expected a folder of images, as --input is a folder of masks, found none. Fix: check it"
        )
    # Results of an earlier call, in folders of their own inside of the masks' folder, are no masks.
    results = {folder.resolve() for folder in (output, picture, over, graphml) if folder is not None} - {
        source.resolve()
    }
    files = find_images(source, leave_out=results)
    stems = {path.with_suffix("") for path in files}
    masks = [path for path in files if not _is_companion(path, stems)]
    if not masks:
        raise UserError(f"--input {source}: expected masks in this folder, found none. Fix: check the path")
    images = images_by_stem(over) if over is not None else {}
    jobs, faults = [], []
    for mask in masks:
        name = mask.relative_to(source)
        image = images.get(name.with_suffix("").as_posix())
        if over is not None and image is None:
            faults.append(f"--over {over}: has no image for {name}. Fix: give images the names of their masks")
        drawn = picture / name.with_name(f"{name.stem}{_PICTURE}.png") if picture is not None else None
        network = graphml / name.with_suffix(".graphml") if graphml is not None else None
        jobs.append(Job(mask, name.as_posix(), output / name.with_suffix(f".{format}"), drawn, image, network))
    if faults:
        raise UserError(faults)
    return jobs


def _is_companion(path: Path, stems: set[Path]) -> bool:
    if path.stem.endswith(_PICTURE):
        return True
    return any(path.stem.endswith(end) and path.with_name(path.stem.removesuffix(end)) in stems for end in _COMPANIONS)


def _require_distinct(jobs: list[Job]) -> None:
    sources = {job.source.resolve() for job in jobs} | {job.over.resolve() for job in jobs if job.over}
    taken: dict[Path, Path] = {}
    faults = []
    for job in jobs:
        for path in filter(None, (job.lines, job.picture, job.graphml)):
            if path.resolve() in sources:
                faults.append(f"{path}: a result would replace this input. Fix: choose another name for it")
        if job.lines in taken:
            faults.append(
                f"{job.source} and {taken[job.lines]}: both would become {job.lines}. Fix: rename one of them"
            )
        taken[job.lines] = job.source
    if faults:
        raise UserError(faults)
