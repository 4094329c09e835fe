"""EM128 (Xu et al. 2022, Section IV-A): the 30 ISBI slices in a 4x4 grid of 128x128 crops.

From the slices (see `isbi_em`) or from the ready crops, in which membrane is already positive; both
give the same bits.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.crops import crop_sources, is_crops, set_aside
from semicurv_tf.data.builders.examples import Example, Source
from semicurv_tf.data.builders.grid import grid_windows
from semicurv_tf.data.builders.isbi_em import read_slice, slice_sources
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_em_slices

_CROP_NAME = r"img\d\d\d-\d+\.png"


class Em128(CurvilinearBuilder):
    """TFDS builder of EM128, from the slices or from the ready crops.

    Options: `validation_photographs`: so many of the fifteen training slices become validation images, the last ones.
    """

    OPTIONS = {"validation_photographs": 0}

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        found = find_layout(folder, self.name, (_is_em128_crops, is_em_slices))
        self._ready = _is_em128_crops(found)
        splits = (
            crop_sources(found, self.faults, with_valid=False) if self._ready else slice_sources(found, self.faults)
        )
        return set_aside(splits, self.options["validation_photographs"])

    def examples(self, source: Source) -> Iterator[Example]:
        if self._ready:
            crop = self.whole(source)
            yield replace(crop, source=crop.name.rsplit("-", 1)[0])
        else:
            yield from grid_windows(read_slice(self, source))


def _is_em128_crops(folder: Path) -> bool:
    return is_crops(folder, _CROP_NAME)
