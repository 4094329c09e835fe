"""The images among which to choose: a folder's, or those that a run was trained on without labels."""

from pathlib import Path
from typing import Protocol

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.walk import find_images


class ImagePool(Protocol):
    """Images by number.

    Attributes:
        names: one for each.
    """

    names: list[str]

    def read(self, index: int, channels: int) -> tuple[np.ndarray, np.ndarray | None]:
        """uint8 `(height, width, channels)`, and where its pixels count, bool `(height, width)` (None: everywhere).

        Raises:
            UserError: it cannot be read.
        """


class FolderImages:
    """The images of a folder, sub-folders included, named by their paths in it.

    Args:
        folder: the folder.
        output: a folder whose files are not taken.

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
        self._files = find_images(folder, leave_out=(output,))
        if not self._files:
            raise UserError(f"--input {folder}: expected images in this folder, found none. Fix: check the path")
        self.names = [path.relative_to(folder).as_posix() for path in self._files]

    def read(self, index, channels):
        return read_image(self._files[index], channels), None


class TrainingImages:
    """The training images of a run's dataset, with the pixels that count; made by `open_training_images`."""

    def __init__(self, store):
        self._store = store
        self.names = list(store.names)

    def read(self, index, channels):
        arrays = self._store.read(index)
        return arrays["image"], arrays["valid"][..., 0] > 0


def open_training_images(run: str | Path, console) -> TrainingImages:
    """The training images of a run.

    Raises:
        UserError: no run, or its dataset is not where it was.
    """
    from semicurv_tf.training import run_folder
    from semicurv_tf.training.train import open_dataset

    return TrainingImages(open_dataset(run_folder.read_config(Path(run)), console).train)


def require_folder(output: str | Path) -> None:
    """Raises `UserError` where the output folder is a file."""
    if Path(output).exists() and not Path(output).is_dir():
        raise UserError(f"--output {output}: expected a folder, found a file. Fix: name a folder")
