"""RUN/manifest.jsonl: the images of a run, one JSON object per line, in the order in which they are trained on.

{"root": "data", "path": "images/p00.png", "name": "p00", "split": "train", "labelled": true, "learned": true,
 "width": 640, "height": 480, "image_hash": "...", "mask_hash": "...", "valid_px": 307200}

Hashes are of pixel values as the dataset's reader gives them (BLAKE2b, 96 bits): a file that was compressed again
without loss is the same image.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from semicurv_tf.data.store import ImageStore
from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import written_whole
from semicurv_tf.wording import in_short

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Entry:
    """One image of a run.

    Attributes:
        root: the folder it lies in, `identity.DATA` or `UNLABELLED`.
        path: of its file, relative to that folder, with slashes; None where images are drawn.
        name: which image, or which part of one, the file gave; unique in root and split.
        split: one of `SPLITS`.
        labelled: whether it had a mask.
        learned: whether the run learns from its mask.
        width, height: in pixels.
        image_hash: of its pixels.
        mask_hash: of its mask; None without one.
        valid_px: number of pixels that count.
    """

    root: str
    path: str | None
    name: str
    split: str
    labelled: bool
    learned: bool
    width: int
    height: int
    image_hash: str
    mask_hash: str | None
    valid_px: int

    @property
    def shown(self) -> str:
        """For the user: its path, and its name where the file gave several images."""
        if self.path is None:
            return self.name
        stem = self.path.rpartition(".")[0]
        return self.path if f"/{stem}".endswith(f"/{self.name.rpartition('/')[2]}") else f"{self.path} ({self.name})"


def entries_of(stores: Mapping[str, ImageStore | None], learned: Iterable[str]) -> tuple[Entry, ...]:
    """The entries of a dataset's images.

    Args:
        stores: split to `ImageStore` (or None).
        learned: names of the training images of the first folder whose masks are learned from.
    """
    learned = frozenset(learned)
    return tuple(
        _entry(row, store.roots[index], split, split == "train" and row["labelled"] and row["name"] in learned)
        for split in SPLITS
        if (store := stores.get(split)) is not None
        for index, row in enumerate(store.rows)
    )


def _entry(row: dict, root: str, split: str, learned: bool) -> Entry:
    height, width = row["shape"][:2]
    return Entry(
        root=root,
        path=row.get("path"),
        name=row["name"],
        split=split,
        labelled=row["labelled"],
        learned=learned,
        width=width,
        height=height,
        image_hash=row["digest"],
        mask_hash=row["mask_digest"] if row["labelled"] else None,
        valid_px=row["valid"],
    )


def write_manifest(path: Path, entries: Sequence[Entry]) -> None:
    """Writes the manifest, whole or not at all.

    Raises:
        UserError: it cannot be written.
    """
    with written_whole(path) as part, open(part, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)


def read_manifest(path: Path) -> tuple[Entry, ...]:
    """Reads a manifest.

    Raises:
        UserError: it cannot be read, or a line is none of a manifest.
    """
    known = {field.name for field in fields(Entry)}
    entries = []
    try:
        lines = path.read_text("utf-8", "surrogateescape").rstrip("\n").split("\n")
        for number, line in enumerate(lines, 1):  # noqa: B007  the number is in the message below
            values = json.loads(line)
            # Keys of later versions are passed over.
            entries.append(Entry(**{key: value for key, value in values.items() if key in known}))
            if entries[-1].split not in SPLITS:
                raise ValueError(f"no split {entries[-1].split!r}")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Fix: make it readable") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}, line {number}: damaged ({in_short(error)}). Fix: restore it from a copy of the run"
        ) from None
    if not entries:
        raise UserError(f"{path}: expected a line for each image of the run, found none. Fix: restore it from a copy")
    return tuple(entries)
