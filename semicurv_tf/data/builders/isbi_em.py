"""ISBI 2012 EM, the 30 labelled slices of 512x512; slices 0-14 train, 15-29 test as in the paper.

Either the published stacks, train-volume.tif and train-labels.tif, or one PNG a slice in
train/image/K.png and train/label/K.png. There 255 is cell and 0 is membrane; here membrane is 1.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Example, Source, make_example
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import EM_STACKS, is_em_slices
from semicurv_tf.errors import UserError
from semicurv_tf.images.masks import MaskRule, apply_mask_rule, check_same_size
from semicurv_tf.images.reader import read_stack

MEMBRANE = MaskRule(invert=True)  # the published label is 0 there
SLICES = 30
FIRST_TEST_SLICE = 15


class IsbiEm(CurvilinearBuilder):
    """TFDS builder of the whole slices."""

    name = "isbi_em"

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        return slice_sources(find_layout(folder, self.name, is_em_slices), self.faults)

    def examples(self, source: Source) -> Iterator[Example]:
        yield read_slice(self, source)


def slice_sources(folder: Path, faults: list[str]) -> dict[str, list[Source]]:
    """Slices img000 to img029 in two splits; what is missing goes to `faults`."""
    stacks = [folder / stack for stack in EM_STACKS]
    splits: dict[str, list[Source]] = {"train": [], "test": []}
    for number in range(SLICES):
        files = stacks if stacks[0].is_file() else [
            folder / "train" / part / f"{number}.png" for part in ("image", "label")
        ]  # fmt: skip
        missing = [file for file in files if not file.is_file()]
        faults.extend(
            f"{file}: expected slice {number} of {SLICES}, found no such file. Fix: restore it" for file in missing
        )
        if not missing:
            split = "train" if number < FIRST_TEST_SLICE else "test"
            splits[split].append(Source(f"img{number:03d}", *files))
    return splits


def read_slice(builder: CurvilinearBuilder, source: Source) -> Example:
    """One slice with its membranes positive.

    Raises:
        UserError: naming the stack or file that cannot be used.
    """
    if source.image is None or source.mask is None or source.image.name != EM_STACKS[0]:
        return builder.whole(source, MEMBRANE)
    number = int(source.name.removeprefix("img"))
    image, label = (_page(file, number) for file in source.files)
    mask = apply_mask_rule(label, MEMBRANE, source.mask)
    check_same_size(image, mask, source.image, source.mask)
    return make_example(source.name, image[..., None], mask)


def _page(path: Path, number: int) -> np.ndarray:
    return _stack(path, path.stat().st_mtime_ns)[number]


@functools.lru_cache(maxsize=2)  # the two stacks, 8 MB each, serve all 30 slices
def _stack(path: Path, _modified: int) -> np.ndarray:
    pages = read_stack(path)
    if pages.ndim != 3 or len(pages) != SLICES or pages.dtype != np.uint8:
        raise UserError(
            f"{path}: expected {SLICES} slices of 8 bit, found shape {pages.shape} of "
            f"{pages.dtype}. Fix: download it again"
        )
    return pages
