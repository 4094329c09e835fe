"""A cell: one system on one dataset at one label budget with one seed, of one length."""

from pathlib import Path
from typing import NamedTuple

from semicurv_tf.config import Config, differences
from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.errors import UserError
from semicurv_tf.methods.schedule import steps_of_run
from semicurv_tf.study.systems import System

# Where the data lie, and how a run is kept and watched, decide nothing of its result.
_WITHOUT_EFFECT = (
    "data.data_dir",
    "data.cache_dir",
    "data.memory_mb",
    "training.checkpoint",
    "training.monitor",
    "training.pictures",
    "training.devices",
)


class Cell(NamedTuple):
    """What to train and to score.

    Attributes:
        system: the row.
        dataset, labels, seed: where.
        labelled: number of labelled images, by the dataset's published counts.
        steps: the run's length.
        full_steps: the paper's length, 1000 epochs: that of budget 1.
        config: the whole configuration.
    """

    system: System
    dataset: str
    labels: float
    seed: int
    labelled: int
    steps: int
    full_steps: int
    config: Config

    @property
    def name(self) -> str:
        """The stem of its result and the name of its run, e.g. `drive128-1pct-semicurv-600steps-seed0`."""
        return f"{self.dataset}-{100 * self.labels:g}pct-{self.system.name}-{self.steps}steps-seed{self.seed}"

    @property
    def budget(self) -> float:
        """The run's length as a share of the paper's."""
        return self.steps / self.full_steps


def paper_steps(labelled: int) -> int:
    """The paper's 1000 epochs in steps: an epoch cycles the labelled images once, four to a batch (Sect. III-G)."""
    return steps_of_run(Config().training, labelled)


def planned_steps(config: Config) -> int | None:
    """The length of a run by its configuration; None where that depends on the user's files."""
    if config.training.steps is not None:
        return config.training.steps
    training_images = None if config.data.options else dataset_info(config.data.dataset).counts.get("train")
    if training_images is None:
        return None
    labels = config.data.labels
    return steps_of_run(config.training, labels if isinstance(labels, int) else max(1, round(labels * training_images)))


def other_settings(old: Config, new: Config) -> list[str]:
    """Lines `key: old -> new` of the keys that decide a result and differ."""
    return [line for line in differences(old, new) if not line.startswith(_WITHOUT_EFFECT)]


def require_same_settings(path: Path, old: Config, new: Config, option: str):
    """Refuses a run or a record whose name a plan would give to another experiment.

    Args:
        path: the run folder or the record.
        old, new: how it was made, and what the plan asks for.
        option: which names the folder that it lies in.

    Raises:
        UserError: naming the keys that differ.
    """
    changed = other_settings(old, new)
    if changed:
        raise UserError(
            f"{path}: was made with other settings ({'; '.join(changed)}). "
            f"Fix: the same settings again, or another {option}"
        )
