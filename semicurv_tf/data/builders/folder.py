"""A user's own folder of images, with masks for some or all of them (see `data/folder_layout.py`)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import tensorflow_datasets as tfds

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Example, Source
from semicurv_tf.data.folder_layout import FolderLayout, read_layout
from semicurv_tf.data.published_layouts import is_em_stacks, said_of_published
from semicurv_tf.data.split import partition, split_by_name
from semicurv_tf.data.unknown_pixels import AREAS_FILE, inside, read_areas
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import verbatim
from semicurv_tf.images.masks import MaskRule, ReadMask
from semicurv_tf.images.no_data import holds_data, parse_no_data
from semicurv_tf.images.values import MOST_BANDS, parse_ranges
from semicurv_tf.wording import counted


class Folder(CurvilinearBuilder):
    """TFDS builder of a folder.

    Options: `channels` 3 or 1, or the number of bands to read, up to 64; `value_range` "LOW:HIGH", the values wider
    than 8 bit that become 0 and 255 ("": measured over the folder, see `images/values.py`); `mask_value` is the one
    positive value, `mask_threshold` the value that positive ones exceed (-1: neither, masks must be two-valued),
    `mask_invert` swaps; `mask_ignore` is the value of pixels whose label is unknown (-1: 255 beside 0 and 1, in 16 bit
    also 65535; see `data/unknown_pixels.py`); `no_data` "LOW-HIGH", the values of pixels that show nothing, such as
    the white beside a mosaic: they are not valid; without lists or folders per split, `validation_share` and
    `test_share` of the labelled images are set aside by `split_seed`, `split_by` name (an image keeps its part as the
    folder grows, see `split_by_name`) or share (exact shares, as earlier versions did); `images_only` takes every
    image as unlabelled.
    """

    # Images and masks of earlier preparations were read otherwise: no data of masks, colours of TIFFs, kept splits.
    VERSION = tfds.core.Version("1.1.0")
    OPTIONS = {
        "channels": 3, "mask_value": -1, "mask_threshold": -1, "mask_invert": False, "mask_ignore": -1,
        "no_data": "", "value_range": "", "validation_share": 0.1, "test_share": 0.1, "split_seed": 0,
        "split_by": "name", "images_only": False,
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
        if folder is None:
            raise UserError("--data-dir: expected a folder of images, found none given. Fix: --data-dir MY")
        self._rule = self._mask_rule()
        self._no_data = self._blank_values()
        # The masks in which a value was found to be unknown, or foreground.
        self._unknown: dict[int, list[Path]] = {}
        self._positive: dict[float, list[Path]] = {}
        # The masks that have pixels without data, and those in which a value may be a class all the same.
        self._partial: list[Path] = []
        self._no_data_tags: dict[float, list[Path]] = {}
        self._classes: set[int] = set()  # of 0 and 1, those of known pixels
        layout = read_layout(folder, True) if self.options["images_only"] else _layout_of(folder)
        self.faults.extend(layout.faults)
        self.notes.extend(layout.notes)
        self._areas, faults = ({}, []) if self.options["images_only"] else read_areas(folder, layout.pairs)
        self.faults.extend(faults)
        self.faults.extend(
            f"{folder / AREAS_FILE}: expected images with masks, found {name} without. Fix: add its mask, "
            "or remove its lines"
            for name in self._areas if layout.pairs[name][1] is None
        )  # fmt: skip
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
        if self._no_data:
            seen = holds_data(example.image, *self._no_data)[..., None]
            example = replace(example, valid=example.valid * seen, mask=example.mask * seen)
        example = self._with_known(example)
        # JPEG and PNG files are kept as they are: quicker to prepare, and JPEG stays small.
        yield replace(example, encoded=verbatim(source.image, self.channels) if source.image else None)

    def read_mask(self, path: Path, rule: MaskRule, image: Path | None) -> ReadMask:
        """The mask of a file; what its values mean is kept for `check_all`."""
        read = super().read_mask(path, rule, image)
        if rule.ignore is None and read.unknown_value is not None:
            self._unknown.setdefault(read.unknown_value, []).append(path)
        if rule.ignore is None and read.positive_value is not None:
            self._positive.setdefault(read.positive_value, []).append(path)
        if read.lacks_data and rule.ignore is None:
            self._partial.append(path)
            if read.no_data_value is not None and read.no_data_value > 0 and read.no_data_value.is_integer():
                self._no_data_tags.setdefault(read.no_data_value, []).append(path)
        known = read.mask if read.known is None else read.mask[read.known]
        if known.size:
            self._classes |= {int(known.min()), int(known.max())}
        return read

    def check_all(self) -> None:
        """A value that is unknown in one mask must not be foreground in another."""
        super().check_all()
        for value in sorted(self._unknown.keys() & self._positive.keys()):
            self.faults.append(
                f"{min(self._positive[value])}: expected {value} to mean one thing in all masks, found 0 and {value} "
                f"here and 0, 1 and {value} in {min(self._unknown[value])}. "
                f"Fix: --set data.options.mask_ignore={value}, or save the masks alike"
            )
        self.faults.extend(self._doubtful_no_data())

    def _doubtful_no_data(self) -> Iterator[str]:
        """Faults where what masks call no data is more likely a class: the tag is often left from another file."""
        for value, lacking in sorted(self._no_data_tags.items()):
            meant = (
                f"Fix: --set data.options.mask_value={value:g} where {value:g} is foreground, "
                f"--set data.options.mask_ignore={value:g} where it is no data"
            )
            if value in self._positive:
                yield (
                    f"{min(lacking)}: expected {value:g} to mean one thing in all masks, found it as no-data value "
                    f"here and as foreground in {min(self._positive[value])}. {meant}"
                )
            elif 1 not in self._classes:
                yield (
                    f"{min(lacking)}: expected foreground in some mask, found only 0 and {value:g}, which the tag of "
                    f"{counted(len(lacking), 'file')} calls no data. {meant}"
                )
        if self._partial and 0 not in self._classes:
            yield (
                f"{min(self._partial)}: expected background in some mask, found only foreground and no "
                "data. Fix: gdal_rasterize -init 0, without -a_nodata, so that all that is not drawn is 0"
            )

    def _with_known(self, example: Example) -> Example:
        """The example with what its mask and `labelled_areas.csv` say of unknown pixels."""
        known = example.known
        if example.name in self._areas:
            height, width = example.image.shape[:2]
            boxes = inside(self._areas[example.name], height, width, example.name)[..., None]
            known = boxes if known is None else known & boxes
        if known is None or known.all():
            return replace(example, known=None)
        if not (known & (example.valid > 0)).any():
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
        seed, rule = self.options["split_seed"], self.options["split_by"]
        if rule not in ("name", "share"):
            raise UserError(
                f"data.options.split_by: expected name or share, found {rule!r}. Fix: --set data.options.split_by=name"
            )
        by_name = rule == "name"
        splits = (
            split_by_name(labelled, held_out["validation"], held_out["test"], seed) if by_name
            else partition(labelled, {"train": train, **held_out}, seed)
        )  # fmt: skip
        splits["train"] += sorted(name for name, (_, mask) in pairs.items() if mask is None)
        return splits

    def _blank_values(self) -> tuple[int, int] | None:
        text = self.options["no_data"]
        key = "data.options.no_data"
        return parse_no_data(text, f"{key}: ", f"--set {key}=253-255") if text else None

    def _mask_rule(self) -> MaskRule:
        value, threshold, ignore = (self.options[key] for key in ("mask_value", "mask_threshold", "mask_ignore"))
        if value >= 0 and threshold >= 0:
            raise UserError(
                "data.options.mask_value, mask_threshold: expected one of them, found both. Fix: remove one"
            )
        return MaskRule(
            positive_value=value if value >= 0 else None,
            threshold=threshold if threshold >= 0 else None,
            invert=self.options["mask_invert"],
            ignore=ignore if ignore >= 0 else None,
            find_ignored=True,
        )


def _layout_of(folder: Path) -> FolderLayout:
    """`read_layout`; a published dataset whose masks it does not find is told as such, in place of a line per mask.

    Raises:
        UserError: such a dataset, or what `read_layout` says.
    """
    try:
        layout = read_layout(folder)
    except UserError:
        if folder.is_dir():
            _refuse_published(said_of_published(folder, look_inside=True), folder)
        raise
    published = said_of_published(folder)
    if layout.faults or is_em_stacks(folder):
        _refuse_published(published, folder)
    elif published and not any(mask for _, mask in layout.pairs.values()):
        layout.notes.append(f"{folder}: no mask of it is read here: it is {published}")
    return layout


def _refuse_published(published: str | None, folder: Path) -> None:
    if published:
        raise UserError(f"{folder}: expected images and masks of the same stems, found {published}")
