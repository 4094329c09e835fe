"""The split that a user's own folder says: lists of names, or sub-folders named train, val and test.

A split that someone made is kept or refused with a reason, never dropped: images that were held out would be trained
on, and the scores would be too good.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from semicurv_tf.data.folder_names import SPLIT_NAMES, ImageNames
from semicurv_tf.images.lists import read_list
from semicurv_tf.wording import counted, some

LIST_FOLDER = "splits"


@dataclass
class FolderSplit:
    """What lists or folders say.

    Attributes:
        names: split ("train", "validation", "test") to names; None where nothing says.
        faults: a line for each list or group of images that has no place.
        notes: lines worth a warning.
    """

    names: dict[str, list[str]] | None = None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def split_of_folders(images: Path, labelled: Mapping[str, bool]) -> FolderSplit:
    """The split that sub-folders named train, val and test say.

    Unlabelled images elsewhere are unlabelled training images. Labelled ones elsewhere are a fault: nobody can know
    whether they were to be trained on. A folder named train alone holds nothing out, and says nothing. Folders further
    in (site1/train/, site1/test/) say a split where all labelled images lie in such ones.

    Args:
        images: the folder that the names begin at.
        labelled: name to whether it has a mask.
    """
    found = FolderSplit()
    splits: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    elsewhere = []
    split_of = _folder_split
    if not any(map(_folder_split, labelled)) and all(_inner_split(name) for name, masked in labelled.items() if masked):
        split_of = _inner_split  # site1/train/, site1/test/, site2/train/, ...
    for name, has_mask in labelled.items():
        split = split_of(name)
        if split is None and has_mask:
            elsewhere.append(name)
        splits[split or "train"].append(name)
    held_out = splits["validation"] or splits["test"]
    if not held_out or not (splits["train"] or elsewhere):
        _tell_mixed(found, images, labelled)
        return found
    found.names = splits
    if elsewhere:
        named = sorted({f"{name.split('/')[0]}/" for name in labelled if _folder_split(name)})
        found.faults.append(
            f"{images}: expected all labelled images in folders named train, val or test, as {', '.join(named)} are, "
            f"found {len(elsewhere)} elsewhere ({some(elsewhere)}). Fix: move them and their masks into train/, or "
            f"list all images in {LIST_FOLDER}/train.txt, val.txt and test.txt"
        )
    return found


def _tell_mixed(found: FolderSplit, images: Path, labelled: Mapping[str, bool]) -> None:
    """Says that labelled images in some folders named val or test are taken as all others are."""
    mixed = [name for name, has_mask in labelled.items() if has_mask and _inner_split(name) in ("validation", "test")]
    if 0 < len(mixed) < sum(labelled.values()):
        found.notes.append(
            f"{images}: {counted(len(mixed), 'labelled image')} in folders named val or test ({some(mixed)}) not held "
            f"out, as others lie in no such folder. Fix: list all images in {LIST_FOLDER}/train.txt, val.txt and "
            "test.txt"
        )


def read_split_lists(folder: Path, labelled: Mapping[str, bool]) -> FolderSplit:
    """The split that lists say: those of `splits/`, or those of the folder itself where `splits/` has none.

    Unlabelled images in no list are unlabelled training images, unless they lie in a folder of held-out ones. Labelled
    ones are left out where there is a list of training images, and trained on where lists hold others out only.

    Args:
        folder: the user's folder.
        labelled: name to whether it has a mask.

    Raises:
        UserError: a list cannot be read.
    """
    found = FolderSplit()
    inner, outer = _lists_of(folder / LIST_FOLDER), _lists_of(folder)
    _tell_others(found, folder, inner, outer)
    splits: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    listed: dict[str, str] = {}
    names = ImageNames(labelled)
    used = []
    for file, split in inner or outer:
        lines = read_list(file)
        given = [(line, names.find(line)) for line in lines]
        if not inner and lines and not any(name for _, name in given):
            found.notes.append(f"{file}: passed over as a list of images: none of its {len(lines)} lines names one")
            continue
        used.append(split)
        for name in (name for _, name in given if name is not None):
            if name in listed:
                found.faults.append(
                    f"{file}: expected each image in one list, found {name!r} listed for {listed[name]} as well. "
                    "Fix: remove one"
                )
            else:
                listed[name] = split
                splits[split].append(name)
        _tell_unknown(found, file, [line for line, name in given if name is None])
    if used:
        found.names = splits
        unlisted = {name: has_mask for name, has_mask in labelled.items() if name not in listed}
        splits["train"] += _trained_unlisted(found, folder, unlisted, "train" in used)
    return found


def list_files(folder: Path) -> list[Path]:
    """The lists of `splits/` and of the folder itself."""
    return [file for file, _ in (*_lists_of(folder / LIST_FOLDER), *_lists_of(folder))]


def _folder_split(name: str) -> str | None:
    folder, _, below = name.partition("/")
    return SPLIT_NAMES.get(folder.lower()) if below else None


def _inner_split(name: str) -> str | None:
    """The split of the outermost folder that names one."""
    return next((SPLIT_NAMES[folder.lower()] for folder in name.split("/")[:-1] if folder.lower() in SPLIT_NAMES), None)


def _lists_of(folder: Path) -> list[tuple[Path, str]]:
    """Files named train.txt, val.txt, test.txt and alike, in any case, with their splits in that order."""
    if not folder.is_dir():
        return []
    found = [(file, SPLIT_NAMES[file.stem.lower()]) for file in sorted(folder.iterdir()) if _is_list(file)]
    return sorted(found, key=lambda each: ("train", "validation", "test").index(each[1]))


def _is_list(file: Path) -> bool:
    return file.suffix.lower() == ".txt" and file.stem.lower() in SPLIT_NAMES and file.is_file()


def _tell_others(found: FolderSplit, folder: Path, inner: list, outer: list) -> None:
    """Says which files look like lists and are not read."""
    lists = folder / LIST_FOLDER
    files = sorted(lists.iterdir()) if lists.is_dir() else []
    others = [file.name for file in files if file.is_file() and not file.name.startswith(".") and not _is_list(file)]
    if others and not inner:
        found.faults.append(
            f"{lists}: expected lists named train.txt, val.txt and test.txt, found {some(others)}. "
            f"Fix: rename them, or remove {LIST_FOLDER}/"
        )
    elif others:
        found.notes.append(f"{lists}: {counted(len(others), 'file')} passed over: {some(others)}")
    if inner and outer:
        found.notes.append(
            f"{folder}: {counted(len(outer), 'list')} passed over, as {LIST_FOLDER}/ holds lists: "
            f"{some([file.name for file, _ in outer])}"
        )


def _tell_unknown(found: FolderSplit, file: Path, lines: list[str]) -> None:
    if not lines:
        return
    said = f"{lines[0]!r}, which is none" if len(lines) == 1 else f"{len(lines)} lines that name none: {some(lines)}"
    found.faults.append(
        f"{file}: expected names of images, found {said}. "
        f"Fix: remove the {'line' if len(lines) == 1 else 'lines'}, or add the image{'s' * (len(lines) > 1)}"
    )


def _trained_unlisted(
    found: FolderSplit, folder: Path, unlisted: Mapping[str, bool], has_train_list: bool
) -> list[str]:
    """The images in no list that are trained on; the others are told."""
    masks, held_out, trained = [], [], []
    for name, has_mask in unlisted.items():
        if has_mask and has_train_list:
            masks.append(name)
        elif _folder_split(name) in ("validation", "test"):
            held_out.append(name)
        else:
            trained.append(name)
    for names, what in ((masks, "with a mask"), (held_out, "in a folder named val or test")):
        if names:
            found.notes.append(
                f"{folder}: {counted(len(names), 'image')} {what} in no list of train, val and test, left out: "
                f"{some(names)}"
            )
    return trained
