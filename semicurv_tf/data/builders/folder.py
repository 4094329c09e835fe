"""A user's own folder of images, with masks for some or all of them (see `data/folder_layout.py`)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from semicurv_tf.data import image_files
from semicurv_tf.data.builders.base import CurvilinearBuilder, Example, Source
from semicurv_tf.data.folder_layout import read_layout
from semicurv_tf.data.image_files import MaskRule
from semicurv_tf.data.split import partition
from semicurv_tf.data.unknown_pixels import AREAS_FILE, IGNORED, UNKNOWN, inside, known_values, read_areas
from semicurv_tf.errors import UserError


class Folder(CurvilinearBuilder):
    """TFDS builder of a folder.

    Options: `channels` 3 or 1; `mask_value` is the one positive value, `mask_threshold` the value
    that positive ones exceed (-1: neither, masks must be two-valued), `mask_invert` swaps; `mask_ignore` is
    the value of pixels whose label is unknown (-1: 255 beside 0 and 1; see `data/unknown_pixels.py`); without
    lists or folders per split, `validation_share` and `test_share` of the labelled images are set
    aside by `split_seed`; `images_only` takes every image as unlabelled.
    """

    OPTIONS = {
        "channels": 3, "mask_value": -1, "mask_threshold": -1, "mask_invert": False, "mask_ignore": -1,
        "validation_share": 0.1, "test_share": 0.1, "split_seed": 0, "images_only": False,
    }  # fmt: skip

    def _channels(self) -> int:
        channels = self.options["channels"]
        if channels not in (1, 3):
            raise UserError(
                f"data.options.channels: expected 1 or 3, found {channels}. Fix: --set data.options.channels=3"
            )
        return channels

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        self._rule = self._mask_rule()
        self._ignores, self._white = [], []  # masks with unknown pixels by value 255, masks of 0 and 255
        layout = read_layout(folder, self.options["images_only"])
        self.faults.extend(layout.faults)
        self.notes.extend(layout.notes)
        self._areas, faults = read_areas(folder, layout.pairs)
        self.faults.extend(faults)
        self.faults.extend(
            f"{folder / AREAS_FILE}: expected images with masks, found {name} without. Fix: add its mask, "
            "or remove its lines"
            for name in self._areas if layout.pairs[name][1] is None
        )  # fmt: skip
        splits = layout.splits
        if splits is None:
            splits = self._seeded(layout.pairs)
        return {
            split: [Source(name, *layout.pairs[name]) for name in names]
            for split, names in splits.items() if names
        }  # fmt: skip

    def examples(self, source: Source) -> Iterator[Example]:
        example = self._with_known(self.whole(source, self._rule))
        # JPEG and PNG files are kept as they are: quicker to prepare, and JPEG stays small.
        yield replace(example, encoded=image_files.verbatim(source.image, self.channels))

    def read_mask(self, path: Path, rule: MaskRule) -> np.ndarray:
        """0, 1, and `UNKNOWN` where the mask's value says that the label is not known."""
        values = image_files.read_mask_values(path)
        automatic = rule == MaskRule(invert=rule.invert)
        if self.options["mask_ignore"] < 0 and not automatic:
            return image_files.apply_mask_rule(values, rule, path)
        known = known_values(values, self.options["mask_ignore"] if self.options["mask_ignore"] >= 0 else None)
        if self.options["mask_ignore"] < 0:
            if not known.all():
                self._ignores.append(path)
            elif values.max() == IGNORED:
                self._white.append(path)
        mask = image_files.apply_mask_rule(np.where(known, values, 0), rule, path)
        return np.where(known[..., None], mask, np.uint8(UNKNOWN))

    def check_all(self) -> None:
        if self._ignores and self._white:
            self.faults.append(
                f"{min(self._white)}: expected 255 to mean one thing in all masks, found 0 and 255 here and 0, 1 and "
                f"255 in {min(self._ignores)}. Fix: --set data.options.mask_ignore=255, or save the masks alike"
            )

    def _with_known(self, example: Example) -> Example:
        known = example.mask != UNKNOWN
        if example.name in self._areas:
            known &= inside(self._areas[example.name], *example.image.shape[:2], example.name)[..., None]
        if known.all():
            return example
        if not known.any():
            raise UserError(
                f"{example.name}: expected a pixel whose label is known, found none. Fix: remove its mask, so that the "
                "image is unlabelled"
            )
        return replace(example, mask=example.mask * known, known=known)

    def _seeded(self, pairs) -> dict[str, list[str]]:
        labelled = sorted(name for name, (_, mask) in pairs.items() if mask is not None)
        held_out = {key: self.options[f"{key}_share"] for key in ("validation", "test")}
        train = 1 - sum(held_out.values())
        if not (0 < train <= 1 and all(share >= 0 for share in held_out.values())):
            raise UserError(
                "data.options.validation_share, test_share: expected shares in [0, 1) that leave "
                f"images for training, found {held_out['validation']} and {held_out['test']}. "
                "Fix: --set data.options.test_share=0.1"
            )
        splits = partition(labelled, {"train": train, **held_out}, self.options["split_seed"])
        splits["train"] += sorted(name for name, (_, mask) in pairs.items() if mask is None)
        return splits

    def _mask_rule(self) -> MaskRule:
        value, threshold = self.options["mask_value"], self.options["mask_threshold"]
        if value >= 0 and threshold >= 0:
            raise UserError(
                "data.options.mask_value, mask_threshold: expected one of them, found both. Fix: remove one"
            )
        return MaskRule(
            positive_value=value if value >= 0 else None,
            threshold=threshold if threshold >= 0 else None,
            invert=self.options["mask_invert"],
        )
