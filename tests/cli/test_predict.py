"""The command `predict`, on a run that is stood in for by a tiny network."""

import errno
import json
import struct
import zlib

import keras
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.errors import UserError
from semicurv_tf.images import results
from semicurv_tf.models import ResidualUNet
from semicurv_tf.serving_client.security import Security
from semicurv_tf.training import run_folder


@pytest.fixture
def run(monkeypatch):
    keras.utils.set_random_seed(0)
    network = ResidualUNet(widths=(4, 8))
    network.build((None, None, None, 3))
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, {"channels": 3}))
    return network


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
    with Image.open(tmp_path / "out" / "a.png") as mask, Image.open(tmp_path / "out" / "b.overlay.png") as overlay:
        assert mask.size == (41, 30) and overlay.mode == "RGB"
    second = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", "--overlay")
    assert "0 predicted, 2 finished before" in second.output
    third = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", "--overlay", "--overwrite")
    assert "2 predicted, 0 finished before" in third.output


def test_all_bad_files_are_listed_and_the_others_done(run, images, tmp_path):
    (images / "c.png").write_bytes(b"bad")
    (images / "d.jpg").write_bytes((images / "a.png").read_bytes()[:200])
    result = call("--run", "RUN", "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError)
    assert [name in "\n".join(result.exception.lines) for name in ("a.png", "b.png", "c.png", "d.jpg")] == [
        False,
        False,
        True,
        True,
    ]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "options, changed",
    [
        (("--tta", "d4"), "tta none (now d4)"),
        (("--tile", "64"), "tile None (now 64)"),
        (("--threshold", "0.3"), "threshold 0.5 (now 0.3)"),
    ],
)
def test_masks_of_other_settings_are_never_mixed(run, images, tmp_path, options, changed):
    call("--run", "RUN", "--input", images, "--output", tmp_path / "out")
    result = call("--run", "RUN", "--input", images, "--output", tmp_path / "out", *options)
    assert isinstance(result.exception, UserError) and changed in str(result.exception)
    assert call("--run", "RUN", "--input", images, "--output", tmp_path / "out", *options, "--overwrite").exit_code == 0


def test_the_threshold_is_the_one_chosen_on_validation_images(run, images, tmp_path):
    (tmp_path / "RUN").mkdir()
    arguments = ("--run", tmp_path / "RUN", "--input", images / "a.png", "--probability")
    settings = lambda output: json.loads((tmp_path / output / "predictions.json").read_text())
    call(*arguments, "--output", tmp_path / "none")
    assert settings("none")["threshold"] == 0.5
    (tmp_path / "RUN" / "threshold.json").write_text('{"threshold": 0.42, "split": "validation", "score": 0.7}')
    call(*arguments, "--output", tmp_path / "chosen")
    call(*arguments, "--output", tmp_path / "given", "--threshold", "0.3")
    assert settings("chosen")["threshold"] == 0.42 and settings("given")["threshold"] == 0.3
    probability = np.asarray(Image.open(tmp_path / "chosen" / "a.probability.png")).astype(int)
    mask = np.asarray(Image.open(tmp_path / "chosen" / "a.png"))
    clear = np.abs(probability - 0.42 * 255) > 1
    np.testing.assert_array_equal(mask[clear], np.where(probability > 0.42 * 255, 255, 0)[clear])
    (tmp_path / "RUN" / "threshold.json").write_text('{"threshold": 42}')
    assert "threshold.json" in str(call(*arguments, "--output", tmp_path / "bad").exception)


def test_bfloat16_is_near_float32(run, images, tmp_path):
    outputs = []
    for precision in ("float32", "bfloat16"):
        result = call(
            "--run",
            "RUN",
            "--input",
            images / "a.png",
            "--output",
            tmp_path / precision,
            "--probability",
            "--precision",
            precision,
        )
        assert result.exit_code == 0, result.exception
        outputs.append(np.asarray(Image.open(tmp_path / precision / "a.probability.png")).astype(int))
    assert 0 < np.abs(outputs[0] - outputs[1]).max() < 20


def test_precision_is_of_runs_only(images, tmp_path):
    result = call(
        "--server", "grpc://localhost:1", "--input", images, "--output", tmp_path / "out", "--precision", "bfloat16"
    )
    assert "--precision bfloat16" in str(result.exception) and "export --precision bfloat16" in str(result.exception)


def test_each_bad_file_is_one_line_and_the_others_are_done(run, images, tmp_path):
    tifffile.imwrite(images / "whole.tif", np.zeros((40, 50, 3), np.uint8), rowsperstrip=8)
    (images / "cut.tif").write_bytes((images / "whole.tif").read_bytes()[:3000])
    (images / "empty.tif").write_bytes(b"")
    content = bytearray((images / "a.png").read_bytes())
    content[16:24] = struct.pack(">II", 0, 0)  # width and height
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (images / "none.png").write_bytes(content)
    tifffile.imwrite(images / "float.tif", np.zeros((40, 50), np.float32))
    Image.new("L", (8, 300)).save(images / "thin.png")
    result = call("--run", "RUN", "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError) and "4 predicted, 0 finished before, 4 failed" in result.output
    for line, name in zip(
        sorted(result.exception.lines), ("cut.tif", "empty.tif", "none.png", "thin.png"), strict=True
    ):
        assert name in line and "expected" in line and "Fix:" in line and "\n" not in line
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.png",
        "b.png",
        "float.png",
        "predictions.json",
        "whole.png",
    ]


def test_a_full_disk_ends_the_run_and_the_failed_are_listed_too(run, images, tmp_path, monkeypatch):
    (images / "a.png").write_bytes(b"bad")

    def full(self, kind, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results.PngRows, "_chunk", full)
    result = call("--run", "RUN", "--input", images, "--output", tmp_path / "out")
    assert "0 predicted, 0 finished before, 2 failed" in result.output
    bad, disk = result.exception.lines
    assert "a.png" in bad and "no space left on the device" in disk


def test_an_input_that_is_the_output(run, images):
    before = (images / "a.png").read_bytes()
    for output in (images, images / "a.png"):
        result = call("--run", "RUN", "--input", images / "a.png", "--output", output)
        assert isinstance(result.exception, UserError) and "would replace this image" in str(result.exception)
    assert (images / "a.png").read_bytes() == before


def test_too_little_memory_names_the_image_and_the_need(run, images, tmp_path):
    result = call("--run", "RUN", "--input", images / "a.png", "--output", tmp_path / "out", "--memory", "100MB")
    (line,) = result.exception.lines
    assert "a.png" in line and "--memory 0.1GB" in line and "Fix: --memory 1.0GB" in line


def test_one_source_of_predictions(images, tmp_path):
    result = call("--run", "a", "--server", "grpc://b:1", "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError) and "expected one network" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--run", "RUN"), "only a --server takes several images per request"),
        (("--server", "grpc://localhost:1", "--overlay"), "found --overlay beside it"),
        (("--server", "grpc://localhost:1", "--vectors", "--probability"), "found --probability, --vectors beside it"),
        (("--server", "grpc://localhost:1", "--tta", "d4"), "found --tta d4 beside it"),
        (("--server", "grpc://localhost:1", "--no-data", "0-3"), "found --no-data beside it"),
    ],
)
def test_batches_are_of_a_servers_own_masks_alone(images, tmp_path, options, said):
    result = call(*options, "--input", images, "--output", tmp_path / "out", "--batch", 4)
    assert isinstance(result.exception, UserError) and said in str(result.exception) and "Fix:" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_an_input_must_be_named(tmp_path):
    result = call("--run", "RUN", "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError) and "--input: missing" in str(result.exception)


def test_options_of_a_server_reach_its_client(images, tmp_path, monkeypatch):
    asked = []

    def connect(url, model_name, **options):
        asked.append((url, model_name, options))
        raise UserError("asked")

    monkeypatch.setattr("semicurv_tf.serving_client.client.connect", connect)
    options = ["--model-name", "m", "--model-version", 7, "--deadline", 3, "--max-message-mb", 9]
    for batch in ([], ["--batch", 4]):
        call("--server", "grpc://h:1", "--input", images, "--output", tmp_path / "out", *options, *batch)
    expected = {"version": 7, "label": None, "deadline_s": 3.0, "max_message_mb": 9, "security": Security()}
    assert asked == [("grpc://h:1", "m", expected)] * 2


def test_what_a_shell_makes_of_a_pattern(images, tmp_path):
    """`--input in/*.png`: the first image is the option's, all others are words behind it; with Beam too."""
    for beam in ((), ("--runner", "beam")):
        result = call("--input", images / "a.png", images / "b.png", "--output", tmp_path / "out", *beam)
        assert isinstance(result.exception, UserError), result
        (line,) = result.exception.lines
        assert "1 further path" in line and str(images / "b.png") in line and line.endswith(f"Fix: --input {images}")
    assert not (tmp_path / "out").exists()


def test_words_that_are_no_options_are_refused_and_those_of_beam_are_not(images, tmp_path):
    from semicurv_tf.cli.predict import _require_options

    (tmp_path / "needs.txt").touch()
    for words in (["--name=value", "--flag"], ["--workers", "2", "-x", "y"], ["--file", str(tmp_path / "needs.txt")],
                  ["--temp", str(tmp_path)]):  # fmt: skip
        _require_options(str(images), words, by_beam=True)
        with pytest.raises(UserError, match="--runner beam|further path"):
            _require_options(str(images), words, by_beam=False)
    for words in (["stray"], ["--name=value", "stray"], ["--workers", "2", "stray"]):
        with pytest.raises(UserError, match="stray: not an option of this command. Fix: leave it out$"):
            _require_options(str(images), words, by_beam=True)
    with pytest.raises(UserError, match=r"2 further paths.*Fix: --input FILE\.txt"):
        _require_options(str(images / "a.png"), [str(images / "b.png"), str(tmp_path)], by_beam=False)


@pytest.mark.parametrize("source", [(), ("--run", "RUN"), ("--saved-model", "m")])
def test_options_of_a_server_need_one(run, images, tmp_path, source):
    """`--label canary` without --server gave the masks of another network, and no word."""
    options = ("--label", "canary", "--token-file", "t", "--deadline", "60.0")
    done = CliRunner().invoke(predict, [*source, *options, "--input", str(images), "--output", str(tmp_path / "out")])
    assert isinstance(done.exception, UserError) and not (tmp_path / "out").exists()
    (line,) = done.exception.lines
    options, _, said = line.partition(": ")
    assert sorted(options.split(", ")) == ["--deadline", "--label", "--token-file"]
    assert said == "of a --server alone, and none is named. Fix: --server URL, or leave it out"


@pytest.mark.parametrize("source", [(), ("--run", "RUN"), ("--server", "grpc://h:1")])
def test_trust_without_a_saved_model_is_refused(source, images, tmp_path):
    result = call(*source, "--trust", "--input", images, "--output", tmp_path / "out")
    assert isinstance(result.exception, UserError) and not (tmp_path / "out").exists()
    said = "--trust: of a --saved-model alone, and none is named. Fix: --saved-model FOLDER, or leave it out"
    assert str(result.exception) == said
