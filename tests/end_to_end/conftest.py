"""Commands as a user types them: the installed entry point, in a temporary folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A network of a thousandth of the size: these tests are about the commands, not about the scores.
SMALL = ["--set", "model.widths=[4,8]", "--precision", "float32"]


@pytest.fixture(scope="session")
def command():
    """Runs `semicurv-tf` with its arguments."""
    program = Path(sys.executable).with_name("semicurv-tf")
    environment = {
        **os.environ,
        "COLUMNS": "200",
    }

    def run(*arguments, cwd=None, expect=0, wait=True):
        process = subprocess.Popen(
            [str(program), *map(str, arguments)],
            cwd=cwd,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if not wait:
            return process
        output, errors = process.communicate(timeout=900)
        assert process.returncode == expect, f"exit code {process.returncode}\n{output}\n{errors}"
        assert "Traceback" not in errors
        return output + errors

    return run


@pytest.fixture(scope="session")
def small_run(command, tmp_path_factory):
    """A finished run on the built-in data."""
    run = tmp_path_factory.mktemp("runs") / "small"
    command("train", "--dataset", "synthetic", "--labels", "0.05", "--steps", "12", *SMALL, "--run", run)
    return run
