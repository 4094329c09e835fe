"""What folders of images, of masks and of splits are called, and the image that a list or a table means by a name."""

from collections.abc import Iterable
from pathlib import Path

from semicurv_tf.images.formats import is_image_name
from semicurv_tf.images.lists import same_name
from semicurv_tf.images.photographs import IMAGE_FOLDERS

SPLIT_NAMES = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


def named_folders(folder: Path, names: Iterable[str]) -> list[Path]:
    """The sub-folders of these names, without regard to case, in the order of the names; the first is what is read."""
    entries = [entry for entry in sorted(folder.iterdir()) if entry.is_dir()]
    return [entry for name in names for entry in entries if entry.name.lower() == name]


def named_folder(folder: Path, names: Iterable[str]) -> Path | None:
    """The first sub-folder of one of these names, without regard to case."""
    return next(iter(named_folders(folder, names)), None)


class ImageNames:
    """Finds the image that people mean: with or without suffix, `images/` before it, quotes and slashes of any kind.

    Args:
        names: of the images, as relative paths without suffix, in Unicode's NFC.

    Example:
        >>> names = ImageNames(["c0", "sub/c1"])
        >>> names.find("images/c0.png"), names.find("./sub\\\\C1"), names.find("c2")
        ('c0', 'sub/c1', None)
    """

    def __init__(self, names: Iterable[str]):
        self._names = set(names)
        self._lower: dict[str, list[str]] = {}
        for name in self._names:
            self._lower.setdefault(name.lower(), []).append(name)

    def find(self, text: str) -> str | None:
        """The name; None where there is none, or where only case would tell several apart."""
        spellings = _spellings(text)
        exact = next((spelling for spelling in spellings if spelling in self._names), None)
        if exact is not None:
            return exact
        alike = next((found for spelling in spellings if (found := self._lower.get(spelling.lower()))), [])
        return alike[0] if len(alike) == 1 else None


def _spellings(text: str) -> list[str]:
    """The names that a text may stand for, the likeliest first."""
    whole = same_name(text.strip().replace("\\", "/"))
    path = whole.strip("\"'").strip().removeprefix("./")
    folder, _, below = path.partition("/")
    paths = dict.fromkeys([whole, path, *([below] if below and folder.lower() in IMAGE_FOLDERS else [])])
    return [name for each in paths for name in (each, *_without_suffix(each))]


def _without_suffix(path: str) -> list[str]:
    return [Path(path).with_suffix("").as_posix()] if Path(path).name and is_image_name(Path(path)) else []
