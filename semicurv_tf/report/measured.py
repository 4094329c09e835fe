"""The results of `semicurv-tf reproduce`, read from folders and grouped: the seeds of one and the same experiment."""

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pydantic

from semicurv_tf.config import Config, stored_config
from semicurv_tf.errors import UserError
from semicurv_tf.study.cell import other_settings
from semicurv_tf.study.plan import Request, cell_of
from semicurv_tf.study.record import CELL, DamagedRecord, read_record
from semicurv_tf.study.record_check import shown
from semicurv_tf.study.systems import SYSTEMS, System
from semicurv_tf.study.targets import DATASETS
from semicurv_tf.wording import some

SCORES = ("iou", "f1", "precision", "recall")


class MeasuredCell(NamedTuple):
    """One cell as it was measured; scores in percent."""

    cell: str
    system: System
    dataset: str
    labels: float
    seed: int
    steps: int
    budget: float
    config: Config
    mean: dict[str, float]  # over test images: iou, f1, precision, recall
    pooled: dict[str, float]  # over their pixels
    minutes: float
    labelled: list[str]
    curve: list[dict]
    machine: str


class Spread(NamedTuple):
    """A number over seeds: its mean, and its standard deviation (n - 1), None for one seed."""

    mean: float
    deviation: float | None
    seeds: int


class Group(NamedTuple):
    """The seeds of one experiment, in their order."""

    results: tuple[MeasuredCell, ...]
    variant: str = ""  # the settings that tell it from another group of its system and length

    @property
    def first(self) -> MeasuredCell:
        """Stands for what all share: system, dataset, labels, steps, budget, settings."""
        return self.results[0]

    def spread(self, number) -> Spread:
        """Of a number of each result, given by a function."""
        values = [number(result) for result in self.results]
        return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))

    def iou(self) -> Spread:
        """The mean over test images, as the paper reports it."""
        return self.spread(lambda result: result.mean["iou"])


class Results(NamedTuple):
    """What was read below some folders.

    Attributes:
        cells: the results, each once.
        faults: a line for each file that is damaged or foreign, and one for all copies of a result.
        left_out: number of these files.
    """

    cells: list[MeasuredCell]
    faults: list[str]
    left_out: int


def read_results(folders: Iterable[Path]) -> Results:
    """Reads all results below some folders, a file that lies below two of them once.

    Args:
        folders: each is searched for `*.json`, run folders below it passed over.

    Raises:
        UserError: for a folder that is not there.
    """
    absent = [
        f"{folder}: no such folder. Fix: the --output of semicurv-tf reproduce"
        for folder in folders
        if not folder.is_dir()
    ]
    if absent:
        raise UserError(absent)
    read: dict[tuple, tuple[Path, MeasuredCell]] = {}
    again: dict[tuple[str, Path], list[str]] = {}  # what a further file of a result is, and the first: its names
    faults: list[str] = []
    files = {file.resolve(): file for folder in folders for file in folder.rglob("*.json")}
    for file in sorted(files.values()):
        if (file.parent / "config.yaml").exists():
            continue
        try:
            result = _measured(read_record(file))
        except (OSError, DamagedRecord) as error:
            reason = str(error).splitlines()[0]
            faults.append(f"{file}: left out, {reason}. Fix: restore it, or let semicurv-tf reproduce write it again")
            continue
        first, known = read.setdefault((result.cell, _settings(result.config)), (file, result))
        if known is not result:
            kind = "the same result as" if known == result else "another result of the same cell and settings than"
            again.setdefault((kind, first), []).append(str(file))
    left_out = len(faults) + sum(map(len, again.values()))
    faults += [
        f"{some(names)}: left out, {kind} {first}. Fix: give each result once" for (kind, first), names in again.items()
    ]
    return Results([result for _, result in read.values()], faults, left_out)


def _measured(record: dict) -> MeasuredCell:
    if record["kind"] != CELL:
        raise DamagedRecord("it is no result of a cell but of a recipe")
    try:
        if record["system"] not in SYSTEMS:
            raise DamagedRecord(f"unknown system {shown(record['system'])}")
        if record["dataset"] not in DATASETS:
            raise DamagedRecord(f"unknown dataset {shown(record['dataset'])}")
        if record["scores"] is None:
            raise DamagedRecord("it has no scores, since its test images were not opened")
        scores = {
            kind: {name: 100 * _share(record["scores"][kind][name]) for name in SCORES} for kind in ("mean", "pooled")
        }
        return MeasuredCell(
            cell=record["cell"],
            system=SYSTEMS[record["system"]],
            dataset=record["dataset"],
            labels=_share(record["labels"]),
            seed=int(record["seed"]),
            steps=int(record["steps"]),
            budget=int(record["steps"]) / int(record["full_steps"]),
            config=stored_config(record["config"]),
            mean=scores["mean"],
            pooled=scores["pooled"],
            minutes=float(record["training_minutes"]),
            labelled=list(record["labelled"]),
            curve=[line for line in record["curve"] if isinstance(line["step"], int)],
            machine=f"{record['processor']}, {record['precision']['name']}, "
            f"TensorFlow {record['versions']['tensorflow']}",
        )
    except KeyError as error:
        raise DamagedRecord(f"damaged: key {error} is missing") from None
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        raise DamagedRecord(f"damaged: config.{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    except (TypeError, AttributeError, ZeroDivisionError) as error:
        raise DamagedRecord(f"damaged ({error})") from None


def _share(value) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise DamagedRecord(f"damaged: expected a share from 0 to 1, found {shown(value)}")
    return float(value)


def group_results(results: Sequence[MeasuredCell]) -> list[Group]:
    """Puts the seeds of each experiment together; systems in the paper's order, longer runs first."""
    groups: dict[tuple, list[MeasuredCell]] = {}
    for result in results:
        groups.setdefault((*_experiment(result), _settings(result.config)), []).append(result)
    made = [Group(tuple(sorted(members, key=lambda result: result.seed))) for members in groups.values()]
    order = {name: position for position, name in enumerate(SYSTEMS)}

    def place(group):
        first = group.first
        return DATASETS.index(first.dataset), -first.labels, order[first.system.name], -first.steps, first.cell

    made.sort(key=place)
    return [group._replace(variant=_variant(group, made)) for group in made]


def find_groups(groups: Sequence[Group], dataset: str, labels: float, system: str) -> list[Group]:
    """Those of a dataset, label budget and system, longer runs first."""
    wanted = (dataset, f"{labels:g}", system)
    return [group for group in groups if _experiment(group.first)[:3] == wanted]


def main_group(groups: Sequence[Group], dataset: str, labels: float, system: str) -> Group | None:
    """The longest of them, with the most seeds; None where it was not run."""
    found = find_groups(groups, dataset, labels, system)
    return max(found, key=lambda group: (group.first.steps, len(group.results)), default=None)


def beside_protocol(group: Group) -> list[str]:
    """The settings in which an experiment differs from what `reproduce` does by itself: lines `key: old -> new`."""
    first = group.first
    cell = cell_of(Request("", first.dataset, steps=first.steps), first.system, first.labels, first.seed)
    return other_settings(cell.config, first.config)


def _experiment(result: MeasuredCell) -> tuple:
    return result.dataset, f"{result.labels:g}", result.system.name, result.steps


def _settings(config: Config) -> str:
    """All that decides a result but the seed, as text to compare."""
    plain = config.model_copy(update={"training": config.training.model_copy(update={"seed": 0})})
    return "; ".join(other_settings(Config(), plain))


def _variant(group: Group, groups: list[Group]) -> str:
    """What tells it from the first other group of its experiment; empty where there is none."""
    rivals = [other for other in groups if _experiment(other.first) == _experiment(group.first)]
    if len(rivals) < 2:
        return ""
    other = rivals[1] if rivals[0] is group else rivals[0]
    lines = other_settings(other.first.config, group.first.config)
    told = [
        f"{key} {line.rpartition(' -> ')[2]}" for line in lines if (key := line.partition(":")[0]) != "training.seed"
    ]
    return ", ".join(told)
