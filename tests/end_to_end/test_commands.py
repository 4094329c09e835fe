"""From training to a SavedModel by the commands of the README, on built-in data."""

import json
import shutil
import time

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.end_to_end.conftest import SMALL


def test_help_answers_without_tensorflow(command):
    import subprocess
    import sys

    text = command("--help", own_process=True)
    for name in ("train", "evaluate", "predict", "export", "datasets"):
        assert name in text
    loaded = "import sys, semicurv_tf.cli.main; print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.parametrize("name", ["train", "evaluate", "predict", "export", "datasets"])
def test_every_command_has_help_with_an_example(command, name):
    assert f"semicurv-tf {name}" in command(name, "--help")


def test_run_folder_tells_what_was_done(small_run):
    config = yaml.safe_load((small_run / "config.yaml").read_text())
    assert config["training"]["steps"] == 12 and config["data"]["labels"] == 0.05
    facts = json.loads((small_run / "run.json").read_text())
    assert len(facts["labelled"]) == 8 and facts["seed"] == 0
    assert facts["versions"]["tensorflow"] and len(facts["mean"]) == facts["channels"] == 3
    log = [json.loads(line) for line in (small_run / "log.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == 12
    assert {"loss", "dice", "npair", "ramp", "learning_rate", "monitor_student_iou", "monitor_teacher_iou"} <= log[
        -1
    ].keys()
    assert (small_run / "deployed.keras").is_file()
    assert [path.name for path in (small_run / "checkpoints").iterdir()] == ["step-000012"]


def test_evaluate_prints_a_table_and_writes_json(command, small_run):
    text = command("evaluate", "--run", small_run)
    scores = json.loads((small_run / "scores.json").read_text())["test"]
    assert scores["images"] == len(scores["each"]) == 80
    assert np.isclose(scores["mean"]["iou"], np.mean([each["iou"] for each in scores["each"].values()]), atol=1e-4)
    assert f"{100 * scores['pooled']['f1']:.1f}" in text


def test_predict_and_export_agree(command, small_run, tmp_path):
    import keras
    import tensorflow as tf

    import semicurv_tf.models  # noqa: F401  registers the layers

    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    Image.fromarray(picture).save(images / "a.png")
    command("predict", "--run", small_run, "--input", images, "--output", tmp_path / "masks")
    mask = np.asarray(Image.open(tmp_path / "masks" / "a.png"))
    assert mask.shape == (50, 70) and set(np.unique(mask)) <= {0, 255}

    command("export", "--run", small_run, "--output", tmp_path / "models" / "semicurv", own_process=True)
    version = tmp_path / "models" / "semicurv" / "1"
    assert (version / "saved_model.pb").is_file()
    served = tf.saved_model.load(str(version)).signatures["serving_default"](image=tf.constant(picture[None]))
    network = keras.saving.load_model(small_run / "deployed.keras")
    expected = tf.sigmoid(network(picture[None].astype("float32"), training=False))
    np.testing.assert_allclose(served["probability"], expected, atol=1e-5)
    clear = np.abs(np.asarray(expected)[0, ..., 0] - 0.5) > 1e-4
    np.testing.assert_array_equal((mask > 0)[clear], (np.asarray(expected)[0, ..., 0] > 0.5)[clear])


def test_stopped_and_resumed_equals_uninterrupted(command, tmp_path):
    """Ctrl-C finishes the step, writes, says how to go on; the resumed run ends with the same bits."""
    import signal

    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    few = ["--set", "data.options={train: 24, validation: 2, test: 2}", "--labels", "3", "--set", "data.crop=32"]
    arguments = ["train", "--dataset", "synthetic", *few, "--steps", "40", *SMALL]
    arguments += ["--set", "training.checkpoint_every=5"]
    command(*arguments, "--run", whole, own_process=True)
    process = command(*arguments, "--run", stopped, wait=False)
    deadline = time.monotonic() + 600
    while not list(stopped.glob("checkpoints/step-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 130, errors
    assert f"--resume {stopped}" in errors
    before = {path.name for path in (stopped / "checkpoints").iterdir()}
    assert "step-000040" not in before
    assert "resuming from step" in command("train", "--resume", stopped, own_process=True)
    states = [np.load(run / "checkpoints" / "step-000040" / "state.npz") for run in (whole, stopped)]
    assert states[0].files == states[1].files
    for name in states[0].files:
        np.testing.assert_array_equal(states[0][name], states[1][name])


def test_dry_run_writes_nothing(command, tmp_path):
    text = command("train", "--dataset", "synthetic", *SMALL, "--run", tmp_path / "run", "--dry-run")
    assert "8 labelled" in text and "nothing was written" in text and not (tmp_path / "run").exists()


def test_damaged_checkpoint_is_named(command, small_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    state = run / "checkpoints" / "step-000012" / "state.npz"
    state.write_bytes(state.read_bytes()[:1000])
    text = command("evaluate", "--run", run, expect=2)
    assert "state.npz: damaged" in text and "Fix:" in text
