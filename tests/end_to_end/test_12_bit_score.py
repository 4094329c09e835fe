"""12 bit in 16 bit trains to the score of the same pictures in 8 bit: what is read decides, not how it is stored."""

import json

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.main import cli
from semicurv_tf.data.drawing import draw_example
from semicurv_tf.data.load import load_dataset
from semicurv_tf.training import run_folder

SETTINGS = {
    "data.labels": 1.0, "data.crop": 64, "training.steps": 4, "training.batch_labelled": 2,
    "training.precision": "float32", "training.pictures_every": 0,
}  # fmt: skip
IMAGES = {"train": 8, "val": 2, "test": 2}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """8 bit PNGs, and TIFFs of a dim camera: the value times 2 and 580 more, of which the high byte has 3 levels."""
    root = tmp_path_factory.mktemp("depths")
    for depth in (8, 12):
        for part in ("images", "masks", "splits"):
            (root / str(depth) / part).mkdir(parents=True)
        number = 0
        for split, count in IMAGES.items():
            names = [f"d{number + k:02d}" for k in range(count)]
            (root / str(depth) / "splits" / f"{split}.txt").write_text("\n".join(names))
            for name in names:
                image, mask = draw_example([12, number])
                grey = np.asarray(Image.fromarray(image).convert("L"))
                number += 1
                Image.fromarray(255 * mask[..., 0]).save(root / str(depth) / "masks" / f"{name}.png")
                if depth == 8:
                    Image.fromarray(grey).save(root / "8" / "images" / f"{name}.png")
                else:
                    tifffile.imwrite(root / "12" / "images" / f"{name}.tif", grey.astype(np.uint16) * 2 + 580)
    return root


def standardised(folder, cache):
    """What the network's first convolution sees, and how much a step of 8 bit is there."""
    train = load_dataset("folder", folder, cache_dir=cache, options={"channels": 1}).train
    images = np.stack([train.read(index)["image"] for index in range(len(train))]).astype(np.float64)
    return (images - images.mean()) / images.std(), 1 / images.std()


def test_a_network_is_fed_the_same_to_a_step_of_8_bit(folders, tmp_path):
    narrow, step = standardised(folders / "8", tmp_path / "8")
    wide, wide_step = standardised(folders / "12", tmp_path / "12")
    assert abs(narrow - wide).max() <= step / 2 + wide_step / 2 + 1e-9


def test_the_same_score(folders, tmp_path):
    """54.3 and 54.4 with 10 steps and 4 test images; by the high byte alone (`value_range=0:65535`) 16.9."""
    scores = {}
    for depth in ("8", "12"):
        settings = {**SETTINGS, "data.cache_dir": tmp_path / "cache"}
        for command in (
            ["train", folders / depth, "--run", tmp_path / depth, *(f"--set={k}={v}" for k, v in settings.items())],
            ["evaluate", "--run", tmp_path / depth],
        ):
            result = CliRunner().invoke(cli, [str(word) for word in command], catch_exceptions=False)
            assert result.exit_code == 0, result.output
        scores[depth] = json.loads((tmp_path / depth / run_folder.SCORES).read_text())["test"]["mean"]["iou"]
    assert scores["8"] > 0.4 and abs(scores["12"] - scores["8"]) < 0.02, scores
