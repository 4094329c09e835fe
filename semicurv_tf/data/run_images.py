"""The images of a run, found again in its folders as they are now: what is the same, and what came, changed or went.

A run's split stands in its manifest and is never computed again: a folder that grew moves no image.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from semicurv_tf.data.identity import DATA, OPTIONS, UNLABELLED, title
from semicurv_tf.data.manifest import SPLITS, Entry
from semicurv_tf.data.store import ImageStore
from semicurv_tf.errors import UserError

_NAMES_SHOWN = 5


@dataclass
class Changes:
    """What differs from the manifest.

    Attributes:
        gone: images that are not there any more.
        changed: images whose pixels or mask are others; with what changed.
        left_out: validation and test images, among the changed ones, that now show a training image.
        masks_added: images of the run that have a mask now and had none.
        new: number of images that came since, and of those, the number with a mask.
        copies: names of added files that hold an image of the run.
        unseen: number of images in a second folder that was not looked into.
        totals: number of the run's images by folder.
    """

    gone: list[Entry] = field(default_factory=list)
    changed: list[tuple[Entry, str]] = field(default_factory=list)
    left_out: list[Entry] = field(default_factory=list)
    masks_added: list[Entry] = field(default_factory=list)
    new: tuple[int, int] = (0, 0)
    copies: list[str] = field(default_factory=list)
    unseen: int = 0
    totals: dict[str, int] = field(default_factory=dict)

    def lines(self, wanted: Callable[[Entry], bool] = lambda entry: True) -> list[str]:
        """A line for each image of the run that changed or is gone, of those `wanted`.

        Where all images of a folder are gone, or all pixels are others, one line says that.
        """
        return [line for root in (DATA, UNLABELLED) for line in self._lines(root, wanted)]

    def notes(self) -> list[str]:
        """What is no fault: images that came since, and masks."""
        lines = []
        if self.new[0]:
            one = self.new[0] == 1
            lines.append(
                f"{self.new[0]} {'image is' if one else 'images are'} new, not part of this run"
                + (
                    f" ({self.new[1]} with a mask: `evaluate --new` scores {'it' if self.new[1] == 1 else 'them'})"
                    if self.new[1]
                    else ""
                )
            )
        if self.copies:
            one = len(self.copies) == 1
            lines.append(
                f"{len(self.copies)} added {'file holds an image' if one else 'files hold images'} that this run has: "
                f"{_some(self.copies)}"
            )
        if self.masks_added:
            one = len(self.masks_added) == 1
            lines.append(
                f"{len(self.masks_added)} {'image of this run has a mask' if one else 'images of this run have masks'} "
                f"now, which this run does not learn from: {_some([_titled(entry) for entry in self.masks_added])}"
            )
        if self.unseen:
            lines.append(f"--unlabelled-dir: not there; its {self.unseen} images were not looked at")
        return lines

    def of_split(self, split: str) -> dict[str, list[str]]:
        """Names of the changed, gone and left out images of a split (or "labelled"), for the record of its scores."""
        mine = lambda entry: entry.learned if split == "labelled" else entry.split == split
        found = {
            "changed": [entry.name for entry, _ in self.changed if mine(entry) and entry not in self.left_out],
            "gone": [entry.name for entry in self.gone if mine(entry)],
            "left_out": [entry.name for entry in self.left_out if mine(entry)],
        }
        return {key: names for key, names in found.items() if names}

    def _lines(self, root: str, wanted) -> list[str]:
        total = self.totals.get(root, 0)
        gone = [entry for entry in self.gone if entry.root == root]
        changed = [(entry, what) for entry, what in self.changed if entry.root == root]
        for count, what in (
            (len(gone), "is there any more"),
            (len(changed), "is as it was: other files, or read otherwise"),
        ):
            if 1 < count == total and any(wanted(entry) for entry in (*gone, *(entry for entry, _ in changed))):
                return [f"{OPTIONS[root]}: none of the run's {total} images {what}"]
        of_root = [(entry, "is not there any more") for entry in gone] + changed
        return [f"{OPTIONS[root]}: {entry.shown} ({_role(entry)}): {what}" for entry, what in of_root if wanted(entry)]


@dataclass(frozen=True)
class RunImages:
    """The images of a run in their splits.

    Attributes:
        stores: split to images, in the manifest's order without those that are gone; splits without images are absent.
        new: images with a mask that came since and that are no copies; None where there are none.
        changes: what differs from the manifest.
    """

    stores: dict[str, ImageStore]
    new: ImageStore | None
    changes: Changes


def find_run_images(
    entries: Sequence[Entry], stores: dict[str, ImageStore], extra: ImageStore | None = None
) -> RunImages:
    """Finds the images of a manifest.

    Args:
        entries: of the manifest.
        stores: the images of the first folder, by the split that it has now.
        extra: the images of the second folder; None: it is not looked into.

    Raises:
        UserError: none of the run's images in the first folder is there.
    """
    pool, places = _pooled(stores, extra)
    changes, kept, hidden, used = Changes(), {split: [] for split in SPLITS}, set(), set()
    changes.totals = dict(Counter(entry.root for entry in entries))
    hashes = {entry.image_hash: entry for entry in entries}
    trained = {entry.image_hash for entry in entries if entry.split == "train"}
    for entry in entries:
        if entry.root == UNLABELLED and extra is None:
            changes.unseen += 1
            continue
        index = places.get((entry.root, entry.name, entry.split), places.get((entry.root, entry.name)))
        if index is None or index in used:
            changes.gone.append(entry)
            continue
        used.add(index)
        row = pool.rows[index]
        what = _difference(entry, row)
        if what and entry.split != "train" and row["digest"] != entry.image_hash and row["digest"] in trained:
            what = f"shows the training image {hashes[row['digest']].shown} now; left out"
            changes.left_out.append(entry)
        if what:
            changes.changed.append((entry, what))
        if row["labelled"] and not entry.labelled:
            changes.masks_added.append(entry)
            if entry.split == "train":
                hidden.add(index)
        if entry not in changes.left_out:
            kept[entry.split].append(index)
    _require_some(changes)
    added = [index for index in range(len(pool)) if index not in used]
    copies = [index for index in added if pool.rows[index]["digest"] in hashes]
    changes.copies = [
        f"{title(pool.roots[index], pool.names[index])} = {_titled(hashes[pool.rows[index]['digest']])}"
        for index in copies
    ]
    new = [index for index in added if pool.rows[index]["digest"] not in hashes]
    with_mask = [index for index in new if pool.labelled[index]]
    changes.new = (len(new), len(with_mask))
    found = {split: pool.subset(indices, hidden) for split, indices in kept.items() if indices}
    return RunImages(found, pool.subset(with_mask) if with_mask else None, changes)


def _pooled(stores: dict[str, ImageStore], extra: ImageStore | None) -> tuple[ImageStore, dict[tuple, int]]:
    """All images in one store, and their positions by root, name and split, and by root and name."""
    pool, places, begin = None, {}, 0
    for split, store in [*stores.items(), ("train", extra)]:
        if store is None:
            continue
        for index, (root, name) in enumerate(zip(store.roots, store.names), begin):
            places[root, name, split] = index
            places.setdefault((root, name), index)
        pool, begin = store if pool is None else pool.joined(store), begin + len(store)
    return pool, places


def _difference(entry: Entry, row: dict) -> str:
    """What is not as the manifest says; nothing where all is."""
    height, width = row["shape"][:2]
    if (width, height) != (entry.width, entry.height):
        return f"changed: {width}x{height} pixels, {entry.width}x{entry.height} in this run"
    if row["digest"] != entry.image_hash:
        return "changed: other pixels than in this run"
    if entry.labelled and not row["labelled"]:
        return "its mask is not there any more"
    if entry.labelled and row["mask_digest"] != entry.mask_hash:
        return "its mask changed"
    if row["valid"] != entry.valid_px:
        return f"changed: {row['valid']} pixels count, {entry.valid_px} in this run"
    return ""


def _require_some(changes: Changes) -> None:
    first = changes.totals.get(DATA, 0)
    if first and first == sum(entry.root == DATA for entry in changes.gone):
        raise UserError(
            f"--data-dir: expected the images of this run, found none of its {first}. "
            "Fix: --data-dir with the folder that the run was trained on, wherever it lies now"
        )


def _role(entry: Entry) -> str:
    if entry.split != "train":
        return entry.split
    return "labelled" if entry.learned else "training, unlabelled"


def _titled(entry: Entry) -> str:
    return title(entry.root, entry.name)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
