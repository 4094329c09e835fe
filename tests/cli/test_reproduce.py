"""`semicurv-tf reproduce` as typed: killed in the middle, called again, and nothing done twice."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from semicurv_tf.cli.reproduce import reproduce
from semicurv_tf.errors import UserError

TINY = [
    "--dataset",
    "synthetic",
    "--labels",
    "0.05",
    "--set",
    "data.options={train: 8, validation: 2, test: 2}",
    "--set",
    "data.crop=32",
]
TINY += ["--set", "model.widths=[4,8]", "--set", "training.precision=float32", "--set", "training.checkpoint_every=5"]
ROWS = ["table5", "--methods", "supervised_wbce,supervised"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Two rows of Table V, killed once the second one had a checkpoint: the folder."""
    folder = tmp_path_factory.mktemp("reproduce")
    environment = {**os.environ, "SEMICURV_TF_CACHE": str(folder / "cache")}
    program = Path(sys.executable).with_name("semicurv-tf")
    process = subprocess.Popen(
        [str(program), "reproduce", *ROWS, *TINY, *places(folder, 100)], env=environment, stderr=subprocess.PIPE
    )
    checkpoints = folder / "runs" / "synthetic-5pct-supervised-100steps-seed0" / "checkpoints"
    deadline = time.monotonic() + 600
    while not list(checkpoints.glob("step-*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    _, errors = process.communicate()
    assert process.returncode == -9, errors.decode()
    return folder


def places(folder, steps):
    return ["--steps", str(steps), "--output", str(folder / "results"), "--runs", str(folder / "runs")]


def call(folder, *arguments, steps=100):
    environment = {"SEMICURV_TF_CACHE": str(folder / "cache")}
    return CliRunner().invoke(reproduce, [*arguments, *TINY, *places(folder, steps)], env=environment)


def test_killed_then_called_again(killed):
    results = sorted(file.name for file in (killed / "results").glob("*.json"))
    assert results == ["synthetic-5pct-supervised_wbce-100steps-seed0.json"]
    first = (killed / "results" / results[0]).stat().st_mtime_ns
    listed = call(killed, *ROWS, "--dry-run")
    assert "1 done, 1 started, 0 to do" in listed.output and "started at step" in listed.output
    again = call(killed, *ROWS)
    assert again.exit_code == 0, again.output
    assert "resuming from step" in again.output and "cell 1 of 1" in again.output
    assert (killed / "results" / results[0]).stat().st_mtime_ns == first
    record = json.loads((killed / "results" / "synthetic-5pct-supervised-100steps-seed0.json").read_text())
    assert (record["kind"], record["system"], record["budget"], record["full_steps"]) == (
        "semicurv_tf cell",
        "supervised",
        0.05,
        2000,
    )
    assert record["scores"]["step"] == 100 and record["scores"]["images"] == 2 and len(record["labelled"]) == 1
    steps = [line["step"] for line in record["curve"]]
    assert steps == sorted(set(steps)) and steps[-1] == 100 and all("foreground" in line for line in record["curve"])
    assert str(killed) not in json.dumps(record)
    # The same cells are part of other tables: only the others are trained there.
    listed = call(killed, "table6", "--dry-run")
    assert "1 done, 0 started, 1 to do" in listed.output
    third = call(killed, *ROWS)
    assert third.exit_code == 0 and "2 done, 0 started, 0 to do" in third.output and "cell 1" not in third.output


def test_other_settings_do_not_mix(killed):
    result = call(killed, *ROWS, "--set", "training.learning_rate=0.5")
    assert isinstance(result.exception, UserError)
    assert "other settings (training.learning_rate: 0.001 -> 0.5)" in str(result.exception)


def test_a_failing_cell_is_named_and_the_next_one_is_run(tmp_path):
    """A learning rate that breaks SGD within a few steps, where weights are not finite any more."""
    settings = [
        "--set",
        "training.optimizer=sgd",
        "--set",
        "training.gradient_clip=null",
        "--set",
        "training.learning_rate=1e38",
    ]
    result = call(tmp_path, *ROWS, *settings, steps=6)
    assert isinstance(result.exception, UserError)
    assert any("not finite" in line for line in result.exception.lines) and "cell 2 of 2" in result.output
    assert not list((tmp_path / "results").glob("*-supervised_wbce-*"))
