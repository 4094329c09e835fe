"""What a user asks `train` for: a folder or a dataset; a recipe, a file or the default recipe; and own settings."""

import dataclasses
import math
import shlex
from pathlib import Path
from typing import Any

from semicurv_tf.config import Config, load_config
from semicurv_tf.data.catalog import dataset_names
from semicurv_tf.errors import UserError
from semicurv_tf.recipes import DEFAULT, NO_LABEL, file_to_train, recipe_names
from semicurv_tf.section import as_yaml

# Keys that have an option of their own, which is what one types.
OPTIONS = {
    "data.dataset": "--dataset",
    "data.data_dir": "--data-dir",
    "data.unlabelled_dir": "--unlabelled-dir",
    "data.labels": "--labels",
    "method.name": "--method",
    "model.name": "--model",
    "training.steps": "--steps",
    "training.seed": "--seed",
    "training.devices": "--devices",
    "training.precision": "--precision",
}


@dataclasses.dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        config: the configuration, everything filled in.
        settings: dotted key to value, those that the user named.
        folder: the folder that was named alone; None: a dataset.
        recipe, config_file: where the other values come from; neither: the fields' own defaults.
        planned: whether crop and length follow from the images where the user names none.
        budget_minutes: the time that the run may take; None: as long as its steps take.
    """

    config: Config
    settings: dict[str, Any]
    folder: Path | None = None
    recipe: str | None = None
    config_file: Path | None = None
    planned: bool = False
    budget_minutes: float | None = None

    @property
    def largest_pixels(self) -> float:
        """Of a crop or image to train on, before one is read: a plan takes small ones, a folder alone may hold any."""
        data = self.config.data
        if data.crop:
            return data.crop**2
        return math.inf if data.dataset == "folder" and not self.planned else 0

    def command(self, run: Path | None = None, **more) -> str:
        """What to type for the same, with nothing left to be chosen.

        Args:
            run: the run folder; None: left out.
            **more: further settings, keys with `__` for the dot.
        """
        words = ["semicurv-tf", "train"] + ([] if self.folder is None else [str(self.folder)])
        words += ["--recipe", self.recipe] if self.recipe else []
        words += ["--config", str(self.config_file)] if self.config_file else []
        own = {key: value for key, value in self.settings.items() if not self._said_by_folder(key, value)}
        for key, value in {**own, **{key.replace("__", "."): value for key, value in more.items()}}.items():
            text = (
                "all" if (key, value) == ("data.labels", 1.0) else value if isinstance(value, str) else as_yaml(value)
            )
            words += [OPTIONS[key], text] if key in OPTIONS else ["--set", f"{key}={text}"]
        words += [] if run is None else ["--run", str(run)]
        return shlex.join(words)

    def _said_by_folder(self, key: str, value) -> bool:
        return self.folder is not None and (
            key in ("data.dataset", "data.data_dir") or (key == "data.labels" and value == 1.0)
        )


def read_request(
    folder: str | Path | None = None,
    *,
    recipe: str | None = None,
    config_file: str | Path | None = None,
    start: str | Path | None = None,
    settings: dict[str, Any] | None = None,
    budget_minutes: float | None = None,
) -> Request:
    """Puts together what the user named.

    Args:
        folder: of images and masks; all masks count unless `data.labels` says otherwise.
        recipe: a name of `recipe_names()`.
        config_file: a YAML file, not with `recipe`.
        start: a run folder or a file of weights to begin from; the network is then that of the run.
        settings: dotted key to value; they win over recipe and file.
        budget_minutes: the length of the run is planned to this time.

    Raises:
        UserError: two of what one is expected of, no such folder, and what `load_config` says.
    """
    settings = dict(settings or {})
    if recipe is not None and config_file is not None:
        raise UserError(
            f"--recipe {recipe} --config {config_file}: expected one of them, found both. Fix: leave one out"
        )
    _require_budget(budget_minutes, settings)
    if folder is not None:
        folder = Path(folder)
        _require_folder(folder, settings)
        settings |= {"data.dataset": "folder", "data.data_dir": str(folder)}
        settings.setdefault("data.labels", 1.0)
    file = file_to_train(recipe, config_file, settings)
    if start is not None:
        if "model.start" in settings:
            raise UserError(f"--from {start}: expected no model.start beside it. Fix: leave one out")
        settings = {**_network_of(start), **settings, "model.start": str(start)}
    by_default = recipe is None and config_file is None and file is not None
    if by_default and file is not None:
        recipe = file.stem
    return Request(
        load_config(file, settings, "configuration" if by_default else None),
        settings,
        folder,
        recipe,
        None if config_file is None else Path(config_file),
        recipe in (DEFAULT, NO_LABEL),
        budget_minutes,
    )


def _require_budget(minutes: float | None, settings: dict):
    if minutes is None:
        return
    if not 0 < minutes < math.inf:
        raise UserError(f"--budget-minutes {minutes:g}: expected a number above 0. Fix: --budget-minutes 5")
    for key in ("training.steps", "training.epochs"):
        if key in settings:
            raise UserError(
                f"--budget-minutes {minutes:g}: expected no {OPTIONS.get(key, key)} beside it, found {settings[key]}. "
                "Fix: leave one out"
            )


def _network_of(start: str | Path) -> dict[str, Any]:
    if str(start) == "none":
        return {}
    from semicurv_tf.training.start_network import settings_of_start  # takes a second, which a wrong option can spare

    return settings_of_start(start)


def _require_folder(folder: Path, settings: dict):
    for key in ("data.dataset", "data.data_dir"):
        if key in settings:
            raise UserError(
                f"train {folder}: expected no {OPTIONS[key]} beside a folder, found {settings[key]}. Fix: leave it out"
            )
    if folder.is_dir():
        return
    text = str(folder)
    if text in dataset_names():
        raise UserError(f"train {text}: expected a folder, found a dataset's name. Fix: --dataset {text}")
    if text in recipe_names():
        raise UserError(f"train {text}: expected a folder, found a recipe's name. Fix: --recipe {text}")
    raise UserError(
        f"train {text}: expected a folder with images/ and masks/, found no such folder. "
        "Fix: check the path; semicurv-tf train --dataset synthetic needs none"
    )
