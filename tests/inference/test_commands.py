"""The command `predict`, on a run that is stood in for by a tiny network."""

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.errors import UserError
from semicurv_tf.models import ResidualUNet
from semicurv_tf.training import run_folder


@pytest.fixture
def run(monkeypatch):
    keras.utils.set_random_seed(0)
    network = ResidualUNet(widths=(4, 8))
    network.build((None, None, None, 3))
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, {"channels": 3}))


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name, size in (("a.png", (30, 41, 3)), ("b.png", (64, 20))):
        Image.fromarray(generator.integers(0, 256, size, np.uint8)).save(folder / name)
    return folder


def call(*arguments):
    return CliRunner().invoke(predict, [str(argument) for argument in arguments])


def test_masks_then_nothing_left_to_do(run, images, tmp_path):
    first = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", "--overlay")
    assert first.exit_code == 0 and "2 predicted, 0 finished before, 0 failed" in first.output
    assert "grey repeated to 3 channels: b.png" in first.output
    assert Image.open(tmp_path / "out" / "a.png").size == (41, 30)
    assert Image.open(tmp_path / "out" / "b.overlay.png").mode == "RGB"
    second = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", "--overlay")
    assert "0 predicted, 2 finished before" in second.output
    third = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", "--overlay", "--overwrite")
    assert "2 predicted, 0 finished before" in third.output


def test_all_bad_files_are_listed_and_the_others_done(run, images, tmp_path):
    (images / "c.png").write_bytes(b"bad")
    (images / "d.jpg").write_bytes((images / "a.png").read_bytes()[:200])
    result = call("--run", "RUN", "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError)
    assert [name in "\n".join(result.exception.lines) for name in ("a.png", "b.png", "c.png", "d.jpg")] == [False, False, True, True]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png", "b.png"]


@pytest.mark.parametrize("options", [(), ("--run", "a", "--server", "grpc://b:1")])
def test_one_source_of_predictions(images, tmp_path, options):
    result = call(*options, "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError) and "exactly one" in str(result.exception)
