"""Figure 7: test images, their truth and each system's mask, errors coloured; from run folders, where there are any.

The pictures hold images of the dataset: a report with them is subject to the dataset's terms.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from semicurv_tf.data.pipeline import evaluation_batches
from semicurv_tf.errors import UserError
from semicurv_tf.metrics.network_scores import make_predictor
from semicurv_tf.metrics.overlap import count_overlap, iou
from semicurv_tf.pictures.error_map import error_map
from semicurv_tf.pictures.figure import SOFT, rasterised
from semicurv_tf.pictures.rgb import as_rgb
from semicurv_tf.report.document import Figure
from semicurv_tf.report.measured import Group, MeasuredCell, main_group
from semicurv_tf.report.tables import percent, title_of
from semicurv_tf.study.targets import SEMI_SUPERVISED
from semicurv_tf.training import run_folder
from semicurv_tf.training.run_data import moved, open_run_dataset

TILE_IN, DOTS_PER_INCH = 1.35, 160


class ComparedImage(NamedTuple):
    """One image: `(height, width, 3)` uint8 and `(height, width)` bool arrays."""

    name: str
    image: np.ndarray
    truth: np.ndarray
    valid: np.ndarray
    masks: dict[str, np.ndarray]  # by title of the system


def comparison_figure(
    dataset: str,
    labels: float,
    groups: Sequence[Group],
    runs: Path,
    data_dir: str | None,
    images: int,
    console: Console,
) -> Figure | None:
    """Draws some test images, evenly spread from the worst to the best by the mean IoU of all systems shown.

    Args:
        dataset, labels: where.
        groups: what was measured.
        runs: folder with the cells' run folders.
        data_dir: in place of the runs' own, or None.
        images: how many.
        console: for progress and warnings.

    Returns:
        None where no run folder is there.
    """
    runs_of = _runs_at_hand(dataset, labels, groups, runs)
    if not runs_of:
        return None
    try:
        each = {
            result.system.title: run_folder.read_json(run / run_folder.SCORES)["test"]["each"]
            for result, run in runs_of
        }
        predicted = _predict(runs_of, _spread_by_score(each, images), data_dir, console)
    except (UserError, KeyError, TypeError) as error:
        reason = error.lines[0] if isinstance(error, UserError) else f"{runs}: a run's scores.json is damaged"
        console.print(f"warning: figure 7 of {dataset} is left out: {reason}")
        return None
    seeds = sorted({result.seed for result, _ in runs_of})
    caption = (
        f"Figure 7. {title_of(dataset)}, {percent(labels)} labelled, seed {', '.join(map(str, seeds))}: "
        f"{len(predicted)} test images from the worst to the best by the "
        "mean IoU of the systems shown. White: right; red: drawn too much; blue: missed; grey: does not count. "
        "Below each mask its IoU in percent."
    )
    description = f"test images of {title_of(dataset)} with the truth and the masks of {', '.join(each)}"
    return Figure(f"figure7_{dataset}_{100 * labels:g}pct", _draw(predicted), caption, description)


def _runs_at_hand(dataset: str, labels: float, groups: Sequence[Group], runs: Path) -> list[tuple[MeasuredCell, Path]]:
    """The first seed of each system that has its run folder there."""
    found = []
    for name in SEMI_SUPERVISED:
        group = main_group(groups, dataset, labels, name)
        folders = [(result, runs / result.cell) for result in group.results] if group else []
        found += [(result, folder) for result, folder in folders if (folder / run_folder.SCORES).is_file()][:1]
    return found


def _spread_by_score(each: dict[str, dict], images: int) -> list[str]:
    """Names of images at even ranks of the mean IoU over systems, neither the very worst nor the very best."""
    names = sorted(set.intersection(*(set(scores) for scores in each.values())))
    names.sort(key=lambda name: np.mean([scores[name]["iou"] for scores in each.values()]))
    ranks = (np.arange(images) + 0.5) / images * len(names)
    return [names[int(rank)] for rank in dict.fromkeys(np.floor(ranks))]


def _predict(
    runs_of: list[tuple[MeasuredCell, Path]], names: list[str], data_dir: str | None, console: Console
) -> list[ComparedImage]:
    run = runs_of[0][1]
    store = open_run_dataset(run, moved(run_folder.read_config(run), data_dir), console).test
    position = {name: index for index, name in enumerate(store.names)}
    missing = [name for name in names if name not in position]
    if missing:
        raise UserError(
            f"--data-dir: {', '.join(missing)} are no test images there. Fix: the data that the runs were scored on"
        )
    batches = [next(iter(evaluation_batches(store, 1, indices=[position[name]]))) for name in names]
    masks: list[dict[str, np.ndarray]] = [{} for _ in names]
    for result, run in runs_of:
        network, _ = run_folder.load_deployed(run)
        predict = make_predictor(network)
        for batch, found in zip(batches, masks):
            found[result.system.title] = np.asarray(predict(batch["image"]))[0, ..., 0] > 0.5
    return [
        ComparedImage(
            name, as_rgb(batch["image"][0]), batch["mask"][0, ..., 0] > 0.5, batch["valid"][0, ..., 0] > 0, found
        )
        for name, batch, found in zip(names, batches, masks)
    ]


def _iou(one: ComparedImage, mask: np.ndarray) -> float:
    maps = (one.truth, mask.astype(np.float32), one.valid)
    return iou(count_overlap(*(each[..., None] for each in maps)))


def _draw(predicted: list[ComparedImage]):
    titles = ["image", "truth", *predicted[0].masks]

    def draw(figure):
        panels = figure.subplots(len(predicted), len(titles), squeeze=False)
        for row, one in zip(panels, predicted):
            truth = error_map(one.truth, one.truth, one.valid)
            maps = [error_map(one.truth, mask, one.valid) for mask in one.masks.values()]
            scores = [f"{100 * _iou(one, mask):.0f}" for mask in one.masks.values()]
            for axes, picture, note in zip(row, [one.image, truth, *maps], [one.name, "", *scores]):
                axes.imshow(picture, interpolation="nearest")
                axes.set_xticks([])
                axes.set_yticks([])
                axes.grid(visible=False)
                axes.spines[:].set_visible(False)
                axes.set_xlabel(note, fontsize=7, labelpad=2, color=SOFT)
        for axes, title in zip(panels[0], titles):
            axes.set_title(title, fontsize=8, loc="center")

    height, width = predicted[0].truth.shape
    return rasterised(
        draw, TILE_IN * len(titles), (TILE_IN * height / width + 0.2) * len(predicted) + 0.25, DOTS_PER_INCH
    )
