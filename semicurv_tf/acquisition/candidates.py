"""The images among which to choose: a folder's, or those that a run was trained on without labels."""

import filecmp
from collections import Counter
from pathlib import Path
from typing import Protocol

import numpy as np

from semicurv_tf.data.identity import title
from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import names_a_file
from semicurv_tf.images.photographs import find_photographs
from semicurv_tf.images.reader import read_valid_image
from semicurv_tf.images.values import ValueRanges
from semicurv_tf.wording import typed

WRITTEN = LIST, SCORES, SHEET = "next.csv", "scores.csv", "next.png"


class ImagePool(Protocol):
    """Images by number.

    Attributes:
        names: one for each.
        labelled: names of those that have a label, told by what they are; None: their names tell.
    """

    names: list[str]
    labelled: set[str] | None

    def read(
        self, index: int, channels: int, value_range: ValueRanges | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """uint8 `(height, width, channels)`, and where its pixels count, bool `(height, width)` (None: everywhere).

        Values wider than 8 bit are stretched by the range of the run's training data; None measures each file.

        Raises:
            UserError: it cannot be read.
        """


class FolderImages:
    """The images of a folder, sub-folders included, named by their paths in it.

    Args:
        folder: the folder.
        output: a folder whose files are not taken.

    Attributes:
        left_out: a line on image files that are results, or masks, see `find_photographs`; None where there are none.

    Raises:
        UserError: no folder, or no image in it; or the output is a file, or the folder itself.
    """

    def __init__(self, folder: str | Path, output: str | Path):
        folder, output = Path(folder), Path(output)
        if not folder.is_dir():
            raise UserError(
                f"--input {folder}: expected a folder of unlabelled images, found none. Fix: check the path"
            )
        if folder.resolve() == output.resolve():
            raise UserError(
                f"--output {output}: is the folder of images. Fix: another folder for the list and the contact sheet"
            )
        require_folder(output)
        found = find_photographs(folder, leave_out=(output,))
        self._files, self.left_out = found.images, found.said()
        if not self._files:
            said = f" ({self.left_out})" if self.left_out else ""
            raise UserError(f"--input {folder}: expected images in this folder, found none{said}. Fix: check the path")
        self.names = [path.relative_to(folder).as_posix() for path in self._files]
        self.labelled: set[str] | None = None

    def recognise(self, labelled: set[Path] | None) -> None:
        """Says which files have a label: copies of them here are told by their content; None: not known."""
        if labelled is not None:
            of_size: dict[int, list[Path]] = {}
            for path in labelled:
                of_size.setdefault(path.stat().st_size, []).append(path)
            same = lambda path: any(filecmp.cmp(path, one, False) for one in of_size.get(path.stat().st_size, ()))
            self.labelled = {name for name, path in zip(self.names, self._files) if path.is_file() and same(path)}

    def read(self, index, channels, value_range=None):
        read = read_valid_image(self._files[index], channels, value_range)
        return read.pixels, read.valid


class TrainingImages:
    """The training images of a run's dataset, with the pixels that count; made by `open_training_images`.

    Args:
        store: the images.
        labelled: names in the first folder of those that have a label.
    """

    def __init__(self, store, labelled: set[str] | None = None):
        self._store = store
        # Names of the second folder that occur in the first as well are other images.
        self.names = [title(root, name) for root, name in zip(store.roots, store.names)]
        self.labelled = labelled

    def read(self, index, channels, value_range=None):
        arrays = self._store.read(index)
        return arrays["image"], arrays["valid"][..., 0] > 0


def open_training_images(
    run: str | Path, console, data_dir: str | None = None, unlabelled_dir: str | None = None
) -> TrainingImages:
    """The training images of a run; those that got a mask since count as labelled.

    Args:
        run: the run folder.
        console: for progress and warnings.
        data_dir, unlabelled_dir: where its images lie now; None: where they did.

    Raises:
        UserError: no run, or its dataset is not where it was.
    """
    from semicurv_tf.training import run_folder
    from semicurv_tf.training.run_data import moved, open_run_dataset

    run = Path(run)
    dataset = open_run_dataset(run, moved(run_folder.read_config(run), data_dir, unlabelled_dir), console)
    since = [] if dataset.changes is None else dataset.changes.masks_added
    return TrainingImages(dataset.train, {*run_folder.read_facts(run)["labelled"], *(entry.name for entry in since)})


def labelled_files(run: str | Path, data_dir: str | None = None) -> set[Path] | None:
    """The files of the images whose masks a run learned; None where it keeps no manifest, or its folder is not there.

    Args:
        run: the run folder.
        data_dir: where its images lie now; None: where they did.
    """
    from semicurv_tf.training import run_folder

    manifest = run_folder.read_manifest(run)
    folder = data_dir or run_folder.read_config(Path(run)).data.data_dir
    if manifest is None or folder is None or not Path(folder).is_dir():
        return None
    place = lambda entry: (entry.root, entry.path)
    parts = Counter(map(place, manifest))  # an image that was cut into several has a label in part only
    learned = [entry for entry in manifest if entry.learned and parts[place(entry)] == 1]
    files = {Path(folder) / entry.path for entry in learned if entry.path}
    return {file for file in files if file.is_file()}


def require_folder(output: str | Path) -> None:
    """Raises `UserError` where the output folder is a file, or has the name of one."""
    if names_a_file(Path(output)) and not Path(output).exists():
        fix = f"--output {typed(Path(output).with_suffix(''))}"
        raise UserError(f"--output {output}: expected a folder, found the name of a file. Fix: {fix}")
    if Path(output).exists() and not Path(output).is_dir():
        raise UserError(f"--output {output}: expected a folder, found a file. Fix: name a folder")
