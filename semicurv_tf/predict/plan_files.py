"""Which files are predicted, and where their results go: finished ones are skipped, none is overwritten by mistake."""

import contextlib
import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import IMAGE_SUFFIXES, names_a_file, said_of_passed_over
from semicurv_tf.images.header import read_header
from semicurv_tf.images.lists import find_listed, read_list
from semicurv_tf.images.own_files import require_own
from semicurv_tf.images.photographs import (
    LABELME,
    LAYERS,
    LINES_RECORD,
    RECORD,
    Photographs,
    find_photographs,
    find_strangers,
    is_written,
)
from semicurv_tf.images.provenance import is_made_from
from semicurv_tf.images.results import SUFFIXES
from semicurv_tf.json_files import read_object
from semicurv_tf.parts import remove_abandoned
from semicurv_tf.predict.write_editable import editable_paths
from semicurv_tf.predict.write_lines import LineOptions
from semicurv_tf.vector.segments import NOTHING, LeftOut
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import some, typed

_TABLES = (".csv", ".tsv", ".xls", ".xlsx")
_SHOWN_CHARACTERS = 100
FORMATS = ("auto", "png", "tif")


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Which files are written per image: always the mask, `NAME.png` or `NAME.tif` with 0 and 255.

    Attributes:
        probability: also `NAME.probability.png` (or `.tif`), 8 bit grey, 255 x probability.
        overlay: also `NAME.overlay.png` (or `.tif`), the image with the mask in red.
        vectors: also `NAME.geojson` (or `.gpkg`) and `NAME.csv`, the mask's lines and their measures, as these options
            say; True takes the defaults.
        editable: "labelme": also `labelme/NAME.json`; "png": also `layers/images/NAME.png` and `layers/masks/NAME.png`;
            None: neither.
        format: "png", "tif", or "auto": TIFF of stacks, georeferenced and large TIFFs, PNG of all else.
    """

    probability: bool = False
    overlay: bool = False
    vectors: LineOptions | bool = False
    format: str = "auto"
    editable: str | None = None

    @property
    def lines(self) -> LineOptions | None:
        """How lines are written; None where they are not."""
        return LineOptions() if self.vectors is True else self.vectors or None


@dataclasses.dataclass(frozen=True)
class ImageJob:
    """One image file and where its results go.

    Attributes:
        image: the file.
        outputs: paths by "mask", "probability", "overlay", "lines", "table", "labelme", "layer_image" and "layer_mask".
        lines: how "lines" and "table" are written.
    """

    image: Path
    outputs: dict[str, Path]
    lines: LineOptions | None = None

    def finished(self, since: float, lines_since: float = 0.0) -> bool:
        """Whether every result is there, no older than the record of its settings, and of the image as it is now."""
        oldest = {name: max(since, lines_since if name in ("lines", "table") else 0.0) for name in self.outputs}
        there = all(path.is_file() and path.stat().st_mtime >= oldest[name] for name, path in self.outputs.items())
        return there and is_made_from(self.outputs["mask"], self.image)


@dataclasses.dataclass(frozen=True)
class ImageOutcome:
    """What became of one image.

    Attributes:
        image: the file.
        notes: what was done to its values while reading.
        foreground: share of foreground pixels in [0, 1]; None where the image failed.
        faults: why it failed, in lines; empty where it did not.
        left_out: what its lines do not show.
    """

    image: Path
    notes: tuple[str, ...] = ()
    foreground: float | None = None
    faults: tuple[str, ...] = ()
    left_out: LeftOut = NOTHING


def plan_jobs(images: str | Path, output: str | Path, outputs: Outputs) -> list[ImageJob]:
    """Which files to predict and where each result goes; checked as a whole before any is written.

    Args:
        images: an image; a folder whose images are taken, sub-folders included (their structure is kept in the
            output), but no results of an earlier call, see `find_photographs`; or a `.txt` file that names an image
            per line, relative to its own folder (masks go side by side).
        output: the folder of results; or the mask's own path (`.png`, `.tif`, `.tiff`) where `images` is one.
        outputs: which files are written per image.

    Raises:
        UserError: nothing to predict, two images would get one mask, or an image would be overwritten.
    """
    images, output = Path(images), Path(output)
    if images.is_file() and images.suffix.lower() in _TABLES:
        raise UserError(
            f"--input {images}: expected an image, a folder or a list, found a table. "
            f"Fix: --input {typed(images.with_suffix('.txt'))}, a text file with the path of an image per line"
        )
    if images.is_file() and images.suffix.lower() != ".txt" and names_file(output):
        paths = _result_paths(output, outputs, output.suffix)
        paths |= editable_paths(output.parent, Path(output.name), outputs.editable)
        jobs = [ImageJob(images, paths, outputs.lines)]
        require_distinct(jobs)
        return jobs
    if output.suffix.lower() in IMAGE_SUFFIXES - SUFFIXES and not output.is_dir():
        fix = (
            f"--output {typed(output.with_suffix('.png'))}"
            if images.is_file()
            else f"--output {typed(output.with_suffix(''))}"
        )
        raise UserError(f"--output {output}: masks are written as .png or .tif, or into a folder. Fix: {fix}")
    if names_a_file(output) and not names_file(output):
        lines = f" --vectors {'gpkg' if output.suffix.lower() == '.gpkg' else 'geojson'}"
        of_lines = output.suffix.lower() in (".geojson", ".gpkg", ".csv")
        place = output.with_suffix(".png" if images.is_file() and images.suffix.lower() != ".txt" else "")
        raise UserError(
            f"--output {output}: expected a folder, or for one image a mask's name (.png, .tif), found the name of "
            f"another file. Fix: --output {place}{lines if of_lines else ''}"
        )
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output}: expected a folder, found a file. Fix: name a folder")
    if images.exists() and names_file(output):
        raise UserError(
            f"--output {output}: expected a folder for several images, found a file's name. Fix: name a folder"
        )
    if images.is_dir():
        found = _photographs(images, output)
        files, root = found.images, images
        if not files:
            said = "; ".join(filter(None, (found.said(), passed_over(images, output))))
            raise UserError(
                f"--input {images}: expected images in this folder, found none{f' ({said})' if said else ''}. "
                "Fix: check the path"
            )
    elif images.is_file() and images.suffix.lower() == ".txt":
        files, root = _listed(images), None
    elif images.is_file():
        files, root = [images], images.parent
    else:
        raise UserError(f"--input {images}: expected an image or a folder, found nothing. Fix: check the path")

    places = [output / (file.relative_to(root) if root else file.name) for file in files]
    jobs = [
        ImageJob(
            file,
            _result_paths(place, outputs, _suffix(file, outputs.format))
            | editable_paths(output, place.relative_to(output), outputs.editable),
            outputs.lines,
        )
        for file, place in zip(files, places, strict=True)
    ]
    require_distinct(jobs)
    return jobs


def passed_over(source: str | Path, output: str | Path) -> str | None:
    """A line on the files of an input folder that are no images, by reason; None where there are none, or no folder."""
    if not Path(source).is_dir() or _same(Path(source), Path(output)):
        return None
    return said_of_passed_over(find_strangers(source, leave_out=(Path(output),)))


def left_out(source: str | Path, output: str | Path) -> str | None:
    """A line on the image files of an input folder that are not predicted; None where there are none, or no folder."""
    return _photographs(Path(source), Path(output)).said() if Path(source).is_dir() else None


def _photographs(images: Path, output: Path) -> Photographs:
    return find_photographs(images, (output / LABELME, output / LAYERS) if _same(images, output) else (output,))


def names_file(output: Path) -> bool:
    """Whether an output path is a mask's own, by its suffix, rather than a folder."""
    return output.suffix.lower() in SUFFIXES and not output.is_dir()


def require_distinct(jobs: list[ImageJob]) -> None:
    """Refuses jobs of which two would write one file, or one would write over an image.

    Raises:
        UserError: all such jobs, a line each.
    """
    taken: dict[Path, Path] = {}
    images = {job.image.resolve() for job in jobs}
    faults = []
    for job in jobs:
        mask = job.outputs["mask"]
        if mask in taken:
            faults.append(f"{job.image} and {taken[mask]}: both would become {mask}. Fix: rename one of them")
        taken[mask] = job.image
        for path in job.outputs.values():
            if path.resolve() in images:
                faults.append(f"{path}: a result would replace this image. Fix: choose another --output")
    if faults:
        raise UserError(dict.fromkeys(faults))


def kept_since(output: str | Path, settings: dict, overwrite: bool) -> float | None:
    """When masks with these settings began in the output folder, as a file time; None where there are none. See
    `open_output`, which writes the record that is only read here.

    Raises:
        UserError: the folder holds masks of other settings and `overwrite` is False.
    """
    output = Path(output)
    record = _record(output, RECORD)
    if not record.is_file():
        return None
    settings = json.loads(json.dumps(settings))
    try:
        earlier = read_object(record, "delete it together with the masks beside it, or --overwrite")
    except UserError:
        if not overwrite:
            raise
        earlier = {}
    differing = [key for key in sorted(settings.keys() | earlier.keys()) if settings.get(key) != earlier.get(key)]
    if not differing:
        return record.stat().st_mtime
    if not overwrite:
        short = lambda value: f"{value!s:.{_SHOWN_CHARACTERS}}"  # the record may come from elsewhere
        said = ", ".join(
            f"{short(key)} {short(earlier.get(key))} (now {short(settings.get(key))})" for key in differing
        )
        raise UserError(f"--output {output}: holds masks made with {said}. Fix: another folder, or --overwrite")
    return None


def lines_kept_since(output: str | Path, options: LineOptions | None) -> float | None:
    """Likewise of lines with these options; 0.0 where none are wanted. See `note_lines`."""
    if options is None:
        return 0.0
    record = _record(Path(output), LINES_RECORD)
    with contextlib.suppress(UserError):
        if record.is_file() and read_object(record, "delete it") == dataclasses.asdict(options):
            return record.stat().st_mtime
    return None


def choose_jobs(
    jobs: list[ImageJob], output: str | Path, settings: dict, lines: LineOptions | None, further: Iterable[Path] = ()
) -> list[ImageJob]:
    """The jobs that are not finished; none of their results may replace a file that `predict` did not write.

    Nothing is written here.

    Args:
        jobs: of `plan_jobs`.
        output, settings: as for `open_output`.
        lines: as for `note_lines`.
        further: other files that are going to be written.

    Raises:
        UserError: the folder holds masks of other settings, or files of others in the places of results.
    """
    output = Path(output)
    since, lines_since = kept_since(output, settings, overwrite=False), lines_kept_since(output, lines)
    begun = since is not None and lines_since is not None
    to_do = [job for job in jobs if not (begun and job.finished(since or 0.0, lines_since or 0.0))]
    places = [path for job in to_do for path in job.outputs.values()]
    record = _record(output, LINES_RECORD)
    if lines is not None and lines_since is None and record.is_file() and not is_written(record):
        places.append(record)
    fix = "another --output, or --overwrite to replace them"
    require_own({f"--output {output}": [*places, *further]}, fix)
    return to_do


def _record(output: Path, name: str) -> Path:
    """The record of a folder, or of a single mask."""
    return output.with_name(f"{output.stem}.{name}") if names_file(output) else output / name


def open_output(output: str | Path, settings: dict, overwrite: bool) -> float:
    """Notes in the output folder what its masks are made with, so that no two settings mix there.

    Args:
        output: the folder of results, made where it does not exist; or the path of a single mask, whose
            record is `NAME.predictions.json` beside it.
        settings: what determines the masks: model, threshold, tile, ...
        overwrite: whether earlier results may be replaced.

    Returns:
        When masks with these settings began, as a file time: older ones are of other settings.

    Raises:
        UserError: the folder holds masks of other settings and `overwrite` is False.
    """
    output = Path(output)
    alone = names_file(output)
    remove_abandoned(output.parent if alone else output, below=not alone)
    since = kept_since(output, settings, overwrite)
    if since is not None:
        return since
    record = _record(output, RECORD)
    write_json(record, json.loads(json.dumps(settings)))
    return record.stat().st_mtime


def note_lines(output: str | Path, options: LineOptions | None) -> float:
    """Notes in the output folder how its lines are written: masks stay, lines of other options are written again.

    Args:
        output: as for `open_output`.
        options: of the lines; None where none are written.

    Returns:
        When lines with these options began, as a file time: older ones are of other options.
    """
    since = lines_kept_since(output, options)
    if options is None or since is not None:
        return since or 0.0
    record = _record(Path(output), LINES_RECORD)
    write_json(record, dataclasses.asdict(options))
    return record.stat().st_mtime


def _result_paths(path: Path, outputs: Outputs, suffix: str) -> dict[str, Path]:
    paths = {"mask": path.with_name(f"{path.stem}{suffix}")}
    if outputs.probability:
        paths["probability"] = path.with_name(f"{path.stem}.probability{suffix}")
    if outputs.overlay:
        paths["overlay"] = path.with_name(f"{path.stem}.overlay{suffix}")
    if outputs.lines:
        ends = (f".{outputs.lines.format}", ".csv")
        paths["lines"], paths["table"] = (path.with_name(f"{path.stem}{own}") for own in ends)
    return paths


def _listed(listing: Path) -> list[Path]:
    files = list(dict.fromkeys(find_listed(listing.parent, line) for line in read_list(listing)))
    if not files:
        raise UserError(f"--input {listing}: expected the path of an image per line, found none. Fix: list some")
    if folders := [str(file) for file in files if file.name in ("", "..")]:
        raise UserError(
            f"--input {listing}: expected the path of an image per line, found {some(folders)}. "
            "Fix: list the images in it"
        )
    return files


def _suffix(file: Path, format: str) -> str:
    if format == "auto":
        return ".tif" if read_header(file).as_tiff else ".png"
    return f".{format}"


def _same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()
