"""A user's own folder of images, with masks for some or all of them (see `data/folder_layout.py`)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder, Example, Source
from semicurv_tf.data.folder_layout import read_layout
from semicurv_tf.data.split import partition
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import verbatim
from semicurv_tf.images.masks import MaskRule
from semicurv_tf.images.values import MOST_BANDS, parse_ranges


class Folder(CurvilinearBuilder):
    """TFDS builder of a folder.

    Options: `channels` 3 or 1, or the number of bands to read, up to 64; `value_range` "LOW:HIGH", the values wider than 8
    bit that become 0 and 255 ("": measured over the folder, see `images/values.py`); `mask_value` is the one positive value, `mask_threshold` the value
    that positive ones exceed (-1: neither, masks must be two-valued), `mask_invert` swaps; without
    lists or folders per split, `validation_share` and `test_share` of the labelled images are set
    aside by `split_seed`; `images_only` takes every image as unlabelled.
    """

    OPTIONS = {
        "channels": 3, "mask_value": -1, "mask_threshold": -1, "mask_invert": False,
        "value_range": "", "validation_share": 0.1, "test_share": 0.1, "split_seed": 0, "images_only": False,
    }  # fmt: skip

    def _channels(self) -> int:
        channels = self.options["channels"]
        if not 1 <= channels <= MOST_BANDS:
            raise UserError(
                f"data.options.channels: expected 1, 3 or a number of bands up to {MOST_BANDS}, found {channels}. "
                "Fix: --set data.options.channels=3"
            )
        return channels

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        self._rule = self._mask_rule()
        layout = read_layout(folder, self.options["images_only"])
        self.faults.extend(layout.faults)
        self.notes.extend(layout.notes)
        splits = layout.splits
        if splits is None:
            splits = self._seeded(layout.pairs)
        sources = {
            split: [Source(name, *layout.pairs[name]) for name in names]
            for split, names in splits.items() if names
        }  # fmt: skip
        if self.options["value_range"]:
            self.value_range = parse_ranges(self.options["value_range"])
        self.measure(sources)
        return sources

    def examples(self, source: Source) -> Iterator[Example]:
        example = self.whole(source, self._rule)
        # JPEG and PNG files are kept as they are: quicker to prepare, and JPEG stays small.
        yield replace(example, encoded=verbatim(source.image, self.channels))

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
