"""Crack500: 640x360 and 360x640 crops of pavement photographs, the official split by folder.

    traincrop/NAME.jpg and NAME.png side by side; valcrop/ and testcrop/ alike

Some archives hold each folder once more inside itself (traincrop/traincrop/): that is read, too.
"""

from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Source
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import CRACK500_FOLDERS, is_crack500
from semicurv_tf.images.walk import list_images


class Crack500(CurvilinearBuilder):
    """TFDS builder of the Crack500 crops; both orientations are kept as they are."""

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, is_crack500)
        return {split: self._pairs(found / part) for split, part in CRACK500_FOLDERS.items()}

    def _pairs(self, folder: Path) -> list[Source]:
        if (folder / folder.name).is_dir():
            folder = folder / folder.name
        files = list_images(folder)
        images = {file.stem: file for file in files if file.suffix.lower() in (".jpg", ".jpeg")}
        masks = {file.stem: file for file in files if file.suffix.lower() == ".png"}
        for stem in sorted(images.keys() ^ masks.keys()):
            present, lacking = (
                (images[stem], f"mask {stem}.png") if stem in images
                else (masks[stem], f"image {stem}.jpg")
            )  # fmt: skip
            self.faults.append(f"{present}: expected its {lacking} beside it, found none. Fix: restore it")
        return [Source(stem, images[stem], masks[stem]) for stem in sorted(images.keys() & masks)]
