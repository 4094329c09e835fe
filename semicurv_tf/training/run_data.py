"""Opening the images of a configuration, or of a run: then those of its manifest, wherever they lie now."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from semicurv_tf.config import Config
from semicurv_tf.data.folder_layout import require_unlabelled_folder
from semicurv_tf.data.load import Dataset, load_dataset
from semicurv_tf.data.manifest import Entry
from semicurv_tf.data.run_images import Changes
from semicurv_tf.errors import UserError
from semicurv_tf.training import run_folder

PREPARING = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    TextColumn("{task.completed} files"),
    TimeElapsedColumn(),
)


def open_dataset(config: Config, console: Console, manifest: Sequence[Entry] | None = None) -> Dataset:
    """The dataset of a configuration; says on the console how far preparing it is, and what looks odd in it.

    Args:
        config: its section `data` says which.
        console: for progress and warnings.
        manifest: of a run, whose images in whose splits are wanted.

    Raises:
        UserError: see `load_dataset`.
    """
    # Before the progress bar's thread runs: while this package loads, its lazy imports break those of other threads.
    import tensorflow_datasets  # noqa: F401

    data = config.data
    with Progress(*PREPARING, console=console, transient=True, disable=not console.is_terminal) as progress:
        files = progress.add_task(f"reading {data.dataset}", total=None)
        dataset = load_dataset(
            data.dataset,
            data.data_dir,
            cache_dir=data.cache_dir,
            options=data.options,
            unlabelled_dir=data.unlabelled_dir,
            memory_mb=data.memory_mb,
            on_source=lambda: progress.advance(files),
            manifest=manifest,
        )
    for line in dataset.warnings:
        console.print(f"warning: {line}")
    return dataset


def open_run_dataset(run: Path, config: Config, console: Console) -> Dataset:
    """The images of a run, to be looked at or scored; says what changed, went and came since it began.

    Args:
        run: the run folder.
        config: the run's, with the folders as they are now (see `moved`).
        console: for progress and warnings.

    Raises:
        UserError: see `load_dataset`.
    """
    manifest = _manifest(run, console)
    if manifest is None:
        return open_dataset(_split_as_then(config), console)
    unlabelled_dir = config.data.unlabelled_dir
    if unlabelled_dir is not None and not Path(unlabelled_dir).is_dir():
        config = _with_data(config, unlabelled_dir=None)
    dataset = open_dataset(config, console, manifest)
    changes = dataset.changes or Changes()
    for line in [*changes.lines(), *changes.notes()]:
        console.print(f"warning: {line}")
    return dataset


def open_training_dataset(run: Path, config: Config, console: Console) -> Dataset:
    """The images of a run that goes on: those that it learns from must be as they were.

    Args:
        run, config, console: as for `open_run_dataset`.

    Raises:
        UserError: with a line for each training image that changed or is gone.
    """
    manifest = _manifest(run, console)
    if manifest is None:
        return open_dataset(_split_as_then(config), console)
    dataset = open_dataset(config, console, manifest)
    changes = dataset.changes or Changes()
    if changes.unseen:
        raise UserError(
            f"--unlabelled-dir: expected the folder of {changes.unseen} training images of this run, found none given. "
            "Fix: --unlabelled-dir with where it lies now"
        )
    needed = lambda entry: entry.learned or (entry.split == "train" and config.method.reads_unlabelled)
    faults = changes.lines(needed)
    if faults:
        raise UserError([f"{line}. Fix: restore it as it was, or train a new --run" for line in faults])
    for line in [*changes.lines(), *changes.notes()]:
        console.print(f"warning: {line}")
    return dataset


def moved(config: Config, data_dir: str | None = None, unlabelled_dir: str | None = None) -> Config:
    """A run's configuration with its folders where they are now; None: where they were.

    Raises:
        UserError: a second folder that is none, or that this run never had.
    """
    if unlabelled_dir is not None:
        if config.data.unlabelled_dir is None:
            raise UserError(
                f"--unlabelled-dir {unlabelled_dir}: expected none, this run was trained without one. Fix: leave it out"
            )
        require_unlabelled_folder(unlabelled_dir)
    places = {"data_dir": data_dir, "unlabelled_dir": unlabelled_dir}
    return _with_data(config, **{key: place for key, place in places.items() if place is not None})


def _manifest(run: Path, console: Console) -> tuple[Entry, ...] | None:
    manifest = run_folder.read_manifest(run)
    if manifest is None:
        console.print(
            f"note: {run} was made by an earlier version and keeps no {run_folder.MANIFEST}: its split is computed "
            "again, and is another one if its folder has changed"
        )
    return manifest


def _split_as_then(config: Config) -> Config:
    """For runs without a manifest: a folder is split by the rule of the versions that made them."""
    if config.data.dataset != "folder" or "split_by" in config.data.options:
        return config
    return _with_data(config, options={**config.data.options, "split_by": "share"})


def _with_data(config: Config, **values) -> Config:
    return config.model_copy(update={"data": config.data.model_copy(update=values)}) if values else config
