"""Commands that train take oneDNN's kernels, and a run goes on with those that it began with."""

import json
import math
import os
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from semicurv_tf import onednn
from semicurv_tf.evaluation.open_run import OpenRun
from semicurv_tf.onednn import LARGEST_SIDE_PX, SWITCH, onednn_in_use, other_kernels, take_onednn
from semicurv_tf.planning.request import read_request

X86 = platform.machine().lower() in ("x86_64", "amd64")
pytestmark = pytest.mark.skipif(not X86, reason="what TensorFlow takes elsewhere is left to it")


@pytest.fixture
def before_tensorflow(monkeypatch):
    """As in a process that has just begun; its environment is forgotten afterwards."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setenv(SWITCH, "")
    monkeypatch.delenv(SWITCH)


@pytest.fixture
def run_of(tmp_path):
    def write(text):
        (tmp_path / "run.json").write_text(text)
        return tmp_path

    return write


def test_a_new_run_takes_them(before_tensorflow):
    take_onednn()
    assert os.environ[SWITCH] == "1"


def test_large_images_are_left_to_tensorflow(before_tensorflow):
    """Their convolutions fall to a reference kernel that takes minutes for a second."""
    take_onednn(pixels=LARGEST_SIDE_PX**2 + 1)
    assert SWITCH not in os.environ
    take_onednn(pixels=LARGEST_SIDE_PX**2)
    assert os.environ[SWITCH] == "1"


@pytest.mark.parametrize(
    "folder, recipe, settings, largest",
    [
        (None, None, {"data.dataset": "synthetic"}, 0),
        (None, None, {"data.dataset": "synthetic", "data.crop": 1024}, 1024**2),
        ("photos", None, {}, 0),
        ("photos", "paper", {}, math.inf),  # whole images, and they may be large
        ("photos", "paper", {"data.crop": 256}, 256**2),
    ],
)
def test_what_is_trained_on_is_known_before_an_image_is_read(tmp_path, folder, recipe, settings, largest):
    request = read_request(folder and tmp_path, recipe=recipe, config_file=None, settings=settings)
    assert request.largest_pixels == largest


@pytest.mark.parametrize("asked, largest", [("1", LARGEST_SIDE_PX), ("0", 1500)])
def test_large_images_are_scored_by_tiles(monkeypatch, asked, largest):
    monkeypatch.setenv(SWITCH, asked)
    sides = []

    def predict(image):
        sides.append(max(image.shape[1:3]))
        return image[..., :1] / 255.0

    opened = OpenRun(Path(), None, {}, None, predict, "none", 16)
    image = np.random.default_rng(0).integers(0, 256, (1, 1500, 700, 3)).astype(np.float32)
    np.testing.assert_allclose(opened._probability(image), image[..., :1] / 255.0, atol=1e-6)
    assert max(sides) == largest


def test_the_users_environment_decides(before_tensorflow, monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    take_onednn()
    assert os.environ[SWITCH] == "0"


@pytest.mark.parametrize(
    "text, value", [('{"onednn": true}', "1"), ('{"onednn": false}', "0"), ("{}", None), ('{"onednn": 7}', None)]
)
def test_a_run_goes_on_as_it_began(before_tensorflow, run_of, text, value):
    take_onednn(run_of(text))
    assert os.environ.get(SWITCH) == value


def test_a_pretraining_goes_on_as_it_began(before_tensorflow, tmp_path):
    (tmp_path / "pretraining.json").write_text('{"onednn": false}')
    take_onednn(tmp_path, file="pretraining.json")
    assert os.environ[SWITCH] == "0"


def test_what_is_no_run_is_left_to_who_opens_it(before_tensorflow, tmp_path, run_of):
    take_onednn(tmp_path)
    take_onednn(run_of("[damaged"))
    assert SWITCH not in os.environ


def test_once_tensorflow_is_loaded_nothing_is_asked_for(before_tensorflow, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    take_onednn()
    assert SWITCH not in os.environ


def test_other_kernels_are_said_with_the_command_for_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(onednn, "onednn_in_use", lambda: True)
    assert other_kernels(True, "go on") is None
    assert other_kernels(None, "go on") is None
    said = other_kernels(False, "semicurv-tf train --resume " + str(tmp_path))
    assert said.startswith("note: began without oneDNN and goes on with:")
    assert said.endswith(f"{SWITCH}=0 semicurv-tf train --resume {tmp_path}")


def test_a_training_says_what_it_took_and_keeps_to_it(command, small_run, tmp_path, monkeypatch):
    """`small_run` was trained by the installed program, whose environment says nothing of it."""
    assert os.environ.get(SWITCH) is None
    assert json.loads((small_run / "run.json").read_text())["onednn"] is True
    run = tmp_path / "run"
    network = ("--method", "supervised", "--set", "model.widths=[4,8]", "--precision", "float32")
    arguments = ("train", "--dataset", "synthetic", "--labels", "0.05", *network, "--run", run)
    monkeypatch.setenv(SWITCH, "0")
    command(*arguments, "--steps", "2", own_process=True)
    assert json.loads((run / "run.json").read_text())["onednn"] is False
    monkeypatch.setenv(SWITCH, "1")
    assert "goes on with" in command("train", "--resume", run, "--steps", "3", own_process=True)
    monkeypatch.delenv(SWITCH)
    assert "oneDNN" not in command("train", "--resume", run, "--steps", "4", own_process=True)


def test_tensorflow_says_what_it_took():
    assert onednn_in_use() in (True, False)
