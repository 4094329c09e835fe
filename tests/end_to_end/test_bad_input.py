"""Each mistake gets one line that names it and the remedy, exit code 2, and leaves nothing half-written."""

import pytest

from semicurv_tf.cli import main as entry
from tests.end_to_end.conftest import SMALL


@pytest.fixture
def refused(monkeypatch, capfd, tmp_path):
    """Calls the command line in this process; returns the lines on standard error."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["semicurv-tf", *map(str, arguments)])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as exit:
            entry.main()
        errors = capfd.readouterr().err
        assert exit.value.code == 2, errors
        assert "Traceback" not in errors
        assert not (tmp_path / "runs").exists() and not (tmp_path / "run").exists()
        return [line for line in errors.splitlines() if line.startswith(("error:", "Error:"))]

    return call


@pytest.mark.parametrize("labels", ["0", "3", "-1", "few", "nan"])
def test_labels(refused, labels):
    (line,) = refused("train", "--labels", labels)
    assert "--labels" in line and labels in line and "Fix:" in line


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--dataset", "drive128x"], ["drive128x", "drive128", "crackforest"]),
        (["--method", "magic"], ["method.name", "magic", "semicurv"]),
        (["--model", "resnet"], ["model.name", "resnet", "residual_unet"]),
        (["--precision", "float8"], ["training.precision", "float8", "bfloat16"]),
        (["--set", "training.sead=1"], ["training.sead", "seed"]),
        (["--set", "seed=1"], ["--set seed=1", "training.seed"]),
        (["--config", "absent.yaml"], ["absent.yaml", "cannot be read"]),
        (["--dataset", "drive128", "--data-dir", "absent"], ["absent", "--data-dir"]),
        (["--resume", "absent"], ["absent", "no run folder"]),
        (["--resume", "absent", "--run", "other"], ["--resume", "--run"]),
    ],
)
def test_options(refused, arguments, words):
    lines = refused("train", *arguments)
    assert len(lines) == 1 and "Fix:" in lines[0]
    for word in words:
        assert word in lines[0]


def test_existing_run_is_untouched(refused, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    (line,) = refused("train", *SMALL, "--run", folder)
    assert "already exists" in line and "mine" in line
    assert (folder / "thesis.txt").read_text() == "years of work" and len(list(folder.iterdir())) == 1


def test_run_under_a_file_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("")
    (line,) = refused("train", *SMALL, "--steps", "1", "--run", tmp_path / "file" / "run")
    assert "--run" in line and "cannot be written" in line


@pytest.mark.parametrize("arguments", [["evaluate"], ["predict", "--input", ".", "--output", "out"], ["export", "--output", "out"]])
def test_no_run_folder(refused, arguments):
    lines = refused(*arguments, "--run", "absent")
    assert len(lines) == 1 and "absent" in lines[0]


def test_resume_with_another_configuration_names_the_keys(refused, small_run):
    before = (small_run / "config.yaml").read_bytes()
    (line,) = refused("train", "--resume", small_run, "--method", "supervised", "--seed", "4")
    assert "method.name: semicurv -> supervised" in line and "training.seed: 0 -> 4" in line
    assert (small_run / "config.yaml").read_bytes() == before
