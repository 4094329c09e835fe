"""What all builders share: find the layout, read its sources, list every fault, write nothing half.

A builder says which files make up which split (`sources`) and how a source becomes examples
(`examples`). This class turns that into a TFDS builder with the features image, mask, valid, name,
source and labelled, in a fixed order (TFDS' own shuffling is off, so example k of a split is row k
of `rows`).
"""

import abc
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from semicurv_tf.data.builders.examples import Example, Source, make_example
from semicurv_tf.data.builders.options import check_options
from semicurv_tf.data.builders.rows import row_of_example
from semicurv_tf.data.catalog import dataset_info, dataset_names
from semicurv_tf.data.fault_lines import gathered
from semicurv_tf.data.unknown_pixels import UNKNOWN
from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.masks import MaskRule, ReadMask, check_same_size, read_mask, read_mask_of
from semicurv_tf.images.reader import ReadImage, measure_files, read_valid_image
from semicurv_tf.images.same_place import check_same_place
from semicurv_tf.images.values import FarOff, ValueRanges, bands_used
from semicurv_tf.section import set_option
from semicurv_tf.wording import some, typed

# TFDS sorts by key, bucket by bucket of the whole range of keys. Keys spread over that range keep a
# bucket small; keys 0, 1, 2, ... would all fall into the first, which then must fit into memory.
_KEYS = 2**128


class CurvilinearBuilder(tfds.core.GeneratorBasedBuilder):
    """Base of the builders; see the module.

    Args:
        source_dir: folder with the published files (TFDS' `manual_dir` serves as well).
        url: archive to download instead, `https://` or `file://`; default `ARCHIVE_URL`.
        options: values for the keys of `OPTIONS`.
        **kwargs: as for any TFDS builder (`data_dir`, `file_format`, ...).

    Attributes:
        faults: after a failed preparation, one line per fault.
        notes: lines worth a warning.
        value_range: by which values wider than 8 bit become 8 bit; None where there are none.
        rows: split name to a list of dicts, one per example, in the order they are stored.
    """

    VERSION = tfds.core.Version("1.0.0")
    OPTIONS: dict = {}  # option name to default
    ARCHIVE_URL: str | None = None
    NEEDS_FILES = True
    MANUAL_DOWNLOAD_INSTRUCTIONS = "See `semicurv-tf datasets list`."

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.NEEDS_FILES and cls.name in dataset_names():
            known = dataset_info(cls.name)
            cls.MANUAL_DOWNLOAD_INSTRUCTIONS = f"{known.title}: {known.how_to_get}. {known.homepage}".strip()

    def __init__(self, *, source_dir=None, url: str | None = None, options=None, **kwargs):
        self.source_dir = None if source_dir is None else Path(source_dir)
        self.url = url or self.ARCHIVE_URL
        self.options = check_options(type(self).name, self.OPTIONS, options or {})
        self.channels = self._channels()
        self.value_range: ValueRanges | None = None  # of values wider than 8 bit, see `images.values`
        self._further_bands: dict[int, list[str]] = {}  # number of bands to images of which not all are read
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.on_source = lambda: None  # called after each source, for progress
        self.rows: dict[str, list[dict]] = {}
        super().__init__(**kwargs)

    def _channels(self) -> int:
        return dataset_info(type(self).name).channels

    @abc.abstractmethod
    def sources(self, folder: Path | None) -> Mapping[str, Iterable[Source]]:
        """Which files make up which split; keys "train", "validation", "test" in this order.

        A file that should be there and is not goes to `self.faults` and is left out.

        Raises:
            UserError: if `folder` holds no layout of this dataset.
        """

    def examples(self, source: Source) -> Iterator[Example]:
        """Reads a source: by default one example of the whole image.

        Raises:
            UserError: naming the file that cannot be used.
        """
        yield self.whole(source)

    def check_all(self) -> None:
        """Called when every source has been read: adds to `faults` and `notes` what concerns several files."""
        used = bands_used(self.channels)
        for bands, names in sorted(self._further_bands.items()):
            self.notes.append(
                f"{self.name}: only the first {used} of {bands} bands used: {some(sorted(names))}. "
                f"Fix, to learn from all: {set_option('data.options.channels', bands)}"
            )

    def read_mask(self, path: Path, rule: MaskRule, image: Path | None) -> ReadMask:
        """The mask of a file, see `images.masks.read_mask_of`."""
        return read_mask_of(path, rule, image)

    def whole(self, source: Source, mask_rule: MaskRule = MaskRule()) -> Example:
        """Reads image, mask and valid of a source as they are, and checks that sizes agree."""
        faults: list[str] = []
        image: ReadImage | None = _or_fault(faults, read_valid_image, source.image, self.channels, self.value_range)
        read: ReadMask | None = None
        valid = None
        if source.mask is not None:
            read = _or_fault(faults, self.read_mask, source.mask, mask_rule, source.image)
        if source.valid is not None:
            valid = _or_fault(faults, read_mask, source.valid, MaskRule(threshold=127))
        mask = None if read is None else read.mask
        for array, path in ((mask, source.mask), (valid, source.valid)):
            if image is not None and array is not None:
                _or_fault(faults, _check_fit, image.pixels, array, source.image, path)
        if faults or image is None:
            raise UserError(faults)
        if image.valid is not None:  # what the file says holds no data
            own = image.valid[..., None].astype(np.uint8)
            valid = own if valid is None else valid * own
        if image.bands > bands_used(self.channels):
            self._further_bands.setdefault(image.bands, []).append(source.name)
        example = make_example(source.name, image.pixels, mask, valid)
        if read is None:
            return example
        return replace(example, known=read.known, mask_label=read.label, on_stored_grid=read.on_stored_grid)

    def measure(self, sources: Mapping[str, Iterable[Source]]) -> None:
        """Measures the range of values wider than 8 bit over all images, unless it is given."""
        if self.value_range is None:
            files = [source.image for part in sources.values() for source in part if source.image is not None]
            self.value_range = measure_files(files)
        if self.value_range is not None:
            self.notes.append(f"{self.name}: {self.value_range.said()}, for all images")
            by_value: dict[float, list[tuple[Path, FarOff]]] = {}
            for path, found in self.value_range.far_off:
                by_value.setdefault(found.value, []).append((path, found))
            for alike_files in by_value.values():
                path, found = max(alike_files, key=lambda file: file[1].share)
                alike = f" and {len(alike_files) - 1} more" if len(alike_files) > 1 else ""
                self.notes.append(f"{self.name}: {path.name}{alike}: {found.said(typed(path))}")

    def _row_of(self, example: Example, source: Source) -> dict:
        row = row_of_example(example) | self._path(source)
        if self.value_range and any(path == source.image for path, _ in self.value_range.far_off):
            # What is blank is not what has no data: `data.options.no_data` would leave out the image and keep the gap.
            row = {key: value for key, value in row.items() if not key.startswith("blank")}
        return row

    def _info(self) -> tfds.core.DatasetInfo:
        known = dataset_info(self.name)
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"{known.title}: {known.task}. {known.licence}.",
            features=tfds.features.FeaturesDict({
                # Other than 1 or 3 bands are stored one below the other, see `images.encoded`.
                "image": tfds.features.Image(shape=(None, None, self.channels if self.channels in (1, 3) else 1)),
                "mask": tfds.features.Image(shape=(None, None, 1)),
                "valid": tfds.features.Image(shape=(None, None, 1)),
                "name": tfds.features.Text(),
                "source": tfds.features.Text(),
                "labelled": tfds.features.Scalar(dtype=np.bool_),
            }),
            supervised_keys=("image", "mask"),
            homepage=known.homepage or None,
            citation=known.citation or None,
            disable_shuffling=True,
        )  # fmt: skip

    def _split_generators(self, dl_manager):
        folder = self.source_dir
        if folder is None and self.url:
            folder = Path(dl_manager.download_and_extract(self.url))
        elif folder is None and self.NEEDS_FILES:
            folder = Path(dl_manager.manual_dir)
        self._root = folder
        return {split: self._generate_examples(split, sources) for split, sources in self.sources(folder).items()}

    def _generate_examples(self, split, sources):
        rows, names = self.rows.setdefault(split, []), set()
        sources = list(sources)
        for position, (packed, faults) in enumerate(read_ahead(self._pack, sources)):
            self.faults.extend(faults)
            self.on_source()
            first_key = position * _KEYS // len(sources)
            for offset, (row, features) in enumerate(packed):
                if row["name"] in names:
                    self.faults.append(
                        f"{row['name']}: expected each name once in {split}, found it twice. "
                        "Fix: rename one of the files"
                    )
                    continue
                names.add(row["name"])
                rows.append(row)
                yield first_key + offset, features

    def describe(self, folder: Path | None) -> None:
        """Fills `rows`, `faults` and `notes` by reading every source, and writes nothing."""
        self._forget()
        self._root = folder
        for split, sources in self.sources(folder).items():
            rows = self.rows.setdefault(split, [])
            for described, faults in read_ahead(self._describe, sources):
                rows.extend(described)
                self.faults.extend(faults)
                self.on_source()
        self.check_all()

    def _describe(self, source: Source) -> tuple[list[dict], tuple[str, ...]]:
        try:
            return [self._row_of(example, source) for example in self.examples(source)], ()
        except UserError as error:
            return [], error.lines

    def _pack(self, source: Source) -> tuple[list[tuple[dict, dict]], tuple[str, ...]]:
        """The rows and encoded features of a source's examples, or its faults."""
        try:
            return [(self._row_of(one, source), _encode(one)) for one in self.examples(source)], ()
        except UserError as error:
            return [], error.lines

    def _path(self, source: Source) -> dict:
        """Where the image file lies in the dataset's folder; None where images are drawn."""
        return {"path": source.image and Path(os.path.relpath(source.image, self._root)).as_posix()}

    def _download_and_prepare(self, *args, **kwargs):
        # TFDS writes to a folder that it removes when this raises: nothing is left half written.
        self._forget()
        try:
            super()._download_and_prepare(*args, **kwargs)
        except UserError:
            raise
        except Exception:
            if not self.faults:  # e.g. "no examples" is but the consequence of faults
                raise
        self.check_all()
        if self.faults:
            raise UserError(gathered(dict.fromkeys(self.faults)))

    def _forget(self) -> None:
        self.faults.clear()
        self.notes.clear()
        self._further_bands.clear()
        self.rows.clear()


def read_ahead(function, sources: Iterable[Source]) -> Iterator:
    """`function` of each source, in order, by threads that are at most a few sources ahead."""
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        pending: deque = deque()
        for source in sources:
            pending.append(pool.submit(function, source))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _check_fit(image: np.ndarray, other: np.ndarray, image_path: Path, other_path: Path) -> None:
    check_same_size(image, other, image_path, other_path)
    check_same_place(image_path, other_path)


def _or_fault(faults, function, *arguments):
    try:
        return function(*arguments)
    except UserError as error:
        faults.extend(error.lines)
        return None


def _encode(example: Example) -> dict:
    return {
        "image": example.encoded or encode_png(example.image),
        "mask": encode_png(example.mask),
        "valid": encode_png(_stored_valid(example)),
        "name": example.name,
        "source": example.source,
        "labelled": example.labelled,
    }


def _stored_valid(example: Example) -> np.ndarray:
    if example.known is None:
        return example.valid
    return np.where(example.known | (example.valid == 0), example.valid, np.uint8(UNKNOWN))
