"""Two processes that change one file at once keep both changes, and a killed one blocks nobody."""

import json
import multiprocessing
import os
import signal
import time

import pytest

from semicurv_tf import held_files
from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.held_files import held
from semicurv_tf.whole_files import write_json

spawned = multiprocessing.get_context("spawn")


def add_keys(folder, name, count):
    for number in range(count):
        with held(folder / "scores.json"):
            known = json.loads((folder / "scores.json").read_text())
            write_json(folder / "scores.json", {**known, f"{name}{number}": number})


def hold(folder):
    with held(folder / "scores.json"):
        (folder / "holds").touch()
        time.sleep(600)


def test_no_change_of_two_processes_is_lost(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    processes = [spawned.Process(target=add_keys, args=(tmp_path, name, 40)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    known = json.loads((tmp_path / "scores.json").read_text())
    assert known == {f"{name}{number}": number for name in "ab" for number in range(40)}


def test_who_holds_it_is_waited_for_and_who_was_killed_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(held_files, "LONGEST_WAIT_S", 0.2)
    process = spawned.Process(target=hold, args=(tmp_path,))
    process.start()
    until = time.monotonic() + 120
    while not (tmp_path / "holds").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    with pytest.raises(RetryLater, match=r"scores\.json: another process has held it for 0 s. Fix: end that process"):
        with held(tmp_path / "scores.json"):
            pytest.fail("held twice")
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    with held(tmp_path / "scores.json"):
        assert (tmp_path / ".scores.json.lock").read_bytes() == b""


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / ".scores.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"scores\.json: cannot be written"):
        with held(tmp_path / "scores.json"):
            pytest.fail("followed")
    assert not (tmp_path / "elsewhere").exists()
