"""The ready 128x128 crops of DRIVE128 and EM128: img/, gt/, mask/, and lists of names.

train.txt, test.txt     one file name a line
img/NAME, gt/NAME       image and mask
mask/NAME               field of view (DRIVE128 only)
"""

import re
from pathlib import Path

from semicurv_tf.data.builders.examples import Source
from semicurv_tf.errors import UserError


def is_crops(folder: Path, name_pattern: str) -> bool:
    """Whether `folder` holds ready crops whose names match the pattern (DRIVE128's or EM128's)."""
    if not all((folder / part).is_dir() for part in ("img", "gt")):
        return False
    lists = [folder / "train.txt", folder / "test.txt"]
    if not all(file.is_file() for file in lists):
        return False
    names = lists[0].read_text().split()
    return bool(names) and re.fullmatch(name_pattern, names[0]) is not None


def crop_sources(folder: Path, faults: list[str], with_valid: bool) -> dict[str, list[Source]]:
    """The sources of both splits in the order of the lists; what is missing goes to `faults`."""
    splits: dict[str, list[Source]] = {"train": [], "test": []}
    parts = ("img", "gt", "mask") if with_valid else ("img", "gt")
    for split, sources in splits.items():
        for name in (folder / f"{split}.txt").read_text().split():
            files = [folder / part / name for part in parts]
            missing = [file for file in files if not file.is_file()]
            faults.extend(
                f"{file}: expected as {split}.txt lists it, found no such file. "
                f"Fix: restore it, or remove the name from {split}.txt"
                for file in missing
            )
            if not missing:
                sources.append(Source(Path(name).stem, *files))
    return splits


def set_aside(splits: dict[str, list[Source]], photographs: int) -> dict[str, list[Source]]:
    """The splits with the last photographs of `train`, or slices, as `validation`: with all of their crops.

    Args:
        splits: "train" and "test"; a crop is named PHOTOGRAPH-NUMBER.
        photographs: how many; 0 leaves `splits` as they are.

    Raises:
        UserError: not as many, with one left to train on.
    """
    names = sorted({_photograph(source) for source in splits["train"]})
    if not photographs or not names:
        return splits
    if not 0 < photographs < len(names):
        raise UserError(
            f"data.options.validation_photographs: expected 0 to {len(names) - 1} of the {len(names)} training "
            f"photographs, found {photographs}. Fix: --set data.options.validation_photographs=1"
        )
    held = set(names[-photographs:])
    return {
        "train": [source for source in splits["train"] if _photograph(source) not in held],
        "validation": [source for source in splits["train"] if _photograph(source) in held],
        "test": splits["test"],
    }


def _photograph(source: Source) -> str:
    return source.name.rsplit("-", 1)[0]
