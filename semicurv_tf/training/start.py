"""What a run begins with: random weights, the built-in ones, those of a file, or those of another run.

Student and teacher begin alike. Of another run it is the deployed network, so its own network must be built again:
`start_network.settings_of_start` says how.
"""

import hashlib
from pathlib import Path

import numpy as np

from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.section import as_yaml, set_option
from semicurv_tf.training import run_folder
from semicurv_tf.training.start_network import OF_THE_NETWORK, is_run
from semicurv_tf.weights.builtin import read_weights
from semicurv_tf.weights.start import load_start

RANDOM = "none"


def start_facts(config: Config) -> dict | None:
    """What the run remembers of its start; None where it begins at random.

    Reads the file, so that a fault is said early.

    Raises:
        UserError: no such weights, a damaged file, or weights of another network.
    """
    start = config.model.start
    if start == RANDOM:
        return None
    if is_run(start):
        return _facts_of_run(config, Path(start))
    weights = read_weights(start)
    if config.model.widths != weights.widths:
        found = as_yaml(config.model.widths or ())
        raise UserError(
            f"model.start: {start} is for model.widths {as_yaml(weights.widths)}, found {found}. "
            f"Fix: {set_option('model.widths', weights.widths)}, or --set model.start=none"
        )
    return {"name": start, "sha256": weights.card["sha256"], "steps": weights.card.get("steps")}


def begin(learner, config: Config) -> None:
    """Gives student and teacher the weights of `model.start`; random weights stay.

    Raises:
        UserError: the weights do not fit the network.
    """
    if config.model.start == RANDOM:
        return
    load_network(learner.student, config.model.start)
    if learner.teacher is not None:
        learner.teacher.set_weights(learner.student.get_weights())
    learner.remember_start()


def load_network(network, start: str) -> None:
    """Gives a built network the weights of a file, a run or a name, as `model.start` says them.

    Raises:
        UserError: the weights do not fit the network.
    """
    if is_run(start):
        _load_run(network, Path(start))
    else:
        load_start(network, start)


def described_start(start: dict) -> str:
    """The start in words, from what `start_facts` returned."""
    if "run" in start:
        return f"begins with the network of {start['run']} (step {start['steps']})"
    return f"begins with the weights of {start['name']} ({start['steps']} steps on drawn images)"


def _facts_of_run(config: Config, run: Path) -> dict:
    theirs = run_folder.read_config(run).model
    different = [key for key in OF_THE_NETWORK if getattr(theirs, key) != getattr(config.model, key)]
    if different:
        said = lambda model: ", ".join(f"model.{key}={as_yaml(getattr(model, key))}" for key in different)
        fix = " ".join(set_option(f"model.{key}", getattr(theirs, key)) for key in different)
        raise UserError(
            f"model.start: {run} has another network: expected {said(theirs)}, found {said(config.model)}. Fix: {fix}"
        )
    network, facts = run_folder.load_deployed(run)
    return {"name": str(run), "run": str(run), "sha256": _digest(network.get_weights()), "steps": facts["step"]}


def _load_run(student, run: Path) -> None:
    network, facts = run_folder.load_deployed(run)
    arrays, wanted = network.get_weights(), [tuple(each.shape) for each in student.weights]
    if [array.shape for array in arrays] != wanted:
        raise UserError(
            f"model.start: {run} is for images of {facts['channels']} channels and its own network, these images do "
            "not fit it. Fix: --set model.start=none"
        )
    student.set_weights(arrays)


def _digest(arrays) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, np.float32).data)
    return digest.hexdigest()
