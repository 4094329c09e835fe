"""`train --labels 0`: photographs without a single mask, from weights that know curves."""

import json

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.weights import write_weights
from tests.end_to_end.conftest import SMALL

METHOD = [
    "--method",
    "mean_teacher",
    "--set",
    "method.pixel_loss=cross_entropy",
    "--set",
    "method.teacher_scales=[1.0,2.0]",
]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, (40, 48, 3), np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    network = ResidualUNet(widths=(4, 8), encoding="none")
    network.build((None, None, None, 3))
    path = tmp_path_factory.mktemp("start") / "small.npz"
    write_weights(path, network.get_weights(), {"widths": [4, 8]})
    return path


def test_photographs_without_a_mask(command, photographs, start, tmp_path):
    run = tmp_path / "run"
    data = ["--dataset", "folder", "--data-dir", photographs, "--labels", "0", "--set", "data.crop=32"]
    begin = ["--set", f"model.start={start}", "--steps", "3", "--run", run, *SMALL]
    text = command("train", *data, *begin, *METHOD)
    assert "0 labelled (none, of 0 with a mask) of 4" in text and "no image is labelled" in text
    assert json.loads((run / "run.json").read_text())["labelled"] == []
    last = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 3 and np.isfinite(last["cross_entropy"]) and "dice" not in last
    command("train", "--resume", run, "--steps", "5")
    command("predict", "--run", run, "--input", photographs, "--output", tmp_path / "masks")
    assert len(list((tmp_path / "masks").glob("*.png"))) == 4
    command("export", "--run", run, "--output", tmp_path / "export")


def test_masks_that_are_there_are_not_looked_at(command, start, tmp_path):
    """The labels of the built-in data stay hidden, and serve to score the run afterwards."""
    run = tmp_path / "run"
    begin = ["--set", f"model.start={start}", "--steps", "2", "--run", run, *SMALL]
    command("train", "--dataset", "synthetic", "--labels", "0", *begin, *METHOD)
    assert json.loads((run / "run.json").read_text())["labelled"] == []
    assert "iou" in command("evaluate", "--run", run)


def test_what_needs_labels_says_so(command, photographs, tmp_path):
    common = ["train", "--dataset", "folder", "--data-dir", photographs, "--run", tmp_path / "run"]
    found = command(*common, *SMALL, "--method", "supervised", "--labels", "0", expect=2)
    assert "supervised needs labelled images, found 0. Fix: --labels 3, or --method mean_teacher" in found
    found = command(*common, *SMALL, *METHOD, expect=2)
    assert "expected at least one training image with a mask, found none" in found and "--labels 0" in found
