"""Finding images, their masks and their split in a user's own folder.

    images/, masks/                  same relative stem, for some or all; sub-folders allowed;
    splits/{train,val,test}.txt      optional lists of names
    train/, train_lab/, test/, ...   a folder of images and one of masks per split, or
    train/images, train/masks, ...   the same inside one another, or
    traincrop/NAME.jpg + NAME.png    side by side: the PNG is the mask

Nothing is decoded here, and nothing passed over: what cannot be placed is a fault.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import IMAGE_SUFFIXES
from semicurv_tf.images.walk import list_images, walk_images

MASK_ENDINGS = ("", "_mask", "_label", "_lab", "_gt")  # NAME.jpg may go with NAME_mask.png
_SPLIT_FOLDER = re.compile(
    r"(training|train|validation|valid|val|testing|test)([_-].*|crop|crops|img|images|data|)", re.I
)
_MASK_FOLDER = re.compile(r"[_-]?(lab|labs|label|labels|mask|masks|gt|map|annotation|annotations)", re.I)
_LISTS = {"train": ("train.txt",), "validation": ("val.txt", "valid.txt", "validation.txt"),
          "test": ("test.txt",)}  # fmt: skip


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
    images = folder / "images"
    if images_only:
        _add_images(layout, images if images.is_dir() else folder, None)
    elif images.is_dir():
        _add_images(layout, images, folder / "masks")
        _read_lists(layout, folder / "splits")
    else:
        _add_split_folders(layout, folder)
    if not layout.pairs and not layout.faults:
        raise UserError(
            f"{folder}: expected images in images/ (and masks/ of the same stem), found no image. "
            f"Fix: put {', '.join(sorted(IMAGE_SUFFIXES))} files there"
        )
    return layout


def require_unlabelled_folder(folder: Path | str) -> None:
    """Raises `UserError` naming --unlabelled-dir unless `folder` is a folder."""
    if not Path(folder).is_dir():
        raise UserError(
            f"--unlabelled-dir: expected a folder of images, found no folder {folder}. "
            "Fix: give the folder of your unlabelled images"
        )


def _add_images(layout: FolderLayout, images: Path, masks: Path | None, prefix: str = "") -> list:
    """Adds all images below a folder with their masks; returns their names."""
    mask_of = _by_stem(layout, masks) if masks is not None and masks.is_dir() else {}
    image_of = _by_stem(layout, images)
    used, names = set(), []
    for stem, image in image_of.items():
        found = next((stem + end for end in MASK_ENDINGS if stem + end in mask_of), None)
        used.add(found)
        names.append(prefix + stem)
        layout.pairs[prefix + stem] = (image, mask_of.get(found))
    for stem in mask_of.keys() - used:
        layout.faults.append(
            f"{mask_of[stem]}: expected an image of the same stem in {images}, found none. "
            "Fix: add the image, or remove the mask"
        )
    return names


def _by_stem(layout: FolderLayout, folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in walk_images(folder):
        stem = file.relative_to(folder).with_suffix("").as_posix()
        if stem in files:
            layout.faults.append(
                f"{file}: expected one file per stem, found {files[stem].name} as well. Fix: rename or remove one"
            )
        files.setdefault(stem, file)
    return files


def _read_lists(layout: FolderLayout, folder: Path) -> None:
    if not folder.is_dir():
        return
    splits: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    listed: dict[str, str] = {}
    has_train_list = False
    for split, candidates in _LISTS.items():
        file = next((folder / name for name in candidates if (folder / name).is_file()), None)
        if file is None:
            continue
        has_train_list |= split == "train"
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            name = line.strip()
            if not name:
                continue
            if name not in layout.pairs and Path(name).suffix.lower() in IMAGE_SUFFIXES:
                name = Path(name).with_suffix("").as_posix()
            if name not in layout.pairs:
                layout.faults.append(
                    f"{file}: expected names of images, found {line.strip()!r}, which is none. "
                    "Fix: remove the line, or add the image"
                )
            elif name in listed:
                layout.faults.append(
                    f"{file}: expected each image in one list, found {name!r} listed for "
                    f"{listed[name]} as well. Fix: remove one"
                )
            else:
                listed[name] = split
                splits[split].append(name)
    for name, (_, mask) in layout.pairs.items():
        if name in listed:
            continue
        if mask is None or not has_train_list:
            splits["train"].append(name)
        else:
            layout.notes.append(f"{name}: has a mask but is in no list of {folder}; left out")
    layout.splits = splits


def _add_split_folders(layout: FolderLayout, folder: Path) -> None:
    groups: dict[str, dict[str, list[Path]]] = {}
    for entry in sorted(folder.iterdir()):
        match = _SPLIT_FOLDER.fullmatch(entry.name)
        if match and entry.is_dir():
            kind = "masks" if _MASK_FOLDER.fullmatch(match[2]) else "images"
            split = {"tr": "train", "va": "validation", "te": "test"}[match[1][:2].lower()]
            groups.setdefault(split, {"images": [], "masks": []})[kind].append(entry)
    if not groups:
        raise UserError(
            f"{folder}: expected images/ and masks/, or folders per split (train/, train_lab/, "
            "...), found neither. Fix: put images into images/ and masks into masks/"
        )
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
        if masks is None and (images / "images").is_dir():
            images, masks = images / "images", images / "masks"
        names = (
            _add_images(layout, images, masks, prefix) if masks is not None
            else _add_side_by_side(layout, images, prefix)
        )  # fmt: skip
        layout.splits[split] = names


def _add_side_by_side(layout: FolderLayout, folder: Path, prefix: str) -> list[str]:
    """NAME.jpg with NAME.png as its mask; a file alone is an unlabelled image."""
    files: dict[str, list[Path]] = {}
    for file in list_images(folder):
        files.setdefault(file.stem, []).append(file)
    names = []
    for stem, found in files.items():
        photographs = [file for file in found if file.suffix.lower() in (".jpg", ".jpeg")]
        others = [file for file in found if file not in photographs]
        if len(found) == 1:
            pair = (found[0], None)
        elif len(photographs) == 1 and len(others) == 1:
            pair = (photographs[0], others[0])
        else:
            layout.faults.append(
                f"{found[0]}: expected one JPEG image and one PNG mask of that stem, found "
                f"{[file.name for file in found]}. Fix: use folders images/ and masks/"
            )
            continue
        layout.pairs[prefix + stem] = pair
        names.append(prefix + stem)
    return names
