"""Finding images, their masks and their split in a user's own folder.

    images/, masks/                  same relative stem, for some or all; sub-folders allowed;
                                     also image/ and label/, img/ and gt/, ... (`IMAGE_FOLDERS`, `MASK_FOLDERS`)
    splits/{train,val,test}.txt      optional lists of names; also train.txt, ... in the folder itself
    images/{train,val,test}/, ...    sub-folders of these names are the split, where there are no lists
    train/, train_lab/, test/, ...   a folder of images and one of masks per split, or
    train/images, train/masks, ...   the same inside one another, or
    traincrop/NAME.jpg + NAME.png    side by side: the PNG, or NAME_mask.png, is the mask
    NAME.jpg + NAME_mask.png         side by side in the folder itself; without any mask all are unlabelled
    labelled_areas.csv               optional: which boxes of images are labelled, see `data/unknown_pixels.py`

Nothing is decoded here, and nothing passed over in silence: what cannot be placed is a fault, what is no image a note.
Names are compared in one Unicode form.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from semicurv_tf.data.folder_names import named_folder, named_folders
from semicurv_tf.data.folder_splits import FolderSplit, list_files, read_split_lists, split_of_folders
from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import IMAGE_SUFFIXES, is_companion, is_image_name, said_of_passed_over
from semicurv_tf.images.lists import same_name
from semicurv_tf.images.photographs import DRAWN_BY_HAND, IMAGE_FOLDERS, MASK_FOLDERS, is_written
from semicurv_tf.images.provenance import is_result
from semicurv_tf.images.walk import walk_files, walk_images
from semicurv_tf.wording import counted, some, typed

# NAME.jpg may go with NAME_mask.png; compared without regard to case, the first that is there wins.
_SECOND_OBSERVER = "_2ndho"  # CHASE_DB1; read where the first observer's mask is missing
MASK_ENDINGS = (
    "", "_mask", "_masks", "_label", "_labels", "_lab", "_gt", "_1stho", "_seg", "-mask", "-label", "-gt",
    _SECOND_OBSERVER,
)  # fmt: skip
AREAS_FILE = "labelled_areas.csv"
_MASKS_SHOWN = 10  # of those that no image belongs to: a few that are misspelt are all named
_SPLIT_FOLDER = re.compile(
    r"(training|train|validation|valid|val|testing|test)([_-].*|crop|crops|img|images|data|)", re.I
)
_MASK_FOLDER = re.compile(r"[_-]?(lab|labs|label|labels|mask|masks|gt|map|annotation|annotations)", re.I)


@dataclass
class FolderLayout:
    """What was found.

    Attributes:
        pairs: name to (image file, mask file or None).
        splits: split to names; None where the folder does not say.
        faults: a line for each file that cannot be placed.
        notes: lines worth a warning.
    """

    pairs: dict[str, tuple[Path, Path | None]] = field(default_factory=dict)
    splits: dict[str, list[str]] | None = None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_layout(folder: Path, images_only: bool = False) -> FolderLayout:
    """Finds the images of a folder, see the module.

    Args:
        folder: the user's folder.
        images_only: take all images at and below `images/` (or the folder itself), as unlabelled.

    Raises:
        UserError: if the folder is missing, holds no image, or has none of the layouts.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: expected a folder of images, found no such folder. Fix: check --data-dir or --unlabelled-dir"
        )
    layout = FolderLayout()
    images = named_folder(folder, IMAGE_FOLDERS)
    if images_only:
        _tell_further_folders(layout, folder, IMAGE_FOLDERS)
        _add_images(layout, images or folder, None)
    elif images is not None:
        _tell_further_folders(layout, folder, IMAGE_FOLDERS, MASK_FOLDERS)
        _add_images(layout, images, named_folder(folder, MASK_FOLDERS))
        labelled = {name: mask is not None for name, (_, mask) in layout.pairs.items()}
        if not _take_split(layout, read_split_lists(folder, labelled)):
            _take_split(layout, split_of_folders(images, labelled))
    elif not _add_split_folders(layout, folder) and not _add_flat(layout, folder):
        raise UserError(
            f"{folder}: expected images, images/ and masks/, or folders per split (train/, train_lab/, "
            "...), found none of them. Fix: put images into images/ and masks into masks/"
        )
    if not layout.pairs and not layout.faults:
        raise UserError(
            f"{folder}: expected images in images/ (and masks/ of the same stem), found no image"
            f"{''.join(f' ({note})' for note in layout.notes)}. "
            f"Fix: put {', '.join(sorted(IMAGE_SUFFIXES))} files there"
        )
    _note_predicted(layout, folder)
    return layout


def _note_predicted(layout: FolderLayout, folder: Path) -> None:
    """Says which masks are predictions that nobody has corrected."""
    masks = [mask for _, mask in layout.pairs.values() if mask is not None]
    written = [mask.name for mask in masks if is_result(mask)]
    if written:
        in_review = f"correct and save them (semicurv-tf review {typed(folder)}), or "
        layout.notes.append(
            f"{folder}: {len(written)} of {counted(len(masks), 'mask')} were written by semicurv-tf predict and not "
            f"corrected since ({some(written)}): they are no ground truth. "
            f"Fix: {in_review if named_folder(folder, IMAGE_FOLDERS) else ''}move them to another folder"
        )


def require_unlabelled_folder(folder: str | os.PathLike) -> None:
    """Raises `UserError` naming --unlabelled-dir unless `folder` is a folder."""
    if not Path(folder).is_dir():
        raise UserError(
            f"--unlabelled-dir: expected a folder of images, found no folder {folder}. "
            "Fix: give the folder of your unlabelled images"
        )


def unlabelled_options(channels: int, value_range: str | None, options: Mapping | None) -> dict:
    """How the second folder is read: as the images of the first, whose options are given."""
    no_data = (options or {}).get("no_data")
    alike = {"no_data": no_data} if no_data not in (None, "") else {}
    return {"images_only": True, "channels": channels, "value_range": value_range or "", **alike}


def _take_split(layout: FolderLayout, found: FolderSplit) -> bool:
    """Whether there was a split, or a fault in one."""
    layout.splits = found.names
    layout.faults.extend(found.faults)
    layout.notes.extend(found.notes)
    return found.names is not None or bool(found.faults)


def _tell_further_folders(layout: FolderLayout, folder: Path, *kinds: tuple[str, ...]) -> None:
    """Counts the images in further folders of a kind, of which the first alone is read."""
    for names in kinds:
        read, *further = named_folders(folder, names) or [folder]
        remedy = "" if read.name.lower() in DRAWN_BY_HAND else ". Fix: move them there, or rename the folder"
        _tell_images(layout, further, f"as {read.name}/ is read{remedy}")


def _tell_images(layout: FolderLayout, folders: list[Path], why: str) -> None:
    """A note per folder whose images are not read; what `predict` wrote there is none of them, and counted apart."""
    for folder in sorted(folders):
        found = [] if folder.name.startswith(".") else list(walk_images(folder, [folder.parent]))
        predicted = [file for file in found if is_result(file)]
        count = len(found) - len(predicted)
        if count:
            layout.notes.append(f"{folder}: {counted(count, 'image')} passed over, {why}")
        _note_passed_over(layout, folder, [], predicted)


def _add_images(layout: FolderLayout, images: Path, masks: Path | None, prefix: str = "") -> list:
    """Adds all images below a folder with their masks; returns their names."""
    image_of = _by_stem(layout, images, results=False)
    if masks is None:
        mask_of = _split_off_masks(image_of) if images.name.lower() in IMAGE_FOLDERS else {}
    else:
        mask_of = _by_stem(layout, masks)
    _leave_out_second_observers(layout, masks or images, mask_of)
    lower = {stem.lower(): stem for stem in mask_of}
    used, names = set(), []
    for stem, image in image_of.items():
        found = next((stem + end for end in MASK_ENDINGS if stem + end in mask_of), None) or next(
            (lower[stem.lower() + end] for end in MASK_ENDINGS if end and _ends(lower, stem, end)), None
        )
        used.add(found)
        names.append(prefix + stem)
        layout.pairs[prefix + stem] = (image, mask_of.get(found) if found else None)
    unused = sorted(mask_of.keys() - used)
    _note_passed_over(layout, masks or images, [], [mask_of[stem] for stem in unused if is_result(mask_of[stem])])
    _refuse_without_image(layout, images, [mask_of[stem] for stem in unused if not is_result(mask_of[stem])])
    return names


def _refuse_without_image(layout: FolderLayout, images: Path, masks: list[Path]) -> None:
    """A line for masks of no image: a few have their names misspelt, all of a folder are named by another rule."""
    if not masks:
        return
    which, stems = str(masks[0]), "an image of the same stem"
    if len(masks) > 1:
        which = f"{counted(len(masks), 'mask')} ({some(list(map(str, masks)), _MASKS_SHOWN)})"
        stems = "images of the same stems"
    layout.faults.append(
        f"{which}: expected {stems} in {images}, found none. Fix: add the image, remove the mask, or rename it to the "
        f"image's stem (and one of {', '.join(MASK_ENDINGS[1:9])})"
    )


def _ends(lower: dict[str, str], stem: str, end: str) -> bool:
    """Whether there is a mask of this stem, to the letter, and this ending in any case."""
    found = lower.get(stem.lower() + end)
    return found is not None and found.startswith(stem)


def _split_off_masks(image_of: dict[str, Path]) -> dict[str, Path]:
    """Takes out of images what is the mask of another by its ending."""
    masks = {}
    for stem in list(image_of):
        end = next((end for end in MASK_ENDINGS[1:] if stem.lower().endswith(end)), None)
        if end and stem[: -len(end)] in image_of:
            masks[stem] = image_of[stem]
    for stem in masks:
        del image_of[stem]
    return masks


def _leave_out_second_observers(layout: FolderLayout, folder: Path, mask_of: dict[str, Path]) -> None:
    """Takes out, and counts, masks of a second observer where the first one's are there."""
    stems = {stem.lower() for stem in mask_of}
    second = [
        stem for stem in mask_of
        if stem.lower().endswith(_SECOND_OBSERVER)
        and any(stem.lower().removesuffix(_SECOND_OBSERVER) + end in stems for end in MASK_ENDINGS[:-1])
    ]  # fmt: skip
    if second:
        masks = [mask_of.pop(stem).name for stem in second]
        layout.notes.append(f"{folder}: {counted(len(masks), 'mask')} of a second observer passed over ({some(masks)})")


def _by_stem(layout: FolderLayout, folder: Path, results: bool = True) -> dict[str, Path]:
    """Stem to file, of image files at and below a folder; `results`: what `predict` wrote is among them."""
    files: dict[str, Path] = {}
    passed_over, predicted = [], []
    for file in walk_files(folder):
        if not is_image_name(file):
            passed_over += [] if is_companion(file) or is_written(file) else [file]
            continue
        if not results and is_result(file):
            predicted.append(file)
            continue
        stem = same_name(file.relative_to(folder).with_suffix("").as_posix())
        if stem in files:
            layout.faults.append(
                f"{file}: expected one file per stem, found {files[stem].name} as well. Fix: rename or remove one"
            )
        files.setdefault(stem, file)
    _note_passed_over(layout, folder, passed_over, predicted)
    return files


def _note_passed_over(layout: FolderLayout, folder: Path, passed_over: list[Path], predicted: list[Path]) -> None:
    said = said_of_passed_over(passed_over)
    if said:
        layout.notes.append(f"{folder}: {said}")
    if predicted:
        names = some([file.name for file in predicted])
        layout.notes.append(
            f"{folder}: {counted(len(predicted), 'file')} that semicurv-tf predict wrote left out ({names})"
        )


def _add_split_folders(layout: FolderLayout, folder: Path) -> bool:
    groups: dict[str, dict[str, list[Path]]] = {}
    for entry in sorted(folder.iterdir()):
        match = _SPLIT_FOLDER.fullmatch(entry.name)
        if match and entry.is_dir():
            kind = "masks" if _MASK_FOLDER.fullmatch(match[2]) else "images"
            split = {"tr": "train", "va": "validation", "te": "test"}[match[1][:2].lower()]
            groups.setdefault(split, {"images": [], "masks": []})[kind].append(entry)
    if not groups:
        return False
    lists = [file.relative_to(folder).as_posix() for file in list_files(folder)]
    if lists:
        layout.notes.append(
            f"{folder}: {counted(len(lists), 'list')} passed over, as the folders are the split: {some(lists)}"
        )
    read = {entry for kinds in groups.values() for entries in kinds.values() for entry in entries}
    others = [entry for entry in folder.iterdir() if entry.is_dir() and entry not in read]
    _tell_images(layout, others, "as the folder names no split. Fix: move them into train/")
    layout.splits = {split: [] for split in ("train", "validation", "test") if split in groups}
    for split, found in groups.items():
        if len(found["images"]) != 1 or len(found["masks"]) > 1:
            layout.faults.append(
                f"{folder}: expected one folder of images and at most one of masks for {split}, "
                f"found {[entry.name for kind in found.values() for entry in kind]}. "
                "Fix: rename or merge them"
            )
            continue
        images, masks = found["images"][0], next(iter(found["masks"]), None)
        prefix = f"{split}/"
        inner = named_folder(images, IMAGE_FOLDERS) if masks is None else None
        if inner is not None:
            _tell_further_folders(layout, images, IMAGE_FOLDERS, MASK_FOLDERS)
            names = _add_images(layout, inner, named_folder(images, MASK_FOLDERS), prefix)
        elif masks is not None:
            names = _add_images(layout, images, masks, prefix)
        else:
            names = _add_side_by_side(layout, images, prefix)
        layout.splits[split] = names
    return True


def _add_flat(layout: FolderLayout, folder: Path) -> bool:
    """Images in the folder itself, with masks beside them or without any."""
    if not any(entry.is_file() and is_image_name(entry) for entry in folder.iterdir()):
        return False
    _add_side_by_side(layout, folder, "")
    _take_split(layout, read_split_lists(folder, {name: mask is not None for name, (_, mask) in layout.pairs.items()}))
    if layout.pairs and not any(mask for _, mask in layout.pairs.values()):
        layout.notes.append(
            f"{folder}: no image has a mask (masks/NAME.png, or NAME_mask.png beside it): all are unlabelled"
        )
    return True


def _add_side_by_side(layout: FolderLayout, folder: Path, prefix: str) -> list[str]:
    """NAME.jpg with NAME.png, or any NAME with NAME_mask, as its mask; a file alone is an unlabelled image."""
    files: dict[str, list[Path]] = {}
    passed_over, lists = [], [] if prefix else list_files(folder)
    predicted: list[Path] = []
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.is_dir():
            continue
        if is_image_name(file):
            files.setdefault(same_name(file.stem), []).append(file)
        elif not (is_companion(file) or file.name == AREAS_FILE or file in lists or is_written(file)):
            passed_over.append(file)
    for stem in [stem for stem, found in files.items() if all(map(is_result, found))]:
        predicted += files.pop(stem)  # an overlay, or a mask whose image lies elsewhere
    _note_passed_over(layout, folder, passed_over, predicted)
    below = [entry for entry in folder.iterdir() if entry.is_dir()]
    _tell_images(layout, below, "as images lie beside the folder. Fix: use folders images/ and masks/")
    mask_of = _split_off_masks({stem: found[0] for stem, found in files.items() if len(found) == 1})
    for stem in mask_of:
        del files[stem]
    _leave_out_second_observers(layout, folder, mask_of)
    lower = {stem.lower(): stem for stem in mask_of}
    names = []
    for stem, found in files.items():
        photographs = [file for file in found if file.suffix.lower() in (".jpg", ".jpeg", ".jpe", ".jfif")]
        others = [file for file in found if file not in photographs]
        by_ending = [mask_of[lower[stem.lower() + end]] for end in MASK_ENDINGS[1:] if _ends(lower, stem, end)]
        if len(found) == 1 and len(by_ending) <= 1:
            pair = (found[0], by_ending[0] if by_ending else None)
        elif len(photographs) == 1 and len(others) == 1 and not by_ending:
            pair = (photographs[0], others[0])
        else:
            layout.faults.append(
                f"{found[0]}: expected one image and one mask of that stem, found "
                f"{[file.name for file in (*found, *by_ending)]}. Fix: use folders images/ and masks/"
            )
            continue
        layout.pairs[prefix + stem] = pair
        names.append(prefix + stem)
    return names
