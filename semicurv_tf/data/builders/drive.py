"""DRIVE, whole photographs of the retina (565x584), the official 20 for training and 20 for test.

training/images/21_training.tif    testing (or test)/images/01_test.tif
training/1st_manual/21_manual1.gif           .../1st_manual/01_manual1.gif
training/mask/21_training_mask.gif           .../mask/01_test_mask.gif      field of view
"""

from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Source
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_drive
from semicurv_tf.images.walk import list_images


class Drive(CurvilinearBuilder):
    """TFDS builder of DRIVE; masks are those of the first observer, `valid` the field of view."""

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, is_drive)
        test = "testing" if (found / "testing").is_dir() else "test"
        return {
            "train": training_sources(found, self.faults),
            "test": _sources(found / test, self.faults),
        }


def training_sources(folder: Path, faults: list[str]) -> list[Source]:
    """The training photographs in order of their numbers; what lacks goes to `faults`."""
    return _sources(folder / "training", faults)


def _sources(part: Path, faults: list[str]) -> list[Source]:
    sources = []
    images = list_images(part / "images") if (part / "images").is_dir() else []
    for image in images:
        number = image.stem.split("_")[0]
        mask = part / "1st_manual" / f"{number}_manual1.gif"
        valid = part / "mask" / f"{image.stem}_mask.gif"
        missing = [file for file in (mask, valid) if not file.is_file()]
        faults.extend(
            f"{file}: expected beside {image.name}, found no such file. Fix: restore it from DRIVE" for file in missing
        )
        if not missing:
            sources.append(Source(image.stem, image, mask, valid))
    return sources
