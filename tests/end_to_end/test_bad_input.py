"""Each mistake gets one line that names it and the remedy, exit code 2, and leaves nothing half-written."""

import pytest

from tests.end_to_end.conftest import SMALL


@pytest.fixture
def refused(monkeypatch, call_command, tmp_path):
    """Calls the command line in a folder of its own, which it refuses; returns the lines of error."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        errors = call_command(*arguments, expect=2).err
        assert not (tmp_path / "runs").exists() and not (tmp_path / "run").exists()
        return [line for line in errors.splitlines() if line.startswith(("error:", "Error:"))]

    return call


@pytest.mark.parametrize("labels", ["1.5", "-1", "few", "nan", "9999"])
def test_labels(refused, labels):
    (line,) = refused("train", "--labels", labels)
    assert "--labels" in line and labels in line and "Fix:" in line


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--dataset", "drive128x"], ["drive128x", "drive128", "crackforest"]),
        (["--method", "magic"], ["method.name", "magic", "semicurv"]),
        (["--model", "resnet"], ["model.name", "resnet", "residual_unet"]),
        (["--model", "hed", "--set", "model.encoding=linear"], ["model.encoding", "hed", "linear"]),
        (
            ["--model", "hed", "--set", "model.trunk_weights=absent.h5"],
            ["model.trunk_weights", "absent.h5", "no such file"],
        ),
        (["--set", "model.start=absent.npz"], ["model.start", "absent.npz", "curves"]),
        (["--model", "unet", "--set", "model.start=curves"], ["model.start", "unet", "none"]),
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


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["predict", "--input", ".", "--output", "out"], ["export", "--output", "out"]]
)
def test_no_run_folder(refused, arguments, tmp_path):
    from PIL import Image

    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    lines = refused(*arguments, "--run", "absent")
    assert len(lines) == 1 and "absent" in lines[0]


def test_resume_with_another_configuration_names_the_keys(refused, small_run):
    before = (small_run / "config.yaml").read_bytes()
    (line,) = refused("train", "--resume", small_run, "--method", "supervised", "--seed", "4")
    assert "method.name: semicurv -> supervised" in line and "training.seed: 0 -> 4" in line
    assert (small_run / "config.yaml").read_bytes() == before


def test_first_loss_that_is_not_finite_stops_the_run(call_command, tmp_path):
    settings = ["training.optimizer=sgd", "training.learning_rate=1e35", "training.gradient_clip=null"]
    options = [word for setting in settings for word in ("--set", setting)]
    errors = call_command("train", *SMALL, *options, "--steps", "20", "--run", tmp_path / "run", expect=2).err
    (line,) = [line for line in errors.splitlines() if line.startswith("error:")]
    assert "the loss is not finite" in line and "training.learning_rate" in line


def test_all_bad_files_of_a_folder_are_listed_together(refused, tmp_path):
    import numpy as np
    from PIL import Image

    data = tmp_path / "mine"
    (data / "images").mkdir(parents=True)
    (data / "masks").mkdir()
    rng = np.random.default_rng(0)
    for index in range(6):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(data / "images" / f"{index}.png")
        Image.fromarray((rng.random((32, 32)) < 0.1).astype(np.uint8) * 255).save(data / "masks" / f"{index}.png")
    truncated = data / "images" / "0.png"
    truncated.write_bytes(truncated.read_bytes()[:200])
    Image.fromarray(np.zeros((16, 32), np.uint8)).save(data / "masks" / "1.png")
    Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)).save(data / "masks" / "2.png")
    (data / "images" / "3.png").unlink()
    lines = refused("train", "--dataset", "folder", "--data-dir", data, "--labels", "all", *SMALL)
    for name in ("0.png", "1.png", "2.png", "3.png"):
        assert any(name in line and "Fix:" in line for line in lines), (name, lines)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--kinds", "crack"], ["--kinds", "crack", "cracks"]),
        (["--widths", "16"], ["--widths", "16,32,64,128,256"]),
        (["--widths", "a,b"], ["--widths", "a,b"]),
    ],
)
def test_pretrain(refused, arguments, words):
    (line,) = refused("pretrain", "--run", "run", *arguments)
    assert "Fix:" in line
    for word in words:
        assert word in line


def test_predict_by_two_networks(refused, tmp_path):
    (line,) = refused("predict", "--run", "a", "--server", "grpc://b:1", "--input", ".", "--output", "masks")
    assert "--run and --server" in line and "Fix:" in line
