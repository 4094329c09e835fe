"""`train FOLDER` as one types it: the plan, the run's name, other runs as a start, output for programs, photographs."""

import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.planning import plan as planning
from semicurv_tf.training import run_folder

TINY = ["--set", "model.start=none", "--set", "model.widths=[4,8]", "--precision", "float32"]
TINY += ["--set", "training.pictures_every=0", "--steps", "2"]


def draw(folder, name, seed, size=(48, 64), mask=True):
    random = np.random.default_rng(seed)
    line = np.zeros(size, bool)
    line[size[0] // 2 :][:4] = True
    image = np.clip(random.normal(170 - 110 * line[..., None], 25, (*size, 3)), 0, 255).astype(np.uint8)
    for part, pixels in (("images", image), ("masks", line.astype(np.uint8) * 255)):
        if part == "images" or mask:
            (folder / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / part / f"{name}.png")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first") / "photos"
    for number in range(5):
        draw(folder, f"p{number}", number, mask=number < 3)
    return folder


@pytest.fixture
def call(monkeypatch, call_command, tmp_path):
    """Calls the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return call_command


def table(text):
    """Heading to what stands beside it."""
    rows = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {heading: said.strip() for heading, said in rows}


def test_a_folder_is_all_one_has_to_name(call, photos, tmp_path):
    plan = table(call("train", photos, *TINY, "--dry-run").err)
    assert not list(tmp_path.iterdir())
    assert plan["images"].startswith("3 labelled (all 3 with a mask), 2 unlabelled; 64x48 px, 3 channels")
    assert plan["structures"].startswith(("4.0 px wide", "3.9 px wide", "4.1 px wide"))
    assert plan["crop"] == "none: whole images, all of one size" and plan["length"] == "2 steps"
    assert plan["time"].startswith("about 30 s") and plan["run"] == "runs/photos"
    typed = shlex.split(plan["the same"])
    assert typed[:5] == ["semicurv-tf", "train", str(photos), "--recipe", "default"]

    call(*typed[1:])  # what is printed can be typed
    run = tmp_path / "runs" / "photos"
    config = run_folder.read_config(run)
    assert config.data.crop is None and config.training.steps == 2 and config.method.name == "supervised"
    assert table(call("train", photos, *TINY, "--dry-run").err)["run"] == "runs/photos-2"

    said = call("train", photos, "--from", run, "--steps", "1", "--json", "--set", "training.pictures_every=0")
    objects = [json.loads(line) for line in said.out.splitlines()]
    (plan,) = [each["plan"] for each in objects if "plan" in each]
    assert "error" not in said.err and re.fullmatch(r"IoU \d+ % on labelled images, at one scale", plan["it alone"])
    assert any(str(run) in each.get("message", "") and "begins with" in each["message"] for each in objects)
    (step,) = [each for each in objects if "loss" in each]
    assert step["step"] == step["steps"] == 1
    facts = json.loads((tmp_path / "runs" / "photos-2" / "run.json").read_text())
    assert facts["start"]["run"] == str(run) and facts["start"]["steps"] == 2
    assert run_folder.read_config(tmp_path / "runs" / "photos-2").model.widths == (4, 8)

    said = call("train", photos, "--from", run, "--set", "model.widths=[4,6]", "--dry-run", expect=2)
    assert "has another network" in said.err and "Fix: --set 'model.widths=[4,8]'" in said.err


def test_photographs_of_other_sizes_and_quiet(call, tmp_path):
    for number in range(3):
        draw(tmp_path / "big", f"p{number}", number, size=(700 + number, 900))
    said = call("train", tmp_path / "big", *TINY, "--quiet")
    assert said.out == "" and all(line.startswith("warning: ") for line in said.err.splitlines()), said
    config = run_folder.read_config(tmp_path / "runs" / "big")
    # Of the 445 places of a crop of 256 rows in 700, 259 see the line at 350; of 192 rows 195 of 509, less than half.
    assert config.data.crop == 256


def test_too_little_memory_is_refused_before_the_first_step(call, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "free_memory", lambda: 500_000_000)
    said = call("train", photos, *TINY, expect=2).err
    (line,) = [line for line in said.splitlines() if line.startswith("error:")]
    assert "expected a training of at most 0.5 GB" in line and "Fix: --set data.crop=128" in line
    assert not (tmp_path / "runs").exists()
