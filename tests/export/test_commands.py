"""The command `export`, on a run that is stood in for by a tiny network."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.export import export
from semicurv_tf.cli.predict import predict
from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.export.card import read_card
from semicurv_tf.training import run_folder


@pytest.fixture
def run(monkeypatch, network):
    facts = {"channels": 3, "labelled": ["one", "two"], "step": 7, "versions": {"keras": "3"}}
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, facts))
    monkeypatch.setattr(run_folder, "read_config", lambda run: Config())


def call(*arguments):
    return CliRunner().invoke(export, [str(argument) for argument in arguments])


def test_a_version_with_its_card(run, tmp_path):
    done = call("--run", "RUN", "--output", tmp_path / "m", "--size", "32x48", "--max-batch", "1")
    assert (
        done.exit_code == 0 and f"{tmp_path / 'm' / '1'}: SavedModel of" in done.output and "size 32x48" in done.output
    )
    card = read_card(tmp_path / "m" / "1")
    assert card["size"] == [32, 48] and card["labelled_images"] == ["one", "two"] and card["step"] == 7
    assert card["dataset"] == "synthetic" and card["configuration"]["model"]["encoding"] == "sinusoid"
    again = call("--run", "RUN", "--output", tmp_path / "m", "--version", "1")
    assert isinstance(again.exception, UserError) and "never overwritten" in str(again.exception)


def test_the_card_tells_the_chosen_threshold_and_the_scores(run, tmp_path):
    folder = tmp_path / "RUN"
    folder.mkdir()
    chosen = {"threshold": 0.42, "split": "validation", "score": 0.5, "metric": "iou"}
    (folder / "threshold.json").write_text(json.dumps(chosen))
    (folder / "scores.json").write_text(
        json.dumps({"test": {"mean": {"iou": 0.4}, "each": {"a": {"iou": 0.4}}, "curve": {}}})
    )
    assert call("--run", folder, "--output", tmp_path / "m", "--size", "32x48", "--max-batch", "1").exit_code == 0
    card = read_card(tmp_path / "m" / "1")
    assert (
        card["threshold"] == 0.42
        and card["threshold_chosen"] == chosen
        and card["scores"] == {"test": {"mean": {"iou": 0.4}}}
    )
    (folder / "threshold.json").write_text('{"threshold": 3}')
    assert "expected a threshold in (0, 1), found 3" in str(call("--run", folder, "--output", tmp_path / "m").exception)


def test_an_export_leaves_out_what_the_training_left_out(network, tmp_path, monkeypatch):
    facts = {"channels": 3, "labelled": ["one"], "no_data": "253-255"}
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, facts))
    monkeypatch.setattr(run_folder, "read_config", lambda run: Config())
    assert call("--run", "RUN", "--output", tmp_path / "m").exit_code == 0
    pixels = np.random.default_rng(0).integers(0, 250, (48, 64, 3), np.uint8)
    pixels[:, 40:] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")

    def probability(*options):
        paths = ["--input", str(tmp_path / "a.png"), "--output", str(tmp_path / "out"), "--probability", "--overwrite"]
        model = ["--saved-model", str(tmp_path / "m" / "1"), "--trust", *options]
        done = CliRunner().invoke(predict, [*model, *paths], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return np.asarray(Image.open(tmp_path / "out" / "a.probability.png"))

    found, everywhere = probability(), probability("--no-data", "251")
    assert not found[:, 40:].any() and everywhere[:, 40:].any()
    np.testing.assert_array_equal(found[:, :40], everywhere[:, :40])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--run", "RUN"), "--output: missing"),
        (("--output", "m"), "--run: missing"),
        (("--check", "nothing"), "found no assets.extra/model_card.json"),
        (("--check", "nothing", "--run", "RUN"), "no --run and no --output"),
        (("--run", "RUN", "--output", "m", "--size", "4096x4096"), "more than --max-pixels"),
    ],
)
def test_faults_are_one_line(run, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert isinstance(result.exception, UserError) and said in str(result.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", ["32", "0x5", "axb"])
def test_a_wrong_size_names_the_option(size):
    result = call("--run", "RUN", "--output", "m", "--size", size)
    assert result.exit_code == 2 and "--size" in result.output and "HEIGHTxWIDTH" in result.output
