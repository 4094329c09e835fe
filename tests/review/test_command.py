"""`semicurv-tf review` as a user types it: the built-in network, the page, a saved mask, the end."""

import json
import re
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
from click.testing import CliRunner

from semicurv_tf.cli.review import review
from semicurv_tf.errors import UserError
from tests.review.conftest import line, saved_mask


def test_from_the_command_to_a_mask(folder):
    command = [sys.executable, "-m", "semicurv_tf.cli.main", "review", str(folder), "--order", "name"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            while (found := re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", said)) is None:
                more = process.stdout.readline()
                assert more, said
                said += more
            assert "3 images." in said

            def ask(path, body=None):
                with urllib.request.urlopen(found[0] + path, body, timeout=120) as answer:
                    return json.loads(answer.read())

            assert [one["name"] for one in ask("images")] == ["a", "deep/c", "b"]
            assert ask("about/0")["name"] == "a"
            assert ask("mask/0", np.packbits(line(7)).tobytes())["mask"] == "masks/a.png"
            ask("end", b"")
            rest, _ = process.communicate(timeout=60)
            assert process.returncode == 0 and f"1 mask saved in {folder / 'masks'}" in rest
        finally:
            process.kill()
    assert (saved_mask(folder / "masks" / "a.png") == 255 * line(7)).all()


def call(*arguments):
    return CliRunner().invoke(review, [str(argument) for argument in arguments])


def test_places_that_are_none(tmp_path):
    assert "expected [RUN] FOLDER, found more" in str(call("a", "b", "c").exception)
    (tmp_path / "run.json").write_text("{}")
    assert "is a run. Fix: semicurv-tf review" in str(call(tmp_path).exception)
    assert call().exit_code == 2


@pytest.mark.parametrize("place", ["gone", "."])
def test_folders_without_images(tmp_path, place):
    result = call(tmp_path / place)
    assert isinstance(result.exception, UserError) and "Fix: " in str(result.exception)
