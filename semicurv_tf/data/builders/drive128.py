"""DRIVE128 (Xu et al. 2022, Section IV-A): 128x128 crops of DRIVE's twenty training photographs.

From DRIVE itself: images 21-30 train, 31-40 test, each 565x584 image resized to 512x512 (bilinear,
no smoothing before it) and cut into a 4x4 grid. Or from the ready crops, whose channels are stored
in the order blue, green, red: put right here. The field of view becomes `valid`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage.transform import resize

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.crops import crop_sources, is_crops, set_aside
from semicurv_tf.data.builders.drive import training_sources
from semicurv_tf.data.builders.examples import Example, Source, make_example
from semicurv_tf.data.builders.grid import GRID, WINDOW_PX, grid_windows
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_drive
from semicurv_tf.images.masks import MaskRule, apply_mask_rule

_CROP_NAME = r"\d\d_training-\d+\.png"
_SIDE_PX = GRID * WINDOW_PX
_SOFT = MaskRule(threshold=127)  # resizing leaves masks between 0 and 255


class Drive128(CurvilinearBuilder):
    """TFDS builder of DRIVE128, from DRIVE or from the ready crops.

    Options: `validation_photographs`: so many of the ten training photographs become validation images, the last ones.
    """

    OPTIONS = {"validation_photographs": 0}

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, (_is_drive128_crops, is_drive))
        self._ready = _is_drive128_crops(found)
        if self._ready:
            splits = crop_sources(found, self.faults, with_valid=True)
            return set_aside(splits, self.options["validation_photographs"])
        sources = training_sources(found, self.faults)
        splits = {
            "train": [source for source in sources if int(source.name[:2]) <= 30],
            "test": [source for source in sources if int(source.name[:2]) > 30],
        }
        return set_aside(splits, self.options["validation_photographs"])

    def examples(self, source: Source) -> Iterator[Example]:
        if self._ready:
            crop = self.whole(source, _SOFT)
            yield replace(crop, source=crop.name.rsplit("-", 1)[0], image=crop.image[..., ::-1])
            return
        photograph = self.whole(source)
        yield from grid_windows(make_example(
            source.name,
            _resized(photograph.image),
            _resized_mask(photograph.mask, source.mask),
            _resized_mask(photograph.valid, source.valid),
        ))  # fmt: skip


def _is_drive128_crops(folder: Path) -> bool:
    return is_crops(folder, _CROP_NAME)


def _resized(pixels: np.ndarray) -> np.ndarray:
    smooth = resize(
        pixels, (_SIDE_PX, _SIDE_PX), order=1, mode="edge", anti_aliasing=False,
        preserve_range=True,
    )  # fmt: skip
    return np.rint(smooth).astype(np.uint8)


def _resized_mask(mask: np.ndarray, path: Path | None) -> np.ndarray:
    soft = _resized(mask * np.uint8(255))
    return apply_mask_rule(soft[..., 0], _SOFT, path or "valid")
