"""`semicurv-tf next` on a run folder with a checkpoint of two tiny networks."""

import csv

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from semicurv_tf.acquisition.next_images import BY, open_judges
from semicurv_tf.cli.next_images import next_images
from semicurv_tf.cli.predict import predict
from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.methods import build_method
from semicurv_tf.training import checkpoints, run_folder


def make_run(folder, method_name):
    """A run whose student and teacher are far apart: random weights, the teacher's bias on the logit raised by 2."""
    config = load_config(settings={"model.widths": [4, 8], "method.name": method_name})
    method = build_method(config, 3, [100.0] * 3, [50.0] * 3, 10)
    optimizer = keras.optimizers.SGD(0.01)
    optimizer.build(method.student.trainable_variables)
    method.compile(optimizer=optimizer, jit_compile=False)
    if method.teacher is not None:
        method.teacher.head.bias.assign(method.teacher.head.bias + 2.0)
    facts = {"channels": 3, "mean": [100.0] * 3, "standard_deviation": [50.0] * 3, "labelled": ["done/first"]}
    run_folder.create(folder, config, facts)
    checkpoints.save(folder / run_folder.CHECKPOINTS, method, 7, kept=1)
    return method


def call(*arguments):
    return CliRunner().invoke(next_images, [str(argument) for argument in arguments])


@pytest.mark.parametrize("method_name", ["semicurv", "supervised"])
def test_list_of_a_run(tmp_path, folder, method_name):
    make_run(tmp_path / "run", method_name)
    (folder / "bad.png").unlink()
    result = call(
        "--run", tmp_path / "run", "--input", folder, "--output", tmp_path / "out", "--count", 3, "--views", 2
    )
    assert result.exit_code == 0, (result.output, result.exception)
    assert "3 of 15 images" in result.output and "labelled images of the run: done/first.png" in result.output
    assert (
        "student and teacher" if method_name == "semicurv" else "the student (the run has no teacher)"
    ) in result.output
    with (tmp_path / "out" / "next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["image"] for row in rows}) == 3 and all(float(row["disagreement"]) > 0 for row in rows)
    assert (tmp_path / "out" / "next.png").is_file() and not list((tmp_path / "out").glob("easy*"))


def test_judges_are_the_student_and_the_teacher_of_the_checkpoint(tmp_path):
    method = make_run(tmp_path / "run", "semicurv")
    judges = open_judges(tmp_path / "run", "disagreement")
    image = np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8)
    for network, predict_one in zip((method.student, method.teacher), judges.predictors, strict=True):
        logits = keras.ops.convert_to_numpy(network(image[None].astype("float32"), training=False))[0, ..., 0]
        np.testing.assert_allclose(predict_one(image), 1 / (1 + np.exp(-logits)), atol=1e-5)
    assert judges.labelled == ("done/first",)


def test_coverage_looks_by_the_built_in_network_and_disagreement_by_the_runs_own(tmp_path):
    method = make_run(tmp_path / "run", "semicurv")
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    own, built_in = (open_judges(tmp_path / "run", by).features(image) for by in ("disagreement", "coverage"))
    assert len(own) == method.teacher.widths[-1] and len(built_in) == 256


def test_the_option_offers_what_there_is():
    (option,) = [each for each in next_images.params if each.name == "by"]
    assert tuple(option.type.choices) == BY


def test_bad_files_are_named_at_the_end_and_the_list_is_written(tmp_path, folder):
    make_run(tmp_path / "run", "semicurv")
    result = call(
        "--run", tmp_path / "run", "--input", folder, "--output", tmp_path / "out", "--count", 2, "--views", 1
    )
    assert isinstance(result.exception, UserError)
    (line,) = result.exception.lines
    assert "bad.png" in line and (tmp_path / "out" / "next.csv").is_file()


def test_needs_a_run_and_a_folder(tmp_path, folder):
    for arguments, word in [
        (["--run", tmp_path / "absent", "--output", tmp_path / "out"], "no run folder"),
        (["--run", tmp_path / "absent", "--input", folder, "--output", tmp_path / "out"], "no run folder"),
        (["--run", tmp_path / "absent", "--input", tmp_path / "nothing", "--output", tmp_path / "out"], "nothing"),
    ]:
        result = call(*arguments, "--count", 2)
        assert isinstance(result.exception, UserError) and word in str(result.exception)
    assert not (tmp_path / "out").exists()
    without = call("--input", folder, "--output", tmp_path / "out")
    assert without.exit_code == 2 and "--run" in without.output


def test_predict_says_where_its_option_went():
    result = CliRunner().invoke(predict, ["--run", "runs/a b", "--input", "x", "--output", "next", "--next", "7"])
    assert isinstance(result.exception, UserError)
    fix = "Fix: semicurv-tf next --run 'runs/a b' --input x --count 7 --output next"
    assert fix in str(result.exception)
