"""One call from a dataset's name to its images: prepare (once), open, join unlabelled images."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semicurv_tf.data.catalog import DatasetInfo, dataset_info
from semicurv_tf.data.decoded import DecodedDisk, DecodedMemory
from semicurv_tf.data.examine import examine
from semicurv_tf.data.folder_layout import require_unlabelled_folder, unlabelled_options
from semicurv_tf.data.identity import DATA, UNLABELLED, shared_content
from semicurv_tf.data.manifest import Entry
from semicurv_tf.data.prepare import Prepared, again_command, prepare
from semicurv_tf.data.run_images import Changes, find_run_images
from semicurv_tf.data.store import ImageStore, damage_named
from semicurv_tf.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """A dataset that is ready to be read.

    Attributes:
        info: its entry in the catalogue.
        channels: channels of the images.
        train: training images, labelled and not.
        validation: images for choosing settings, or None where the dataset has none.
        test: images for the final scores, or None (an own folder without test images).
        warnings: what a careful reader of the images would mention before training.
        value_range: the values wider than 8 bit that became 0 and 255, "LOW:HIGH"; None where there were none.
        new: of a run's dataset, images with a mask that came since the run began, or None.
        changes: of a run's dataset, what differs from its manifest; None otherwise.
    """

    info: DatasetInfo
    channels: int
    train: ImageStore
    validation: ImageStore | None
    test: ImageStore | None
    warnings: tuple[str, ...] = ()
    value_range: str | None = None
    new: ImageStore | None = None
    changes: Changes | None = None

    @property
    def name(self) -> str:
        return self.info.name

    def shrunk(self, times: int) -> "Dataset":
        """The same images, so many times smaller; see `data.shrink`."""
        if times == 1:
            return self
        stores = {split: getattr(self, split) for split in ("train", "validation", "test", "new")}
        smaller = {split: store.shrunk(times) for split, store in stores.items() if store is not None}
        return replace(self, **smaller)

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the valid pixels of all training images.

        Labelled and unlabelled images count alike; no mask is looked at.

        Returns:
            Two float32 arrays (channels,), in raw units 0-255; the deviation is at least 1.
        """
        rows = self.train.rows
        count = max(1, sum(row["valid"] for row in rows))
        total = np.sum([row["sum"] for row in rows], axis=0)
        squares = np.sum([row["square_sum"] for row in rows], axis=0)
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 1.0))
        return mean.astype(np.float32), deviation.astype(np.float32)


def load_dataset(
    name: str,
    data_dir: str | os.PathLike | None = None,
    *,
    cache_dir: str | os.PathLike | None = None,
    options: dict | None = None,
    unlabelled_dir: str | os.PathLike | None = None,
    memory_mb: int = 1024,
    on_source: Callable[[], None] | None = None,
    again: bool = False,
    manifest: Sequence[Entry] | None = None,
) -> Dataset:
    """Opens a dataset, preparing it first where needed.

    Args:
        name: a name of the catalogue.
        data_dir: folder with the published files; a parent of it does, too. Not needed for
            synthetic, nor for what can be downloaded.
        cache_dir: where prepared data go; see `prepare.cache_folder`.
        options: options of the builder, e.g. {"split": "seeded"} for crackforest.
        unlabelled_dir: folder of further unlabelled training images (sub-folders included).
        memory_mb: budget for decoded images of all splits, in megabytes. What does not fit is
            decoded again when read, or, where small crops of large images are taken, kept on disk.
        on_source: called after each source file that has to be prepared, for progress.
        again: prepare what the cache has, too.
        manifest: of a run: its images in its splits, whatever the folders hold beside them. Without `unlabelled_dir`
            its images of that folder are left out.

    Returns:
        The dataset.

    Raises:
        UserError: unknown dataset or option, missing folder, and all faulty files at once; or a folder without any of
            the run's images.

    Example:
        >>> dataset = load_dataset("synthetic")
        >>> dataset.train.read(0)["image"].shape
        (128, 128, 3)
    """
    info = dataset_info(name)
    if unlabelled_dir is not None:
        require_unlabelled_folder(unlabelled_dir)
    memory = DecodedMemory(memory_mb)
    stores, prepared = _open(name, data_dir, cache_dir, options, memory, on_source, again, DATA)
    extra = None
    if unlabelled_dir is not None:
        channels = next((store.shapes[0][-1] for store in stores.values()), info.channels)
        reading = unlabelled_options(channels, prepared.value_range, options)
        extra = _open("folder", unlabelled_dir, cache_dir, reading, memory, on_source, again, UNLABELLED)[0]["train"]
    notes: list[str] = []
    new, changes = None, None
    if manifest is not None:
        found = find_run_images(manifest, stores, extra)
        stores, new, changes = found.stores, found.new, found.changes
        extra = None  # among the training images already
    if "train" not in stores:
        raise UserError(
            f"--data-dir: expected training images in dataset {name}, found none. Fix: check the split, or the folder"
        )
    findings = examine(name, {split: _of_root(DATA, store) for split, store in stores.items()})
    train = stores["train"]
    if extra is not None:
        shared = shared_content(prepared.rows, extra.rows)
        notes += shared.notes
        train = train.joined(extra.subset(sorted(set(range(len(extra))) - set(shared.held_out))))
    return Dataset(
        info=info,
        channels=train.shapes[0][-1],
        train=train,
        validation=stores.get("validation"),
        test=stores.get("test"),
        warnings=(*prepared.notes, *notes, *findings.errors, *findings.warnings),
        value_range=prepared.value_range,
        new=new,
        changes=changes,
    )


def _of_root(root: str, store: ImageStore) -> list[dict]:
    return [row for row in store.rows if row.get("root") == root]


def _open(
    name, data_dir, cache_dir, options, memory: DecodedMemory, on_source, again: bool, root: str
) -> tuple[dict[str, ImageStore], Prepared]:
    import tensorflow_datasets as tfds

    prepared = prepare(name, data_dir, cache_dir=cache_dir, options=options, on_source=on_source, again=again)
    remedy = again_command(name, data_dir, cache_dir, options)
    with damage_named(prepared.folder, remedy):
        builder = tfds.builder_from_directory(prepared.folder)
    as_bytes = {feature: tfds.decode.SkipDecoding() for feature in ("image", "mask", "valid")}
    disk = DecodedDisk(prepared.folder / "decoded")
    with damage_named(prepared.folder, remedy):
        records = {
            split: builder.as_data_source(split=split, decoders=as_bytes)
            for split, rows in prepared.rows.items()
            if rows
        }
        for split, source in records.items():
            if len(source) != len(prepared.rows[split]):
                raise ValueError(f"{len(source)} records of {split} for {len(prepared.rows[split])} rows")
    stores = {
        split: ImageStore(
            [{**row, "root": root} for row in prepared.rows[split]], source, memory, disk,
            damaged=lambda: damage_named(prepared.folder, remedy),
        )
        for split, source in records.items()
    }  # fmt: skip
    return stores, prepared
