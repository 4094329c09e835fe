"""Workers on loopback, as a user starts them: one is killed, all are stopped, and the run still ends the same."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from semicurv_tf.config import load_config
from semicurv_tf.training import train
from semicurv_tf.training.heartbeat import read_heartbeat
from semicurv_tf.training.journal import REPORT_STEPS, read_log

PROJECT = Path(__file__).resolve().parents[2]
STEPS = 120
SETTINGS = {
    "method.name": "supervised",
    "model.widths": [2, 4],
    "data.crop": 32,
    "data.options": {"train": 30, "validation": 2, "test": 2},
    "data.labels": 6,
    "training.steps": STEPS,
    "training.precision": "float32",
    "training.batch_labelled": 6,
    "training.checkpoint_every": 10,
    "training.monitor_every": STEPS,
    # Plain descent: what the order of additions changes in the last digit does not grow.
    "training.optimizer": "sgd",
    "training.learning_rate": 0.01,
}


@pytest.fixture
def launch():
    """Starts N workers, in a session of their own, which a signal can be sent to."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "300", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    processes = []

    def start(workers, *arguments):
        launcher = ["bash", PROJECT / "scripts" / "launch_workers.sh", workers, "--", "train"]
        command = [str(word) for word in (*launcher, *arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        processes.append(subprocess.Popen(command, env=environment, start_new_session=True, **pipes))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def until_checkpoint_after(run, step, process):
    """Waits for a checkpoint newer than `step`; returns the newest one's step."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and process.poll() is None:
        found = max((int(path.name.removeprefix("step-")) for path in (run / "checkpoints").glob("step-*")), default=0)
        if found > step:
            return found
        time.sleep(0.02)
    raise AssertionError(
        f"no checkpoint after {step}: "
        f"{process.communicate(timeout=10)[0] if process.poll() is not None else 'time is up'}"
    )


def worker_process(launcher, index):
    """The process of a worker, by what its environment says."""
    (listing,) = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().splitlines()[:1]
    for child in listing.split():
        text = Path(f"/proc/{child}/environ").read_bytes().decode()
        task = re.search(r'"task": (\{[^}]*\})', text)
        name = Path(f"/proc/{child}/comm").read_text()
        if task and json.loads(task.group(1))["index"] == index and name.startswith(("semicurv-tf", "python")):
            return int(child)
    raise AssertionError("no such worker")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers' processes in /proc")
def test_run_that_loses_a_worker_goes_on_with_another_number_of_them(launch, tmp_path):
    whole, run = tmp_path / "whole", tmp_path / "run"
    options = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]

    # Two workers, one of them killed: the other says which, and stops.
    first = launch(2, *options, "--run", run)
    saved = until_checkpoint_after(run, 0, first)
    os.kill(worker_process(first, 1), signal.SIGKILL)
    text, _ = first.communicate(timeout=900)
    assert first.returncode == 128 + signal.SIGKILL, text
    assert re.search(
        r"\[worker 0\] error: step \d+: worker 1 \(127.0.0.1:\d+\) is gone, so worker 0 .* stops too", text
    ), text
    assert "worker 1 ended with exit code 137" in text and "Traceback" not in text
    assert read_heartbeat(run / "heartbeat.json")["state"] == "failed"

    # Three workers, and Ctrl-C: all stop at the same step.
    second = launch(3, "--resume", run)
    until_checkpoint_after(run, saved + 10, second)
    os.killpg(second.pid, signal.SIGINT)
    text, _ = second.communicate(timeout=900)
    assert second.returncode == 130, text
    stopped = re.findall(
        rf"\[worker (\d)\] stopped at step (\d+), checkpoint written. Continue: semicurv-tf train --resume {run}", text
    )
    assert sorted(worker for worker, _ in stopped) == ["0", "1", "2"] and len({step for _, step in stopped}) == 1, text
    assert int(stopped[0][1]) < STEPS and (run / "checkpoints" / f"step-{int(stopped[0][1]):06d}").is_dir()

    # One process ends it.
    console = Console(file=io.StringIO())
    train.resume(run, None, console)
    train.train(load_config(None, SETTINGS), whole, console)
    states = [np.load(each / "checkpoints" / f"step-{STEPS:06d}" / "state.npz") for each in (run, whole)]
    found, expected = (np.concatenate([state[name].ravel() for name in states[1].files]) for state in states)
    assert np.linalg.norm(found - expected) < 2e-3 * np.linalg.norm(expected[1:])  # the step comes first
    logs = [{line["step"]: line["loss"] for line in read_log(each / "log.jsonl")} for each in (run, whole)]
    assert len(read_log(run / "log.jsonl")) == len(logs[0]) and logs[1].keys() <= logs[0].keys()
    # The line of the steps among which all stopped is in two parts.
    divided = -(-int(stopped[0][1]) // REPORT_STEPS) * REPORT_STEPS
    steps = [step for step in logs[1] if step != divided]
    np.testing.assert_allclose([logs[0][step] for step in steps], [logs[1][step] for step in steps], rtol=0.01)
