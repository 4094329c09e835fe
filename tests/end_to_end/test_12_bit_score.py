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
    "data.labels": 1.0, "training.steps": 10, "training.precision": "float32", "training.pictures_every": 0,
    "data.crop": 64,
}  # fmt: skip
IMAGES = {"train": 8, "val": 2, "test": 4}


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
    scores = {}
    for depth, value_range in (("8", ""), ("12", ""), ("12", "0:65535")):
        run = tmp_path / f"{depth}{value_range[:1]}"
        settings = {**SETTINGS, "data.cache_dir": tmp_path / "cache", "data.options.value_range": value_range}
        for command in (
            ["train", folders / depth, "--run", run, *(f"--set={key}={value}" for key, value in settings.items())],
            ["evaluate", "--run", run],
        ):
            result = CliRunner().invoke(cli, [str(word) for word in command], catch_exceptions=False)
            assert result.exit_code == 0, result.output
        scores[depth, value_range] = json.loads((run / run_folder.SCORES).read_text())["test"]["mean"]["iou"]
    print(scores)
    assert abs(scores["12", ""] - scores["8", ""]) < 0.02, scores
    assert scores["12", "0:65535"] < scores["12", ""] - 0.05, scores  # the high byte alone, which has three levels
