"""A step on several replicas is the step on one replica with the whole batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from semicurv_tf.methods.registry import METHODS as ALL_METHODS

PROJECT = Path(__file__).resolve().parents[2]
METHODS = ("supervised", "mean_teacher", "semicurv")
# As the commands load Keras: without what takes two seconds to load and is not used.
PROGRAM = """
import runpy
from semicurv_tf.cli.lean_keras import keep_keras_lean
keep_keras_lean()
runpy.run_module("tests.training.replica_steps", run_name="__main__")
"""


RECIPE = {
    "method.transplants": 0.5,
    "method.align_foreground": True,
    "method.pixel_loss": "cross_entropy",
    "method.teacher_view": "orientation",
    "method.batch_statistics": "moving",
    "method.dice_over": "batch",
    "method.start_share": 0.3,
}


def job(label, method, steps, settings=None):
    return {"label": label, "method": method, "steps": steps, "settings": settings or {}}


# Changes of light are the same for all methods: they are drawn for student and teacher with one of them and the
# recipe, and half of each graph would be theirs.
LIGHT, NO_LIGHT = {"views.photometric": 1.0}, {"views.photometric": 0.0}
LONG = [job(name, name, 20, LIGHT if name == "semicurv" else NO_LIGHT) for name in METHODS]
SHORT = [job(name, name, 3, NO_LIGHT) for name in ALL_METHODS if name not in METHODS]
RECIPES = [job("recipe", "cutmix", 5, {**RECIPE, **LIGHT})]


def start(output, jobs, *arguments, **environment):
    """Starts `replica_steps`; returns the process."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore", **environment}
    command = [sys.executable, "-c", PROGRAM, str(output), "--jobs", json.dumps(jobs)]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(process, output):
    """Waits and reads what it wrote."""
    text, _ = process.communicate(timeout=900)
    assert process.returncode == 0, text
    return dict(np.load(output))


def of(jobs, found):
    """What these jobs wrote, of all that was found."""
    labels = {each["label"] for each in jobs}
    return {name: values for name, values in found.items() if name.partition(" ")[0] in labels}


@pytest.fixture(scope="module")
def one_and_two_devices(tmp_path_factory):
    """What one device computes, and what two do, of all jobs."""
    outputs = [tmp_path_factory.mktemp("replicas") / f"{devices}.npz" for devices in (1, 2)]
    processes = [
        start(output, LONG + SHORT + RECIPES, "--devices", devices) for devices, output in enumerate(outputs, start=1)
    ]
    return [finish(process, output) for process, output in zip(processes, outputs)]


@pytest.fixture(scope="module")
def one_device(one_and_two_devices):
    return of(LONG, one_and_two_devices[0])


def assert_same(found, expected):
    """Losses and weights to 1e-4, first gradients to 1e-5, relative."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        error = np.abs(found[name] - values)
        if name.endswith("gradient"):
            assert np.linalg.norm(error) <= 1e-5 * np.linalg.norm(values), name
        elif name.endswith("weights"):
            assert np.all(error <= 1e-4 * np.abs(values) + 1e-6), (name, error.max())
        else:
            assert np.all(error <= 1e-4 * np.abs(values)), (name, error.max())


@pytest.mark.parametrize("devices", [2, 4])
def test_twenty_steps_equal_those_of_one_device(one_and_two_devices, one_device, tmp_path, devices):
    output = tmp_path / "many.npz"
    two = one_and_two_devices[1]
    found = of(LONG, two) if devices == 2 else finish(start(output, LONG, "--devices", devices), output)
    assert_same(found, one_device)
    # The steps were no standstill, and losses of one replica alone would differ.
    for name in METHODS:
        assert np.linalg.norm(found[f"{name} gradient"]) > 0.01
        assert abs(found[f"{name} dice"][-1] - found[f"{name} dice"][0]) > 0.05


def test_a_few_steps_of_every_other_method_equal_those_of_one_device(one_and_two_devices):
    expected, found = (of(SHORT, each) for each in one_and_two_devices)
    assert_same(found, expected)
    assert len({name.partition(" ")[0] for name in found}) == len(ALL_METHODS) - len(METHODS)


def test_the_recipe_with_soft_labels_equals_that_of_one_device(one_and_two_devices):
    """CutMix, cross-entropy, one orientation per step for the teacher, aligned, moving statistics, and transplants."""
    expected, found = (of(RECIPES, each) for each in one_and_two_devices)
    assert "recipe weights" in expected
    assert_same(found, expected)


def test_two_worker_processes_equal_one_device(one_device, tmp_path):
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in (first, second)]
    cluster = {"worker": addresses}
    output = tmp_path / "workers.npz"
    tasks = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in range(2)]
    other, chief = (start(output, LONG, TF_CONFIG=task) for task in reversed(tasks))
    found = finish(chief, output)
    text, _ = other.communicate(timeout=900)
    assert other.returncode == 0, text
    assert_same(found, one_device)
