"""K-fold scores of a run's recipe: so many networks are trained, and each image with a mask is scored by one that never
saw it.

    RUN/folds-5/fold-1/ ... fold-5/    a run each: configuration, manifest, checkpoints, scores
    RUN/folds-5.json                   the table

With a handful of test images a score says little; here all masks of the run count, those of training, validation and
test alike. The run's own network stays as it is and is not what is scored: the figures are the recipe's, with a K-th of
the masks left out.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from semicurv_tf.config import Config, differences
from semicurv_tf.data.load import Dataset
from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.few_images import LEVEL, mean_interval
from semicurv_tf.evaluation.score_run import score_run
from semicurv_tf.quiet import without_retracing_notes
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.run_data import moved, open_run_dataset
from semicurv_tf.training.train import OpenImages, resume, train
from semicurv_tf.whole_files import write_json
from semicurv_tf.wording import counted

SCORED = ("iou", "f1", "precision", "recall")


class Fold(NamedTuple):
    """What one network is trained on and scored on.

    Attributes:
        images: training images, those with a mask to learn from among them, and the fold's own as test images.
        held: names of the latter.
    """

    images: OpenImages
    held: tuple[str, ...]


def score_folds(
    run: Path, folds: int, console: Console, data_dir: str | None = None, unlabelled_dir: str | None = None
) -> dict:
    """Trains what is not trained yet, scores what is not scored yet, and writes RUN/folds-N.json.

    Called again it goes on where it stopped, to the step.

    Args:
        run: a run folder; nothing of its own is written to.
        folds: how many networks, at least 2.
        console: for progress.
        data_dir, unlabelled_dir: the dataset's folders, if they moved.

    Returns:
        {"folds", "images", "learned": the fewest masks that a network learned from, "step", "mean": {"iou", "f1",
        "precision", "recall"}, "deviation": of the folds' means, "of_folds": their means, "interval": Student's, of the
        mean IoU over all images, "each": {name: {"iou", "f1", "fold"}}}, scores in [0, 1].

    Raises:
        UserError: fewer photographs with masks than folds; folds of another recipe; and what `train` says.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    config = moved(run_folder.read_config(run), data_dir, unlabelled_dir)
    facts = run_folder.read_facts(run)
    dataset = open_run_dataset(run, config, console)
    parts = split_folds(dataset, facts["labelled"], folds)
    place = run / f"folds-{folds}"
    found = []
    remedy = f"remove {place}, or choose another number of --folds"
    for number, fold in enumerate(parts, 1):
        console.print(
            f"fold {number} of {folds}: learns from {counted(len(fold.images.labelled), 'mask')}, is scored on "
            f"{counted(len(fold.held), 'image')} that it never saw"
        )
        with without_retracing_notes():
            found.append(fold_scores(place / f"fold-{number}", config_of_fold(config, fold), fold, console, remedy))
    summary = summarise_folds(found, min(len(fold.images.labelled) for fold in parts))
    write_json(summary_file(run, folds), summary)
    return summary


def split_folds(dataset: Dataset, labelled: Sequence[str], folds: int) -> list[Fold]:
    """Puts every image with a mask of a run into one fold; what was cut from one photograph stays together.

    Args:
        dataset: of the run.
        labelled: names of the training images whose masks the run learned from. Other training images stay unlabelled
            ones in every fold.
        folds: how many, at least 2.

    Raises:
        UserError: fewer photographs than folds, or a name in two splits.
    """
    pool = dataset.train
    masks = [index for index in pool.indices([name for name in labelled if name in pool.names]) if pool.labelled[index]]
    for store in (dataset.validation, dataset.test):
        if store is not None:
            masks += [len(pool) + index for index in range(len(store)) if store.labelled[index]]
            pool = pool.joined(store)
    names = [(pool.roots[index], pool.names[index]) for index in range(len(pool))]
    twice = sorted({name for root, name in names if names.count((root, name)) > 1})[:1]
    if twice:
        raise UserError(
            f"--folds: expected each name once among training, validation and test images, found {twice[0]} twice. "
            "Fix: rename one of them, and train again"
        )
    photographs = sorted({pool.sources[index] for index in masks})
    if len(photographs) < folds:
        most = len(photographs)
        fix = f"--folds {most}" if most >= 2 else "label more images, and train again"
        raise UserError(
            f"--folds {folds}: expected at least {folds} photographs with masks in this run, found {most}. Fix: {fix}"
        )
    order = np.random.default_rng(0).permutation(len(photographs))
    fold_of = {photographs[place]: number % folds for number, place in enumerate(order)}
    trained = [index for index in range(len(dataset.train)) if index not in set(masks)]
    parts = []
    for number in range(folds):
        held = [index for index in masks if fold_of[pool.sources[index]] == number]
        learned = [index for index in masks if fold_of[pool.sources[index]] != number]
        # An unlabelled crop of a photograph that is held out would show it.
        others = [index for index in trained if fold_of.get(pool.sources[index]) != number]
        images = dataclasses.replace(
            dataset, train=pool.subset([*learned, *others]), validation=None, test=pool.subset(held)
        )
        parts.append(
            Fold(
                OpenImages(images, tuple(pool.names[index] for index in learned)),
                tuple(pool.names[index] for index in held),
            )
        )
    return parts


def summarise_folds(found: Sequence[dict], learned: int) -> dict:
    """The scores of all folds as one; see `score_folds`.

    Args:
        found: of each fold, what `score_run` returned.
        learned: the fewest masks that a network learned from.
    """
    each = {
        name: {**scores, "fold": number}
        for number, fold in enumerate(found, 1)
        for name, scores in fold["each"].items()
    }
    ious = [one["iou"] for one in each.values() if one["iou"] is not None]
    weights = [fold["images"] for fold in found]
    of_folds = [{key: fold["mean"][key] for key in SCORED} for fold in found]
    return {
        "folds": len(found),
        "images": sum(weights),
        "learned": learned,
        "step": found[0]["step"],
        "mean": {key: float(np.average([one[key] for one in of_folds], weights=weights)) for key in SCORED},
        "deviation": {key: float(np.std([one[key] for one in of_folds], ddof=1)) for key in SCORED},
        "interval": mean_interval(ious),
        "of_folds": of_folds,
        "each": each,
    }


def table(summary: dict, run: Path) -> str:
    """The scores for a terminal: the mean with its spread, then each image, worst first."""
    lines = [
        f"{summary['folds']} folds, {counted(summary['images'], 'image')} with a mask, each scored by a network that "
        f"learned from {summary['learned']} or more others and never saw it",
        f"{'percent':<18}{'mean of images':>14}{'deviation of folds':>20}",
        *(
            f"{name:<18}{100 * summary['mean'][name]:>14.1f}{100 * summary['deviation'][name]:>20.1f}"
            for name in SCORED
        ),
    ]
    if summary["interval"] is not None:
        low, high = summary["interval"]
        lines.append(f"{100 * LEVEL:.0f} % interval of the mean IoU: {100 * low:.1f} to {100 * high:.1f} (Student's t)")
    width = max(map(len, summary["each"]))
    score = lambda one: -1.0 if one["iou"] is None else one["iou"]
    lines.append(f"{'image':<{width}}  fold   IoU    F1")
    for name, one in sorted(summary["each"].items(), key=lambda item: (score(item[1]), item[0])):
        cells = ["-" if one[key] is None else f"{100 * one[key]:.1f}" for key in ("iou", "f1")]
        lines.append(f"{name:<{width}}  {one['fold']:>4}{cells[0]:>6}{cells[1]:>6}")
    lines.append(f"written to {summary_file(run, summary['folds'])}; {run}'s own network is as it was")
    return "\n".join(lines)


def summary_file(run: Path, folds: int) -> Path:
    """Where the table is kept."""
    return run / f"folds-{folds}.json"


def config_of_fold(config: Config, fold: Fold) -> Config:
    """The run's configuration with as many labels as the fold has; it has no validation images to watch."""
    values = config.model_dump()
    values["data"]["labels"] = len(fold.images.labelled)
    if values["training"]["monitor"] == "validation":
        values["training"]["monitor"] = "auto"
    return Config.model_validate(values)


def fold_scores(folder: Path, config: Config, fold: Fold, console: Console, remedy: str) -> dict:
    """What `score_run` says of a fold; trained and scored where it is not yet.

    Args:
        folder: of the fold's run, absent at first.
        config: of `config_of_fold`.
        fold: its images.
        console: for progress.
        remedy: what to do about a folder of another recipe or of other images.

    Raises:
        UserError: such a folder; and what `train` says.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    if not folder.exists():
        train(config, folder, console, images=fold.images)
    else:
        require_same(folder, config, fold, remedy)
        if not (folder / run_folder.DEPLOYED).exists():
            resume(folder, _at(folder, config), console)
    return known_scores(folder) or score_run(folder, "test", config.data.data_dir, console)


def known_scores(folder: Path) -> dict | None:
    """The scores of a fold that is trained and scored; None where either is still to be done."""
    path, newest = folder / run_folder.SCORES, checkpoints.newest(folder / run_folder.CHECKPOINTS)
    if newest is None or not path.exists() or not (folder / run_folder.DEPLOYED).exists():
        return None
    known = run_folder.read_json(path).get("test")
    return known if known and known["step"] == checkpoints.step_of(newest) else None


def require_same(folder: Path, config: Config, fold: Fold, remedy: str):
    """Refuses folds that were trained by another recipe or on other images.

    Raises:
        UserError: naming what differs and the remedy.
    """
    different = [
        line for line in differences(run_folder.read_config(folder), config) if not line.startswith(("data.data_dir",
        "data.unlabelled_dir", "data.cache_dir", "data.memory_mb", "training.devices"))
    ]  # fmt: skip
    entries = run_folder.read_manifest(folder) or ()
    held = {entry.name for entry in entries if entry.split == "test"}
    learned = {entry.name for entry in entries if entry.learned}
    if different or held != set(fold.held) or learned != set(fold.images.labelled):
        why = "; ".join(different) or "other images"
        raise UserError(f"{folder}: expected a fold of this run as it is now, found one of {why}. Fix: {remedy}")


def _at(folder: Path, config: Config) -> Config:
    """The fold's stored configuration with the folders where they are now."""
    return moved(run_folder.read_config(folder), config.data.data_dir, config.data.unlabelled_dir)
