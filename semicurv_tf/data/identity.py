"""Which image is which: by the folder it lies in and its name there; and by content, where two folders hold the same.

A name alone says nothing: cameras number their photographs from 1 each day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The two folders of a run's images.
DATA, UNLABELLED = "data", "unlabelled"
OPTIONS = {DATA: "--data-dir", UNLABELLED: "--unlabelled-dir"}

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Shared:
    """Images of the second folder that the first one holds as well.

    Attributes:
        trained: positions of those that are training images of the first.
        held_out: positions of those that are validation or test images of the first: not to be trained on.
        notes: a line for the user about each kind.
    """

    trained: tuple[int, ...]
    held_out: tuple[int, ...]
    notes: tuple[str, ...]


def shared_content(rows: Mapping[str, Sequence[dict]], extra: Sequence[dict]) -> Shared:
    """Finds the images of `--unlabelled-dir` whose pixels are those of an image of `--data-dir`.

    Args:
        rows: split to one dict per image of the first folder (see `builders/rows.py`).
        extra: one dict per image of the second folder.

    Returns:
        What was found. Images of one value are all alike, and are passed over.
    """
    first: dict[str, tuple[str, str]] = {}
    for split in ("train", "validation", "test"):  # an image of several splits counts as held out
        first |= {row["digest"]: (split, row["name"]) for row in rows.get(split, ()) if _tells(row)}
    pairs: dict[bool, list[tuple[int, str]]] = {
        True: [],
        False: [],
    }  # by held out or not: (position, "its name = the other's")
    for position, row in enumerate(extra):
        if _tells(row) and row["digest"] in first:
            split, name = first[row["digest"]]
            pairs[split != "train"].append((position, f"{row['name']} = {name}"))
    notes = []
    if pairs[False]:
        notes.append(
            f"--unlabelled-dir: {_count(pairs[False])} the same content as a training image of --data-dir and is used "
            f"twice: {_some(pairs[False])}"
        )
    if pairs[True]:
        notes.append(
            f"--unlabelled-dir: {_count(pairs[True])} the same content as a validation or test image of --data-dir and "
            f"is left out of the training: {_some(pairs[True])}"
        )
    positions = lambda found: tuple(position for position, _ in found)
    return Shared(positions(pairs[False]), positions(pairs[True]), tuple(notes))


def title(root: str, name: str) -> str:
    """An image's name for lists that hold images of both folders."""
    return name if root == DATA else f"{root}:{name}"


def _tells(row: dict) -> bool:
    low, high = row["range"]
    return low < high and bool(row["valid"])


def _count(pairs) -> str:
    return "1 image has" if len(pairs) == 1 else f"each of {len(pairs)} images has"


def _some(pairs) -> str:
    texts = [text for _, text in pairs]
    return ", ".join(texts[:_NAMES_SHOWN]) + (", ..." if len(texts) > _NAMES_SHOWN else "")
