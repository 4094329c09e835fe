"""Recipes: configurations that come with the package, found by name. Each is a YAML file of this folder.

A recipe begins with comments that a program reads: `# About:`, `# Command:`, `# Score:` and `# Cost:`, one line
each. Nothing else lists recipes, thus what `semicurv-tf recipes` prints is what the files say.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from semicurv_tf.errors import UserError

FOLDER = Path(__file__).parent
HEAD = ("About", "Command", "Score", "Cost")
# What `train` takes where nothing names a recipe, a file, a method or a network; and that where no image is labelled.
DEFAULT, NO_LABEL = "default", "no_label"


class Recipe(NamedTuple):
    """What a recipe's file says about itself.

    Attributes:
        name: the file's name without `.yaml`.
        dataset: `data.dataset` of the file.
        labels: `data.labels`, the labelled fraction in (0, 1], or None where the file leaves it to the user.
        about: what it is, in one line.
        command: how it is run.
        score: what it reached, or `not measured`.
        cost: the time that a run takes, and on what.
    """

    name: str
    dataset: str | None
    labels: float | None
    about: str
    command: str
    score: str
    cost: str


def recipe_names() -> tuple[str, ...]:
    """The names that `--recipe` takes, in alphabetical order.

    >>> "drive128_supervised" in recipe_names()
    True
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def recipe_file(name: str, option: str = "--recipe ") -> Path:
    """The YAML file of a recipe, for `load_config`.

    Args:
        name: one of `recipe_names()`.
        option: what stands before the name on the command line, for the message.

    Raises:
        UserError: no recipe has this name; the line names the one that comes nearest, and all others.
    """
    names = recipe_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4) or names[:1]
        raise UserError(
            f"{option}{name}: expected a name from `semicurv-tf recipes`, but no recipe has this name. "
            f"Fix: {option}{near[0]}, or one of {', '.join(names)}"
        )
    return FOLDER / f"{name}.yaml"


def file_to_train(recipe: str | None, config_file: str | Path | None, settings: Mapping[str, Any]) -> Path | None:
    """The configuration file that a training begins from; None: the fields' own defaults, which are the paper's.

    >>> file_to_train(None, None, {"training.seed": 1}).name, file_to_train(None, None, {"method.name": "vat"})
    ('default.yaml', None)
    >>> file_to_train(None, None, {"data.labels": "0"}).name
    'no_label.yaml'

    Args:
        recipe, config_file: what the user names, at most one of them.
        settings: dotted keys that the user sets, and their values. Who names a method or a network wants that one and
            not the recipe's.

    Raises:
        UserError: no recipe has this name.
    """
    if recipe is not None:
        return recipe_file(recipe)
    if config_file is not None:
        return Path(config_file)
    if {"method.name", "model.name"} & set(settings):
        return None
    return recipe_file(NO_LABEL if str(settings.get("data.labels")) in ("0", "0.0") else DEFAULT)


def recipe_or_file(text: str) -> Path:
    """The YAML file of a recipe's name, or of a path: what has a suffix or a folder in it is a path.

    >>> recipe_or_file("quickstart") == recipe_file("quickstart"), str(recipe_or_file("mine.yaml"))
    (True, 'mine.yaml')

    Raises:
        UserError: no recipe has this name.
    """
    path = Path(text)
    return path if path.suffix or len(path.parts) > 1 else recipe_file(text, option="")


def recipe(name: str) -> Recipe:
    """Reads what a recipe says about itself.

    >>> recipe("quickstart").dataset
    'synthetic'

    Raises:
        UserError: no recipe has this name.
    """
    return read_head(recipe_file(name))


def read_head(path: Path) -> Recipe:
    """Reads the head of a YAML file of configuration that has one.

    Raises:
        ValueError: a line of the head is missing.
    """
    text = path.read_text(encoding="utf-8")
    found = dict(re.findall(rf"^# ({'|'.join(HEAD)}): (.+)$", text, flags=re.MULTILINE))
    missing = [f"# {key}:" for key in HEAD if key not in found]
    if missing:
        raise ValueError(f"Expected a head with {', '.join(missing)}. Received: {path}")
    data = yaml.safe_load(text).get("data", {})
    about, command, score, cost = (found[key].strip() for key in HEAD)
    return Recipe(path.stem, data.get("dataset"), data.get("labels"), about, command, score, cost)
