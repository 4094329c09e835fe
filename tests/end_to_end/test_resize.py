"""`data.resize` from the plan to the exported graph: proposed, typed again, kept, and masks of the photographs'."""

import json
import shlex

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.export.load import load_signature
from semicurv_tf.training import run_folder

TINY = ["--set", "model.start=none", "--set", "model.widths=[4,8]", "--precision", "float32"]
TINY += ["--set", "training.pictures_every=0", "--set", "data.options.test_share=0.4", "--steps", "3", "--quiet"]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Eight photographs of 519 x 600 pixels with a crack of 24, too wide for what the built-in network knows."""
    folder = tmp_path_factory.mktemp("wide") / "photos"
    for number in range(8):
        random = np.random.default_rng(number)
        line = np.zeros((519, 600), bool)
        line[200 + 10 * number :][:24] = True
        image = np.clip(random.normal(170 - 110 * line[..., None], 25, (519, 600, 3)), 0, 255).astype(np.uint8)
        for part, pixels in (("images", image), ("masks", line.astype(np.uint8) * 255)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / part / f"p{number}.png")
    return folder


@pytest.fixture(scope="module")
def run(command, wide, tmp_path_factory):
    """Trained by what the plan prints."""
    folder = tmp_path_factory.mktemp("resize")
    plan = command("train", wide, *TINY[:-1], "--dry-run", cwd=folder)
    rows = dict(line.split("  ", 1) for line in plan.splitlines() if "  " in line)
    assert rows["size"].strip() == "1/3 of it: structures of 24 px become 8.0 px wide"
    assert "600x519 px" in rows["images"]
    typed = shlex.split(rows["the same"])
    assert "data.resize=1/3" in typed
    said = command(*typed[1:], cwd=folder)
    assert "seen at 1/3 of their size" in said and "scores below are of that size" in said
    return folder / typed[typed.index("--run") + 1]


def test_the_run_remembers_and_the_manifest_is_of_the_files(run):
    assert run_folder.read_config(run).data.resize == "1/3"
    entries = run_folder.read_manifest(run)
    assert {(entry.width, entry.height) for entry in entries} == {(600, 519)}


def test_scores_are_of_the_photographs_size(command, run):
    said = command("evaluate", "--run", run)
    assert "seen at 1/3 and scored at their own size" in said
    assert json.loads((run / "scores.json").read_text())["test"]["resize"] == "1/3"


def test_run_export_and_served_graph_give_one_mask(command, run, wide, tmp_path):
    command("predict", "--run", run, "--input", wide / "images", "--output", tmp_path / "a", "--threshold", "0.45")
    command("export", "--run", run, "--output", tmp_path / "models", "--threshold", "0.45")
    version = tmp_path / "models" / "1"
    command("predict", "--saved-model", version, "--input", wide / "images", "--output", tmp_path / "b")
    card = json.loads((version / "assets.extra" / "model_card.json").read_text())
    assert card["resize"] == "1/3" and card["stride"] == 6 and card["max_pixels"] > 4_194_304
    signature, _ = load_signature(str(version))
    for name in ("p0", "p5"):
        masks = [np.asarray(Image.open(tmp_path / part / f"{name}.png")) for part in "ab"]
        served = signature(image=np.asarray(Image.open(wide / "images" / f"{name}.png"))[None])["mask"][0, ..., 0]
        for mask in (*masks, served):
            assert mask.shape == (519, 600)
            assert (np.asarray(mask) != masks[0]).mean() < 1e-4  # at the threshold itself graphs may round differently


def test_a_start_brings_its_size_and_a_resumed_run_keeps_it(command, run, wide, tmp_path):
    said = command("train", wide, "--from", run, "--dry-run", cwd=tmp_path)
    assert "1/3 of it" in said and "--set data.resize=1/3" in said
    command("train", "--resume", run, "--steps", "4", "--quiet")
    assert json.loads((run / "run.json").read_text())["steps"] == 4
    said = command("train", "--resume", run, "--set", "data.resize=1/2", expect=2)
    assert "belongs to another configuration (data.resize" in said
