"""From a table's name to its cells, with everything checked before the first one is trained."""

from pathlib import Path
from typing import Any, NamedTuple

from semicurv_tf.config import Config, load_shared_config
from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.errors import UserError
from semicurv_tf.study.cell import Cell, paper_steps
from semicurv_tf.study.systems import SYSTEMS, System
from semicurv_tf.study.targets import DATASETS, Target, find_target

# What all cells share, where no other file is given.
PROTOCOL = Path(__file__).with_name("protocol.yaml")

# Photographs of two orientations, or of sides that no network halves four times, train on crops of 256x256.
# Differs from the paper, which does not say.
CROPPED = ("crackforest", "crack500", "gaps384", "mitroad")
CROP_PX = 256

MOST_SEEDS = 1000  # --seeds is their number: who names a seed by it would wait for a plan of millions of cells

_BY_OPTION = {
    "data.dataset": "--dataset",
    "data.data_dir": "--data-dir",
    "data.labels": "--labels",
    "training.seed": "--seeds",
    "training.steps": "--steps or --budget",
    "training.epochs": "--budget",
}


class Request(NamedTuple):
    """What the user asked for.

    Attributes:
        target: a name of `TARGETS`.
        dataset: a name of `DATASETS`.
        labels: labelled fractions; empty for the paper's.
        methods: names of systems; empty for all of the target.
        seeds: how many, from 0 on.
        budget: the run's length as a share of the paper's 1000 epochs.
        steps: the same length for all cells, in place of the budget; or None.
        data_dir: of the dataset, or None.
        config_file: in place of `PROTOCOL`, or None.
        settings: dotted key to value, for all cells.
    """

    target: str
    dataset: str | None
    labels: tuple[float, ...] = ()
    methods: tuple[str, ...] = ()
    seeds: int = 1
    budget: float | None = None
    steps: int | None = None
    data_dir: str | None = None
    config_file: Path | None = None
    settings: dict[str, Any] = {}


def make_plan(request: Request) -> list[Cell]:
    """The cells, seed by seed: all systems with the first seed come before any with the second.

    Raises:
        UserError: a line for each impossible option; or whatever is wrong in the configuration.
    """
    target = find_target(request.target)
    faults = _faults(request)
    if faults or request.dataset is None:
        raise UserError(faults)
    if request.labels:
        blocks = [(label, target.systems(label)) for label in request.labels]
    else:
        blocks = target.blocks(request.dataset)
    known = {name: None for _, names in blocks for name in names}
    unknown = [name for name in request.methods if name not in known]
    if unknown:
        raise UserError(
            f"--methods {','.join(unknown)}: not in {target.name} at these labels. "
            f"Fix: one or more of {', '.join(known)}"
        )
    wanted = [
        (label, SYSTEMS[name])
        for label, names in blocks
        for name in names
        if not request.methods or name in request.methods
    ]
    _refuse_settings_of_the_plan(request, target, [system for _, system in wanted])
    cells = [cell_of(request, system, label, seed) for seed in range(request.seeds) for label, system in wanted]
    _refuse_settings_of_no_row(request, target, cells)
    return cells


def _refuse_settings_of_no_row(request: Request, target: Target, cells: list[Cell]):
    """Each row takes the settings that its method has; one that no row takes is a mistake."""
    configs = [cell.config for cell in cells if cell.config is not None]
    faults = [
        f"--set {key}: no method of these rows has such a key. Fix: leave it out"
        for key in request.settings
        if key.startswith("method.")
        and not any(key.removeprefix("method.") in type(each.method).model_fields for each in configs)
    ]
    if faults and configs:
        raise UserError(faults)


def _faults(request: Request) -> list[str]:
    faults = []
    if request.dataset not in DATASETS:
        found = "none given" if request.dataset is None else f"found {request.dataset!r}"
        faults.append(f"--dataset: expected one of {', '.join(DATASETS)}, {found}. Fix: take one of these")
    if any(not 0 < label <= 1 for label in request.labels):
        faults.append(f"--labels {request.labels}: expected fractions in (0, 1]. Fix: --labels 0.01")
    if not 1 <= request.seeds <= MOST_SEEDS:
        faults.append(f"--seeds {request.seeds}: expected 1 to {MOST_SEEDS}. Fix: --seeds 3 runs seeds 0, 1 and 2")
    if request.budget is not None and request.steps is not None:
        faults.append("--budget and --steps: both say how long a run is. Fix: give one of them")
    if request.budget is not None and not 0 < request.budget <= 100:
        faults.append(
            f"--budget {request.budget:g}: expected a share of the paper's 1000 epochs above 0. Fix: --budget 0.1"
        )
    if request.steps is not None and request.steps < 1:
        faults.append(f"--steps {request.steps}: expected at least one. Fix: --steps 500")
    return faults


def _refuse_settings_of_the_plan(request: Request, target: Target, systems: list[System]):
    faults = [
        f"--set {key}: has its own option. Fix: {option}"
        for key, option in _BY_OPTION.items()
        if key in request.settings
    ]
    decided = {key for system in systems for key in system.settings}
    faults += [
        f"--set {key}: {target.name} decides it, row by row. "
        "Fix: leave it out, or train that run with semicurv-tf train"
        for key in request.settings
        if key in decided
    ]
    if faults:
        raise UserError(faults)


def cell_of(request: Request, system: System, label: float, seed: int) -> Cell:
    """One cell of a checked request.

    Args:
        request: its dataset, length and settings count.
        system, label, seed: which cell.
    """
    if request.dataset is None:
        raise ValueError(f"Expected a request with a dataset. Received: {request}")
    training_images = dataset_info(request.dataset).counts["train"]
    labelled = max(1, round(label * training_images))
    full_steps = paper_steps(labelled)
    steps = request.steps or max(1, round((request.budget or 1.0) * full_steps))
    config = _config(request, request.dataset, system, label, seed, steps)
    return Cell(system, request.dataset, label, seed, labelled, steps, full_steps, config)


def _config(request: Request, dataset: str, system: System, label: float, seed: int, steps: int) -> Config:
    decided = {
        "data.dataset": dataset,
        "data.labels": label,
        "data.data_dir": request.data_dir,
        "training.seed": seed,
        "training.steps": steps,
        "training.monitor": _monitor(dataset, label),
    }
    config = load_shared_config(request.config_file or PROTOCOL, {**decided, **system.settings, **request.settings})
    if dataset in CROPPED and config.data.crop is None:
        config = config.model_copy(update={"data": config.data.model_copy(update={"crop": CROP_PX})})
    return config


def _monitor(dataset: str, label: float) -> str:
    """Images for the curves only: nothing is chosen by them."""
    if "validation" in dataset_info(dataset).counts:
        return "validation"
    return "hidden" if label < 1 else "labelled"
