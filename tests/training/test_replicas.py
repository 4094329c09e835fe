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


def start(output, *arguments, **environment):
    """Starts `replica_steps`; returns the process."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore", **environment}
    command = [sys.executable, "-m", "tests.training.replica_steps", str(output), *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process, output):
    """Waits and reads what it wrote."""
    text, _ = process.communicate(timeout=900)
    assert process.returncode == 0, text
    return dict(np.load(output))


@pytest.fixture(scope="session")
def one_device(tmp_path_factory):
    """What one device computes."""
    output = tmp_path_factory.mktemp("replicas") / "1.npz"
    return finish(start(output), output)


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
def test_twenty_steps_equal_those_of_one_device(one_device, tmp_path, devices):
    output = tmp_path / "many.npz"
    found = finish(start(output, "--devices", devices), output)
    assert_same(found, one_device)
    # The steps were no standstill, and losses of one replica alone would differ.
    for name in METHODS:
        assert np.linalg.norm(found[f"{name} gradient"]) > 0.01
        assert abs(found[f"{name} dice"][-1] - found[f"{name} dice"][0]) > 0.05


def test_a_few_steps_of_every_other_method_equal_those_of_one_device(tmp_path):
    others = [word for name in ALL_METHODS if name not in METHODS for word in ("--method", name)]
    outputs = [tmp_path / f"{devices}.npz" for devices in (1, 2)]
    processes = [
        start(output, *others, "--steps", 3, "--devices", devices) for devices, output in enumerate(outputs, start=1)
    ]
    expected, found = (finish(process, output) for process, output in zip(processes, outputs))
    assert_same(found, expected)
    assert len({name.partition(" ")[0] for name in found}) == len(ALL_METHODS) - len(METHODS)


def test_the_recipe_with_soft_labels_equals_that_of_one_device(tmp_path):
    """CutMix, cross-entropy, one orientation per step for the teacher, aligned, moving statistics, and transplants."""
    keys = (
        "transplants=0.5",
        "align_foreground=true",
        "pixel_loss=cross_entropy",
        "teacher_view=orientation",
        "batch_statistics=moving",
        "dice_over=batch",
    )
    settings = [word for key in keys for word in ("--set", f"method.{key}")]
    outputs = [tmp_path / f"{devices}.npz" for devices in (1, 2)]
    processes = [
        start(output, "--method", "cutmix", *settings, "--steps", 5, "--devices", devices)
        for devices, output in enumerate(outputs, start=1)
    ]
    expected, found = (finish(process, output) for process, output in zip(processes, outputs))
    assert_same(found, expected)


def test_two_worker_processes_equal_one_device(one_device, tmp_path):
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in (first, second)]
    cluster = {"worker": addresses}
    output = tmp_path / "workers.npz"
    tasks = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in range(2)]
    other, chief = (start(output, TF_CONFIG=task) for task in reversed(tasks))
    found = finish(chief, output)
    text, _ = other.communicate(timeout=900)
    assert other.returncode == 0, text
    assert_same(found, one_device)
