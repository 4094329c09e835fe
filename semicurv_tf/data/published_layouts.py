"""How the files of the published datasets lie, by which a folder is known for one of them. Nothing is read."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.data.folder_names import SPLIT_NAMES
from semicurv_tf.wording import typed

CRACK500_FOLDERS = {"train": "traincrop", "validation": "valcrop", "test": "testcrop"}
EM_STACKS = ("train-volume.tif", "train-labels.tif")


def is_drive(folder: Path) -> bool:
    """DRIVE: training/images/ and training/1st_manual/."""
    return all((folder / "training" / part).is_dir() for part in ("images", "1st_manual"))


def is_crackforest(folder: Path) -> bool:
    """CrackForest: image/ and groundTruth/, whose masks are MATLAB files."""
    return all((folder / part).is_dir() for part in ("image", "groundTruth"))


def is_crack500(folder: Path) -> bool:
    """Crack500: traincrop/, valcrop/ and testcrop/."""
    return all((folder / part).is_dir() for part in CRACK500_FOLDERS.values())


def is_gaps384(folder: Path) -> bool:
    """GAPs384: croppedimg/ and croppedgt/."""
    return all((folder / part).is_dir() for part in ("croppedimg", "croppedgt"))


def is_mitroad(folder: Path) -> bool:
    """Massachusetts Roads: train/sat/ and train/map/."""
    return all((folder / "train" / part).is_dir() for part in ("sat", "map"))


def is_em_stacks(folder: Path) -> bool:
    """The ISBI slices, as two stacks."""
    return all((folder / stack).is_file() for stack in EM_STACKS)


def is_em_slices(folder: Path) -> bool:
    """The ISBI slices, as stacks or as single files."""
    return all((folder / "train" / part).is_dir() for part in ("image", "label")) or is_em_stacks(folder)


def _has_no_test_masks(folder: Path) -> bool:
    """DRIVE as its challenge gives it: the masks of the test photographs are not public."""
    return is_drive(folder) and not any((folder / part / "1st_manual").is_dir() for part in ("test", "testing"))


class _Published(NamedTuple):
    """A layout that `--dataset folder` does not read as it is meant; the first dataset is the one that is advised."""

    is_here: Callable[[Path], bool]
    datasets: tuple[str, ...]


_LAYOUTS = (
    _Published(_has_no_test_masks, ("drive128",)),
    _Published(is_drive, ("drive", "drive128")),
    _Published(is_crackforest, ("crackforest",)),
    _Published(is_crack500, ("crack500",)),
    _Published(is_gaps384, ("gaps384",)),
    _Published(is_mitroad, ("mitroad",)),
    _Published(is_em_stacks, ("em128", "isbi_em")),
)


def said_of_published(folder: Path, look_inside: bool = False) -> str | None:
    """Which published dataset a folder is, or a split of, and how it is read; to follow "expected ..., found ".

    Args:
        folder: the folder.
        look_inside: the dataset may lie in a folder inside, as archives have it.

    Returns:
        "TITLE as published. Fix: ..."; None where it is none of them.
    """
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir()) if look_inside else []
    above = [folder.parent] if folder.name.lower() in SPLIT_NAMES else []
    for place in (folder, *above, *inside):
        for is_here, (first, *others) in _LAYOUTS:
            if is_here(place):
                also = f", or {', '.join(others)} (semicurv-tf datasets list)" if others else ""
                return (
                    f"{dataset_info(first).title} as published. "
                    f"Fix: --dataset {first} --data-dir {typed(place)} in place of the folder{also}"
                )
    return None
