"""GAPs384: 508 crops of grey pavement images with crack masks, 465/4/39.

    croppedimg/train_0001_541_1.jpg     croppedgt/train_0001_541_1.png
    train.txt, valid.txt, test.txt      official lists: an image (and its mask) a line

Without the lists, the split is the first word of a name (train_, valid_, test_), which is GAPs' own.
"""

import re
from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Source
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_gaps384
from semicurv_tf.images.walk import list_images

_LISTS = {"train": ("train.txt",), "validation": ("valid.txt", "val.txt"), "test": ("test.txt",)}
_WORDS = {"train": "train", "valid": "validation", "val": "validation", "test": "test"}


class Gaps384(CurvilinearBuilder):
    """TFDS builder of GAPs384."""

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, is_gaps384)
        images = {file.stem: file for file in list_images(found / "croppedimg")}
        masks = {file.stem: file for file in list_images(found / "croppedgt")}
        stems = self._listed(found) or self._by_first_word(images)
        return {
            split: sources for split, names in stems.items()
            if (sources := self._pairs(names, images, masks, found))
        }  # fmt: skip

    def _listed(self, folder: Path) -> dict[str, list[str]]:
        lists = {
            split: next((folder / name for name in names if (folder / name).is_file()), None)
            for split, names in _LISTS.items()
        }
        if not any(lists.values()):
            return {}
        return {
            split: [Path(line.split()[0]).stem for line in file.read_text().splitlines() if line.strip()]
            for split, file in lists.items() if file is not None
        }  # fmt: skip

    def _by_first_word(self, images: dict[str, Path]) -> dict[str, list[str]]:
        stems: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
        for stem, file in images.items():
            word = re.match(r"(?:gaps384_)?(train|valid|val|test)_", stem, re.IGNORECASE)
            if word:
                stems[_WORDS[word[1].lower()]].append(stem)
            else:
                self.faults.append(
                    f"{file}: expected a name that begins with train_, valid_ or test_, or lists "
                    "train.txt, valid.txt, test.txt, found neither. Fix: add the official lists"
                )
        return stems

    def _pairs(self, names, images, masks, folder) -> list[Source]:
        sources = []
        for name in names:
            for part, files in (("croppedimg", images), ("croppedgt", masks)):
                if name not in files:
                    self.faults.append(
                        f"{folder / part / name}: expected an image of this stem, found none. "
                        "Fix: restore it, or remove the name from its list"
                    )
            if name in images and name in masks:
                sources.append(Source(name, images[name], masks[name]))
        return sources
