"""Commands as a user types them, in a temporary folder: the installed entry point, or its function in this process."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from semicurv_tf.cli.main import main

# A network of a thousandth of the size: these tests are about the commands, not about the scores.
SMALL = ["--method", "semicurv", "--set", "model.widths=[4,8]", "--precision", "float32"]
WIDE = {"COLUMNS": "200"}


@pytest.fixture(scope="session")
def command():
    """Runs `semicurv-tf` with its arguments and returns what it said.

    With `own_process` by the installed program; otherwise by the function that this calls, since TensorFlow takes
    seconds to load. With `wait=False` the program's process is returned while it runs.
    """
    program = Path(sys.executable).with_name("semicurv-tf")

    def started(arguments, cwd):
        return subprocess.Popen(
            [str(program), *arguments], cwd=cwd, env={**os.environ, **WIDE}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(*arguments, cwd=None, expect=0, wait=True, own_process=False):
        arguments = list(map(str, arguments))
        if not wait:
            return started(arguments, cwd)
        if own_process:
            process = started(arguments, cwd)
            output, errors = process.communicate(timeout=900)
            code = process.returncode
        else:
            output, errors, code = in_this_process(arguments, cwd)
        assert code == expect, f"exit code {code}\n{output}\n{errors}"
        assert "Traceback" not in errors
        return output + errors

    return run


def in_this_process(arguments, cwd):
    """What `main` writes to standard output and error, and its exit code."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        contextlib.chdir(cwd or "."),
        mock.patch.dict(os.environ, WIDE),
        mock.patch.object(sys, "argv", ["semicurv-tf", *arguments]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return output.getvalue(), errors.getvalue(), ended.value.code or 0


@pytest.fixture(scope="session")
def small_run(command, tmp_path_factory):
    """A finished run on the built-in data."""
    run = tmp_path_factory.mktemp("runs") / "small"
    command(
        "train", "--dataset", "synthetic", "--labels", "0.05", "--steps", "12", *SMALL, "--run", run, own_process=True
    )
    return run
