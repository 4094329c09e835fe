"""One process at a time trains in a run folder, on one host or on two."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.training.heartbeat import HEARTBEAT
from semicurv_tf.training.run_lock import LOCK, locked
from semicurv_tf.training.stopping import StopRequest


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="lock: cannot be written"), locked(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "mine"


def test_on_a_full_disk_the_lock_holds_all_the_same(tmp_path, monkeypatch):
    def full(handle, content, write=os.write):
        if not content.startswith(b"process "):
            return write(handle, content)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("semicurv_tf.training.run_lock.os.write", full)
    with locked(tmp_path), pytest.raises(UserError, match="is training in it"), locked(tmp_path):
        pass


@pytest.mark.parametrize(
    ("state", "age_s", "refused"),
    [("running", 3, True), ("running", 60, False), ("stopped", 3, False), ("failed", 3, False)],
)
def test_a_run_that_lives_on_another_host_is_left_alone(tmp_path, state, age_s, refused):
    beat = {"state": state, "host": "another", "time": time.time() - age_s}
    (tmp_path / HEARTBEAT).write_text(json.dumps(beat))
    if refused:
        with pytest.raises(RetryLater, match="another trained in it 3 s ago"), locked(tmp_path):
            pass
    else:
        with locked(tmp_path):
            assert "process" in (tmp_path / LOCK).read_text()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        f'{{"state": "running", "host": "b", "time": 1{"0" * 400}}}',
        '{"state": "running", "host": 3, "time": "now"}',
    ],
)
def test_a_damaged_heartbeat_is_no_sign_of_life(tmp_path, content):
    (tmp_path / HEARTBEAT).write_text(content)
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_are_noted(number):
    # Whoever starts the tests in the background, or by nohup, makes them ignore some of these.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with StopRequest() as asked:
            signal.raise_signal(number)
            assert asked.requested
    finally:
        signal.signal(number, before)


def test_what_nohup_ignores_stays_ignored():
    program = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from semicurv_tf.training.stopping import StopRequest\n"
        "with StopRequest() as asked:\n    signal.raise_signal(signal.SIGHUP)\n    print(asked.requested)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
