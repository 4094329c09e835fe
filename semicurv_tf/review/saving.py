"""Saves a corrected mask beside its image as the data loader wants it; what it replaces is kept."""

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semicurv_tf.annotations.import_folder import save_mask
from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import written_whole

REPLACED = "replaced_masks"  # in the folder, beside masks/: copies of masks that were there before


@dataclass(frozen=True)
class Saved:
    """Where a mask was written, and the copy of the one before; None where there was none."""

    mask: Path
    copy: Path | None


def save_corrected(mask: np.ndarray, image: Path, folder: Path, place: Path, before: Path | None) -> Saved:
    """Writes a mask, whole or not at all; only then does the one before go, and a copy of it stays.

    Args:
        mask: bool `(height, width)`, of the image as displayed.
        image: its file; a mask of an image with an orientation tag gets the same tag.
        folder: the user's folder; nothing is written outside of it.
        place: of the mask, `.png`.
        before: the mask file that there is; None: none.

    Raises:
        UserError: a path leads out of the folder, or a file cannot be written.
    """
    require_inside(place, folder)
    copy = None
    if before is not None:
        require_inside(before, folder)
        now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        name = before.relative_to(place_root(before, folder))
        copy = folder / REPLACED / name.parent / f"{name.stem}.{now}{name.suffix}"
        require_inside(copy, folder)
        with written_whole(copy) as part:
            shutil.copyfile(before, part)
    with written_whole(place) as part:
        save_mask(mask, image, part)
    if before is not None and before != place:
        before.unlink()
    return Saved(place, copy)


def require_inside(path: Path, folder: Path) -> None:
    """Refuses to write where links lead out of the folder.

    Raises:
        UserError: naming the path.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"{path}: expected a place in {folder}, found a link that leads out of it. Fix: remove the link"
        )


def place_root(path: Path, folder: Path) -> Path:
    """The sub-folder of `folder`, such as masks/, that a path lies in."""
    return folder / path.relative_to(folder).parts[0]
