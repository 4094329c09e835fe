"""Massachusetts Roads (the paper's MIT Road): 1500x1500 aerial tiles, cut into windows.

    {train,valid,test}/{sat,map}/NAME.{tiff,tif}     as published
    images/ and masks/ of the same stems             a flat copy; then the test tiles are drawn by seed

The paper's counts (6880/1215/440) fit a 3x3 grid of 500x500 windows without the blank ones (49 test
tiles x 9 = 441) and a new 85/15 split of the published training and validation tiles, by tile, so
that no tile is in both. How blank a window had to be is not published: `blank_limit` is our guess.
Blank is judged by the image, not by the mask, since roads are labelled inside the blank; blank
pixels that are kept are not `valid`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Example, Source
from semicurv_tf.data.builders.layouts import find_layout
from semicurv_tf.data.published_layouts import is_mitroad
from semicurv_tf.data.split import partition
from semicurv_tf.errors import UserError
from semicurv_tf.images.no_data import holds_data
from semicurv_tf.images.values import SMALLEST_SIDE_PX
from semicurv_tf.images.walk import list_images

_PUBLISHED = ("train", "valid", "test")
_VALIDATION_SHARE = 0.15
_FLAT_TEST_SHARE = 0.15  # of a flat copy, which does not say which tiles are test tiles


class Mitroad(CurvilinearBuilder):
    """TFDS builder of the windows.

    Options: `window` side in pixels (0: whole tiles); `blank_level`, a pixel is blank when all its
    channels reach it; `blank_limit`, windows with a larger blank share are dropped; `split_seed`.
    """

    OPTIONS = {"window": 500, "blank_level": 253, "blank_limit": 0.5, "split_seed": 0}

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        self._check_window()
        found = find_layout(folder, self.name, (is_mitroad, _is_flat))
        seed = self.options["split_seed"]
        if is_mitroad(found):
            parts = {part: self._pairs(found / part / "sat", found / part / "map")
                     for part in _PUBLISHED if (found / part).is_dir()}  # fmt: skip
            tiles = {**parts.get("train", {}), **parts.get("valid", {})}
            shares = {"train": 1 - _VALIDATION_SHARE, "validation": _VALIDATION_SHARE}
            names = partition(list(tiles), shares, seed)
            names["test"] = sorted(parts.get("test", {}))
            tiles |= parts.get("test", {})
        else:
            tiles = self._pairs(found / "images", found / "masks")
            rest = 1 - _VALIDATION_SHARE - _FLAT_TEST_SHARE
            shares = {"train": rest, "validation": _VALIDATION_SHARE, "test": _FLAT_TEST_SHARE}
            names = partition(list(tiles), shares, seed)
        return {split: [tiles[name] for name in part] for split, part in names.items() if part}

    def examples(self, source: Source) -> Iterator[Example]:
        tile = self.whole(source)
        seen = holds_data(tile.image, self.options["blank_level"], 255)[..., None]
        tile = replace(tile, valid=tile.valid * seen)
        window = self.options["window"]
        height, width = tile.image.shape[:2]
        if not window:
            yield tile
            return
        if min(height, width) < window:
            raise UserError(
                f"{source.image}: expected at least {window}x{window} pixels, found "
                f"{width}x{height}. Fix: --set data.options.window={min(height, width)} or 0"
            )
        for row in range(height // window):
            for column in range(width // window):
                part = tile.window(f"{source.name}-{row}{column}", row * window, column * window, window, window)
                if 1 - part.valid.mean() <= self.options["blank_limit"]:
                    yield part

    def _check_window(self) -> None:
        window = self.options["window"]
        if window and window < SMALLEST_SIDE_PX:
            raise UserError(
                f"data.options.window: expected 0 or at least {SMALLEST_SIDE_PX}, found {window}. "
                "Fix: --set data.options.window=500"
            )

    def _pairs(self, images: Path, masks: Path) -> dict[str, Source]:
        found = {part: {file.stem: file for file in list_images(part)}
                 for part in (images, masks) if part.is_dir()}  # fmt: skip
        image_of, mask_of = found.get(images, {}), found.get(masks, {})
        for stem in sorted(image_of.keys() ^ mask_of.keys()):
            lacking, present = (masks, image_of[stem]) if stem in image_of else (images, mask_of[stem])
            self.faults.append(
                f"{present}: expected a file of the same stem in {lacking}, found none. "
                "Fix: restore it, or remove this one"
            )
        both = sorted(image_of.keys() & mask_of.keys())
        return {stem: Source(stem, image_of[stem], mask_of[stem]) for stem in both}


def _is_flat(folder: Path) -> bool:
    return all((folder / part).is_dir() for part in ("images", "masks"))
