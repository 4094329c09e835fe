"""`scripts/mean_weights.py`: the mean of two files of weights, with a card that says of which."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from semicurv_tf.weights.builtin import read_weights, write_weights

SCRIPT = Path(__file__).parents[2] / "scripts" / "mean_weights.py"
CARD = {"widths": [4, 8], "command": "semicurv-tf pretrain --run RUN", "licence": "Apache-2.0", "images": "drawn"}


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True)


def test_the_mean_and_its_card(tmp_path):
    first = write_weights(tmp_path / "a.npz", [np.array([1.0, 2.0]), np.array([[4.0]])], {**CARD, "steps": 10})
    other = write_weights(tmp_path / "b.npz", [np.array([3.0, 2.5]), np.array([[-4.0]])], {**CARD, "steps": 20})
    done = run(first.path, other.path, "--output", tmp_path / "mean.npz")
    assert done.returncode == 0, done.stderr
    mean = read_weights(tmp_path / "mean.npz")
    assert [array.tolist() for array in mean.arrays] == [[2.0, 2.25], [[0.0]]] and mean.widths == (4, 8)
    assert [(each["steps"], each["sha256"]) for each in mean.card["mean_of"]] == [
        (10, first.card["sha256"]),
        (20, other.card["sha256"]),
    ]


def test_other_widths_are_refused(tmp_path):
    write_weights(tmp_path / "a.npz", [np.ones(2)], CARD)
    write_weights(tmp_path / "b.npz", [np.ones(2)], {**CARD, "widths": [4, 16]})
    done = run(tmp_path / "a.npz", tmp_path / "b.npz", "--output", tmp_path / "mean.npz")
    assert done.returncode == 2 and "found (4, 16). Fix: leave one of them out" in done.stderr
    assert f"b.npz: expected widths (4, 8) as of {tmp_path / 'a.npz'}" in done.stderr
    assert not (tmp_path / "mean.npz").exists()


def test_names_that_will_not_do_are_one_line_and_nothing_is_written(tmp_path):
    write_weights(tmp_path / "a.npz", [np.ones(2)], CARD)
    before = sorted(tmp_path.iterdir())
    for arguments, said in (
        ((tmp_path / "a.npz", "--output", tmp_path / "mean"), "expected a name that ends in .npz"),
        ((tmp_path / "absent.npz", "--output", tmp_path / "mean.npz"), "absent.npz"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and said in done.stderr and "Fix: " in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
