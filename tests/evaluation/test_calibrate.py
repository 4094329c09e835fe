"""Calibration of a whole run: probabilities change everywhere alike, masks nowhere."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from semicurv_tf.cli.console import console
from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.calibrate import calibrate, describe
from semicurv_tf.evaluation.choose_threshold import choose_threshold
from semicurv_tf.evaluation.open_run import open_run
from semicurv_tf.training import run_folder
from semicurv_tf.training.train import resume, train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six images for training, five for validation, one for the test."""
    folder = tmp_path_factory.mktemp("calibrated") / "MY"
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 5), ("test", 1)):
        for kind in ("images", "masks"):
            (folder / kind / split).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((48, 48), np.uint8)
            mask[rng.integers(8, 40)] = 255
            image = np.clip(rng.normal(150, 25, mask.shape) - mask / 4, 0, 255).astype(np.uint8)
            Image.fromarray(image).save(folder / "images" / split / f"{split}{number}.png")
            Image.fromarray(mask).save(folder / "masks" / split / f"{split}{number}.png")
    return folder


@pytest.fixture(scope="module")
def run(folder):
    settings = {"data.dataset": "folder", "data.data_dir": str(folder), "data.labels": 1.0, "model.widths": [4, 6]}
    settings |= {
        "method.name": "supervised",
        "training.steps": 60,
        "model.batch_norm_momentum": 0.9,
        "training.precision": "float32",
    }
    run = folder.parent / "run"
    train(load_config(None, {**settings, "training.learning_rate": 0.01}), run, console())
    return run


def probabilities(run):
    opened = open_run(run, None, console())
    return {image.name: image.probability for image in opened.predictions(opened.images("validation"))}


def test_probabilities_follow_the_temperature_and_masks_stay(run):
    before = probabilities(run)
    threshold = choose_threshold(open_run(run, None, console()), "validation", "iou", console())["threshold"]
    opened = open_run(run, None, console())
    chosen = calibrate(opened, None, console())
    assert chosen["after"]["cross_entropy"] <= chosen["before"]["cross_entropy"] + 1e-9
    assert json.loads((run / "temperature.json").read_text()) == chosen
    assert "5 validation images" in describe(chosen, opened)
    carried = run_folder.chosen_threshold(run)
    after = probabilities(run)
    logit = lambda value: np.log(value) - np.log1p(-value)
    for name, probability in before.items():
        told = (probability > 1e-3) & (probability < 1 - 1e-3)  # beyond, float32 has few digits of a logit
        divided = logit(probability[told]) / chosen["temperature"]
        np.testing.assert_allclose(logit(after[name][told]), divided, atol=1e-2)
        clear = np.abs(probability - threshold) > 1e-5
        assert ((after[name] > carried) == (probability > threshold))[clear].all()
    image = np.full((1, 48, 48, 3), 120.0, np.float32)
    network, _ = run_folder.load_deployed(run)
    np.testing.assert_allclose(keras.saving.load_model(run / "deployed.keras")(image), network(image), atol=1e-5)


def test_a_second_time_changes_nothing_more(run):
    first = calibrate(open_run(run, None, console()), None, console())["temperature"]
    assert calibrate(open_run(run, None, console()), None, console())["temperature"] == pytest.approx(first, rel=0.01)


def test_a_longer_run_drops_it(run):
    calibrate(open_run(run, None, console()), None, console())
    resume(run, load_config(run / "config.yaml", {"training.steps": 61}), console())
    assert not (run / "temperature.json").exists()
    assert run_folder.load_deployed(run)[1]["step"] == 61


def test_images_that_were_trained_on_are_refused(run):
    with pytest.raises(UserError, match="expected at least 5 validation images.*always sure"):
        calibrate(open_run(run, None, console()), "labelled", console())
