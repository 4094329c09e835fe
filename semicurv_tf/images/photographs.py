"""The images that a user's folder holds, without the results that this package wrote into it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_image_name
from semicurv_tf.images.own_files import is_own
from semicurv_tf.images.provenance import is_result
from semicurv_tf.images.walk import find_images, find_passed_over, walk_files
from semicurv_tf.json_files import read_object
from semicurv_tf.wording import counted, some

RECORD = "predictions.json"  # of `predict`, in its output folder: what the masks there were made with
LINES_RECORD = "lines.json"  # beside it: how lines are written
LABELME, LAYERS = "labelme", "layers"  # folders of files to edit, in the same
IMAGE_FOLDERS = ("images", "image", "imgs", "img")
DRAWN_BY_HAND = ("1st_manual", "manual1", "manual")  # of DRIVE and HRF, whose mask/ is the retina's field of view
# The first that is there is read.
MASK_FOLDERS = (
    "masks", *DRAWN_BY_HAND, "mask", "labels", "label", "gt", "annotations", "groundtruth",
    "ground_truth", "2nd_manual", "manual2",
)  # fmt: skip


@dataclass
class Photographs:
    """What a folder holds.

    Attributes:
        images: to be predicted, judged or labelled, sorted by path.
        results: image files that `predict` wrote, by the name of their folder: how many.
        beside: image files beside a folder images/ that has one of masks with it, likewise.
        left_out: all these files.
        layouts: folders that have images/ and masks/, the folder itself among them.
    """

    images: list[Path] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)
    left_out: list[Path] = field(default_factory=list)
    layouts: list[Path] = field(default_factory=list)

    def said(self) -> str | None:
        """A line on what was left out; None where nothing was."""
        parts = []
        if self.results:
            written = counted(self.results.total(), "file")
            parts.append(f"{written} that semicurv-tf predict wrote ({some(sorted(self.results))})")
        if self.beside:
            beside = counted(self.beside.total(), "image file")
            parts.append(f"{beside} beside a folder of images that has masks ({some(sorted(self.beside))})")
        return f"left out: {'; '.join(parts)}" if parts else None


def find_photographs(folder: str | Path, leave_out: Iterable[Path] = ()) -> Photographs:
    """The images at and below a folder.

    Left out and counted are files with the mark of `predict`, sub-folders that hold its record, the layers that it
    writes to be edited, and what lies beside images/ where a folder has images/ and masks/.

    Args:
        folder: where to look; a record in the folder itself leaves its other files in.
        leave_out: folders that are not entered, and not counted.
    """
    root, found = Path(folder), Photographs()
    files = list(walk_files(root, leave_out))
    records = {file.parent for file in files if is_record(file)}
    images = sorted(file for file in files if is_image_name(file))
    layouts = _layouts(root, images)
    found.layouts = sorted(layouts)
    for file in images:
        above = [each for each in reversed(file.parents) if each.is_relative_to(root)]
        written = next((each for each in above if _is_written(each, root, records)), None)
        beside = next((each for each in above[1:] if each not in layouts.get(each.parent, (each,))), None)
        loose = file.parent in layouts
        if written is None and is_result(file):
            written = file.parent
        if written is not None:
            found.results[_shown(written, root)] += 1
        elif beside is not None or loose:
            found.beside[_shown(beside or file.parent, root)] += 1
        else:
            found.images.append(file)
            continue
        found.left_out.append(file)
    return found


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Relative path without suffix to image file; where a result of `predict` has the name of an image, the image."""
    photographs = find_photographs(folder).images
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in (*find_images(folder), *photographs)}


def find_strangers(folder: str | Path, leave_out: Iterable[Path] = ()) -> list[Path]:
    """Files at and below a folder that are neither images, nor belong to one, nor were written by this package."""
    root = Path(folder)
    records = {file.parent for file in walk_files(root, leave_out) if is_record(file)}
    written = [folder for each in records for folder in ((each / LABELME, each / LAYERS) if each == root else (each,))]
    return [file for file in find_passed_over(root, (*leave_out, *written)) if not is_written(file)]


def is_written(file: Path) -> bool:
    """Whether a file that is no image was written by this package: lines, tables, and the records beside masks."""
    if file.suffix.lower() != ".json":
        return is_own(file)
    if file.name == LINES_RECORD or file.name.endswith(f".{LINES_RECORD}"):
        return _holds(file, {"format", "crs", "min_length_px", "kind"})
    return is_record(file)


def is_record(file: Path) -> bool:
    """Whether a file is the record of `predict`, of a folder or of a single mask."""
    if not (file.name == RECORD or file.name.endswith(f".{RECORD}")):
        return False
    return _holds(file, {"model", "threshold"})


def _holds(record: Path, keys: set[str]) -> bool:
    try:
        return keys <= read_object(record, "").keys()
    except UserError:
        return False


def _is_written(folder: Path, root: Path, records: set[Path]) -> bool:
    """Whether `predict` made a folder: a sub-folder with its record, or its layers."""
    return (folder != root and folder in records) or (folder.name == LAYERS and folder.parent in records)


def _layouts(root: Path, images: list[Path]) -> dict[Path, tuple[Path, ...]]:
    """Folders with images/ and masks/, both of which hold images, and which of their sub-folders is images/."""
    inner: dict[Path, dict[str, Path]] = {}
    for file in images:
        for folder in file.parents:
            if folder == root or not folder.is_relative_to(root):
                break
            inner.setdefault(folder.parent, {})[folder.name.lower()] = folder
    return {
        folder: tuple(below[name] for name in IMAGE_FOLDERS if name in below)[:1]
        for folder, below in inner.items()
        if not below.keys().isdisjoint(IMAGE_FOLDERS) and not below.keys().isdisjoint(MASK_FOLDERS)
    }


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder != root else "."
