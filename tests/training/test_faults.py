"""What goes wrong during a run is one line, loses nothing, and leaves a run that goes on to the same weights."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.training import checkpoints, train
from semicurv_tf.training.heartbeat import read_heartbeat
from semicurv_tf.training.journal import read_log
from semicurv_tf.training.monitor import Monitor
from semicurv_tf.training.run_lock import locked

SMALL = {
    "method.name": "supervised",
    "method.average_weights": True,
    "model.widths": [2, 4],
    "data.crop": 32,
    # Few validation images: they are looked at after every step. Three labelled ones.
    "data.options": {"train": 30, "validation": 2, "test": 2},
    "data.labels": 3,
    "training.precision": "float32",
    "training.batch_labelled": 2,
    "training.monitor_every": 1,
    "training.checkpoint_every": 4,
    "training.schedule": "cosine",
}


def settings(steps=12, **more):
    return load_config(
        None, {**SMALL, "training.steps": steps, **{key.replace("__", "."): value for key, value in more.items()}}
    )


def begin(run, config=None):
    """Trains; returns what the console said."""
    text = io.StringIO()
    train.train(config or settings(), run, Console(file=text, width=300))
    return text.getvalue()


def go_on(run, config=None):
    text = io.StringIO()
    train.resume(run, config, Console(file=text, width=300))
    return text.getvalue()


def state(run, step=12):
    with np.load(run / "checkpoints" / f"step-{step:06d}" / "state.npz") as file:
        return {name: file[name] for name in file.files}


def assert_same_bits(first, second):
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing happened to."""
    run = tmp_path_factory.mktemp("whole") / "run"
    begin(run)
    return run


@pytest.fixture
def at_step(monkeypatch):
    """Calls a function, once, when the run has done a step."""

    def plan(step, action):
        watch, left = Monitor.__call__, [action]

        def call(monitor, report):
            if report["step"] == step and left:
                left.pop()()
            watch(monitor, report)

        monkeypatch.setattr(Monitor, "__call__", call)

    return plan


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own of 3 MB; skipped where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"needs a small file system, and mount says: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_same_seed_same_weights_and_another_seed_others(whole, tmp_path):
    begin(tmp_path / "again")
    assert_same_bits(state(tmp_path / "again"), state(whole))
    begin(tmp_path / "other", settings(training__seed=1))
    other = state(tmp_path / "other")
    assert any(not np.array_equal(values, other[name]) for name, values in state(whole).items())


@pytest.mark.parametrize("damage", ["truncated", "one bit flipped", "no checksum"])
def test_damaged_newest_checkpoint_is_named_and_the_one_before_is_used(whole, tmp_path, damage):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    file = run / "checkpoints" / "step-000012" / ("state.sha256" if damage == "no checksum" else "state.npz")
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    elif damage == "one bit flipped":
        content[len(content) // 3] ^= 4
    else:
        content.clear()
    file.write_bytes(content)
    said = go_on(run)
    assert "step-000012 is damaged; step-000008 is used" in said and "resuming from step 8" in said
    assert_same_bits(state(run), state(whole))
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "damaged-step-000012",
        "step-000008",
        "step-000012",
    ]
    assert read_log(run / "log.jsonl")[-1]["step"] == 12


def test_all_checkpoints_damaged_names_each_and_touches_nothing(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    for path in (run / "checkpoints").iterdir():
        (path / "state.npz").write_bytes(b"")
    before = sorted(run.rglob("*"))
    with pytest.raises(UserError) as caught:
        go_on(run)
    assert [name in line for name, line in zip(("step-000012", "step-000008"), caught.value.lines, strict=True)] == [
        True,
        True,
    ]
    assert [path for path in sorted(run.rglob("*")) if path.name != "lock"] == [
        path for path in before if path.name != "lock"
    ]


def test_longer_run_goes_on_with_the_schedule_of_the_new_length(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    said = go_on(run, settings(steps=16))
    assert "16 steps now, 12 before" in said and "resuming from step 12" in said
    lines = {line["step"]: line for line in read_log(run / "log.jsonl")}
    # The rate of the next step: cosine decay from 1e-3, over 12 steps and then over 16.
    rate = lambda step, steps: 0.5e-3 * (1 + np.cos(np.pi * step / steps))
    np.testing.assert_allclose(lines[12]["learning_rate"], rate(12, 12), atol=2e-6)
    np.testing.assert_allclose(lines[13]["learning_rate"], rate(13, 16), atol=2e-6)
    assert sorted(lines) == sorted(set(lines)) and max(lines) == 16
    assert json.loads((run / "run.json").read_text())["steps"] == 16


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"training.steps": 10}, ["training.steps", "at least the 12 steps", "found 10"]),
        ({"training.epochs": 77}, ["training.epochs", "training.steps=12, which wins", "training.steps=null"]),
        ({"training.seed": 3}, ["training.seed: 0 -> 3", "another configuration"]),
    ],
)
def test_impossible_changes_are_refused_and_the_run_is_left_as_it_was(whole, tmp_path, changes, words):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "lock"}
    with pytest.raises(UserError) as caught:
        go_on(run, load_config(run / "config.yaml", changes))
    (line,) = caught.value.lines
    assert all(word in line for word in words) and "Fix" in line, line
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "lock"}


def test_epochs_extend_a_run_of_epochs(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    # Two labelled images a step, three in all: an epoch has two steps.
    said = go_on(run, load_config(run / "config.yaml", {"training.steps": None, "training.epochs": 7}))
    assert "14 steps now, 12 before" in said and "14 steps done" in said
    assert read_log(run / "log.jsonl")[-1]["epoch"] == 7.0


def test_nan_in_an_image_stops_before_it_is_kept_and_the_run_goes_on_without_it(whole, tmp_path, monkeypatch):
    from semicurv_tf.data.store import ImageStore

    run, whole_read = tmp_path / "run", ImageStore.read

    def read(store, index):
        part = dict(whole_read(store, index))
        if checkpoints.newest(run / "checkpoints"):
            part["image"] = part["image"].astype(np.float32)
            part["image"][10:20, 10:20] = np.nan
        return part

    with monkeypatch.context() as patch:
        patch.setattr(ImageStore, "read", read)
        with pytest.raises(UserError, match=r"step \d+: the loss is not finite .*Fix"):
            begin(run, settings(steps=60, training__monitor_every=60))
    for checkpoint in checkpoints.all_checkpoints(run / "checkpoints"):
        with np.load(checkpoint / "state.npz") as kept:
            assert all(np.isfinite(kept[name]).all() for name in kept.files)
    assert read_heartbeat(run / "heartbeat.json")["state"] == "failed"
    assert "60 steps done" in go_on(run)


def test_second_process_on_a_run_is_refused_until_the_first_is_gone(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    hold = "import sys, time; from pathlib import Path; from semicurv_tf.training.run_lock import locked\n"
    hold += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    command = [sys.executable, "-c", hold, str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(UserError, match=f"process {holder.pid} on .* is training in it.*Fix"):
                go_on(run)
        finally:
            holder.send_signal(signal.SIGKILL)
    with locked(run):
        pass


def test_full_disk_keeps_the_last_checkpoint_and_goes_on_once_there_is_room(whole, small_disk, at_step):
    run, ballast = small_disk / "run", small_disk / "ballast"

    def fill():
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    at_step(6, fill)
    with pytest.raises(UserError, match="space") as caught:
        begin(run)
    assert len(caught.value.lines) == 1 and "Fix" in caught.value.lines[0]
    assert [path.name for path in checkpoints.all_checkpoints(run / "checkpoints")] == ["step-000004"]
    ballast.unlink()
    assert "resuming from step 4" in go_on(run)
    assert_same_bits(state(run), state(whole))
    assert [line["step"] for line in read_log(run / "log.jsonl")] == [
        line["step"] for line in read_log(whole / "log.jsonl")
    ]


def test_read_only_folder_is_one_line(whole, small_disk):
    shutil.copytree(whole, small_disk / "run")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(UserError, match="run.*cannot be written.*Fix"):
        go_on(small_disk / "run", settings(steps=16))
    with pytest.raises(UserError, match="other.*cannot be written.*Fix"):
        begin(small_disk / "other")


def test_image_that_cannot_be_read_any_more(whole, tmp_path, monkeypatch):
    from semicurv_tf.data.store import ImageStore

    config, run = settings(steps=60, training__monitor_every=60), tmp_path / "run"

    def read(store, index):
        if checkpoints.newest(run / "checkpoints"):
            raise FileNotFoundError(2, "No such file or directory", "images/7.png")
        return whole_read(store, index)

    whole_read = ImageStore.read
    with monkeypatch.context() as patch:
        patch.setattr(ImageStore, "read", read)
        with pytest.raises(UserError, match="an image cannot be read .FileNotFoundError.*7.png.*--resume") as caught:
            begin(run, config)
    assert len(caught.value.lines) == 1
    assert 4 <= checkpoints.step_of(checkpoints.newest(run / "checkpoints")) < 60
    assert "60 steps done" in go_on(run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_heartbeat_tells_how_a_run_ended(whole, tmp_path, at_step, number, request):
    # Whoever starts the tests by nohup makes them ignore SIGHUP.
    before = signal.signal(number, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(number, before))
    beat = read_heartbeat(whole / "heartbeat.json")
    assert (beat["state"], beat["step"], beat["steps"], beat["pid"]) == ("finished", 12, 12, os.getpid())
    run = tmp_path / "run"
    at_step(5, lambda: os.kill(os.getpid(), number))
    with pytest.raises(train.Stopped):
        begin(run)
    # The signal came after step 5 was done, so it is step 6 that is finished and written.
    beat = read_heartbeat(run / "heartbeat.json")
    assert (beat["state"], beat["step"]) == ("stopped", 6)
    assert checkpoints.newest(run / "checkpoints").name == "step-000006"
