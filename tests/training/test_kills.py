"""Killed and resumed again and again, a run ends with the bits of one left alone. In full: scripts/kill_test.sh."""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_killed_runs_end_with_the_same_bits(tmp_path):
    """Inside a step, then twice while a checkpoint is written."""
    command = [
        sys.executable,
        str(PROJECT / "scripts" / "kill_test.py"),
        "--folder",
        str(tmp_path / "runs"),
        "--results",
        str(tmp_path),
    ]
    done = subprocess.run(
        [*command, "--kills", "3", "--steps", "400", "--method", "supervised"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads((tmp_path / "kills.json").read_text())
    assert outcome["same_bits"] and outcome["log_has_every_step_once"]
    assert outcome["sha256"][0] == outcome["sha256"][1] and outcome["variables"] > 20
    assert [kill["kind"] for kill in outcome["each"]] == ["step", "checkpoint", "checkpoint"]
    # They were kills of a living run, each further on than the last.
    assert not any(kill["had_ended"] for kill in outcome["each"])
    assert 0 < outcome["each"][0]["newest_checkpoint"] < outcome["each"][2]["newest_checkpoint"] < 400
