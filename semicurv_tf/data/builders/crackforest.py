"""CrackForest: 118 labelled photographs of pavement, 480x320, and 37 without masks.

    image/001.jpg           ...  118.jpg, and 201-208, 301-329 without masks (two are portrait)
    groundTruth/001.mat     groundTruth.Segmentation and groundTruth.Boundaries

The mask is the 2x2 binary closing of (Boundaries or Segmentation == 2): 2.49 % positive. 042.mat is
a copy of 065.mat, so image 042 is left out of the released split.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.ndimage import binary_closing

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Example, Source, make_example
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_crackforest
from semicurv_tf.data.split import partition
from semicurv_tf.errors import UserError
from semicurv_tf.images.masks import check_same_size
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.walk import list_images

WRONGLY_LABELLED = "042"
# The split that the authors of SemiCurv released (94/12/11); all other labelled images train.
_VALIDATION = frozenset(["013", "038", "040", "048", "060", "067", "072", "083", "090", "106", "108", "113"])
_TEST = frozenset(["010", "022", "037", "046", "049", "066", "069", "085", "089", "105", "115"])
_CRACK = 2  # the segment's label


class Crackforest(CurvilinearBuilder):
    """TFDS builder of CrackForest.

    Options: `split` is "released" (94/12/11, without 042) or "seeded" (the paper's 80/10/10 of all
    labelled images, by `split_seed`); `extra_unlabelled` adds the images without masks to training.
    """

    ARCHIVE_URL = "https://github.com/cuilimeng/CrackForest-dataset/archive/refs/heads/master.zip"
    OPTIONS = {"split": "released", "split_seed": 0, "extra_unlabelled": False}

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, is_crackforest)
        images = {file.stem: file for file in list_images(found / "image")}
        masks = {file.stem: file for file in sorted((found / "groundTruth").glob("*.mat"))}
        for stem in sorted(masks.keys() - images.keys()):
            self.faults.append(
                f"{masks[stem]}: expected its image {stem}.jpg in {found / 'image'}, found none. Fix: restore the image"
            )
        labelled = sorted(masks.keys() & images.keys())
        splits = {
            split: [Source(stem, images[stem], masks[stem]) for stem in stems]
            for split, stems in self._split(labelled).items()
        }
        for stem in sorted(images.keys() - masks.keys()):
            # The published images without masks start at 201: below, a mask has been lost.
            if stem.isdecimal() and int(stem) <= 118:
                self.faults.append(
                    f"{found / 'groundTruth' / f'{stem}.mat'}: expected the mask of "
                    f"{images[stem].name}, found no such file. Fix: restore it"
                )
            elif self.options["extra_unlabelled"]:
                splits["train"].append(Source(stem, images[stem]))
        return splits

    def examples(self, source: Source) -> Iterator[Example]:
        if source.image is None or source.mask is None:
            yield self.whole(source)
            return
        image = read_image(source.image, self.channels)
        mask = _read_mask(source.mask)
        check_same_size(image, mask, source.image, source.mask)
        yield make_example(source.name, image, mask)

    def _split(self, labelled: list[str]) -> dict[str, list[str]]:
        kind = self.options["split"]
        if kind == "seeded":
            shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
            return partition(labelled, shares, self.options["split_seed"])
        if kind != "released":
            raise UserError(
                f"data.options.split: expected released or seeded, found {kind!r}. "
                "Fix: --set data.options.split=released"
            )
        kept = [stem for stem in labelled if stem != WRONGLY_LABELLED]
        return {
            "train": [stem for stem in kept if stem not in _VALIDATION | _TEST],
            "validation": [stem for stem in kept if stem in _VALIDATION],
            "test": [stem for stem in kept if stem in _TEST],
        }


def _read_mask(path: Path) -> np.ndarray:
    """uint8 mask (height, width, 1) of a ground truth file."""
    try:
        truth = loadmat(path)["groundTruth"][0, 0]
        crack = (truth["Boundaries"] > 0) | (truth["Segmentation"] == _CRACK)
    except Exception as error:  # scipy raises half a dozen kinds on damaged files
        raise UserError(
            f"{path}: expected a MATLAB file with groundTruth.Segmentation and .Boundaries, found "
            f"damage ({' '.join(str(error).split())[:120]}). Fix: download it again"
        ) from None
    # Padded, because scipy takes what lies outside as background when it erodes.
    closed = binary_closing(np.pad(crack, 2), np.ones((2, 2)))[2:-2, 2:-2]
    return closed.astype(np.uint8)[..., None]
