"""A folder grows, changes and moves under a run: training, evaluation, resume and `next` as a user types them."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

TINY = ["--set", "model.widths=[8,16]", "--precision", "float32", "--method", "mean_teacher"]


def draw(folder, name, seed, mask=True, size=(32, 32)):
    """A dark vertical line on a grainy ground."""
    rng = np.random.default_rng(seed)
    line = np.zeros(size, bool)
    line[:, rng.integers(4, size[1] - 6) :][:, :3] = True
    image = np.clip(rng.normal(170 - 110 * line[..., None], 25, (*size, 3)), 0, 255).astype(np.uint8)
    for part, pixels in (("images", image), ("masks", line.astype(np.uint8) * 255)):
        if part == "images" or mask:
            file = folder / part / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)


@pytest.fixture
def call(monkeypatch, call_command, tmp_path):
    """Calls the command line in a folder of its own; returns what it printed on both streams."""

    def call(*arguments, expect=0):
        monkeypatch.setenv("SEMICURV_TF_CACHE", str(tmp_path / "cache"))
        monkeypatch.chdir(tmp_path)
        said = call_command(*arguments, expect=expect)
        return said.out + said.err

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """14 labelled images and an unlabelled one, a second folder of such names, and a run of 4 steps on them."""
    from rich.console import Console

    from semicurv_tf.config import load_config
    from semicurv_tf.training.train import train

    place = tmp_path_factory.mktemp("kept")
    for number in range(15):
        draw(place / "own", f"p{number:02d}", number, mask=number < 14)
    for number in range(3):
        draw(place / "day2", f"p{number:02d}", 100 + number, mask=False)
    settings = {
        "data.dataset": "folder", "data.data_dir": str(place / "own"), "data.unlabelled_dir": str(place / "day2"),
        "data.cache_dir": str(place / "prepared"), "model.widths": [8, 16], "method.name": "mean_teacher",
        "training.steps": 4, "training.checkpoint_every": 2, "training.precision": "float32",
        "training.batch_labelled": 2, "training.batch_unlabelled": 2,
    }  # fmt: skip
    train(load_config(None, settings), place / "r", Console(quiet=True))
    return place


@pytest.fixture
def place(trained, tmp_path):
    """A copy of it, to be changed: all has moved, and the run does not know where to."""
    for part in ("own", "day2", "r"):
        shutil.copytree(trained / part, tmp_path / part)
    return tmp_path


def manifest(run):
    return [json.loads(line) for line in (run / "manifest.jsonl").read_text().splitlines()]


def of(entries, split):
    return {entry["name"] for entry in entries if entry["split"] == split and entry["root"] == "data"}


def there(place):
    return ["--data-dir", place / "own", "--unlabelled-dir", place / "day2"]


def scores(run, key="test"):
    return json.loads((run / "scores.json").read_text())[key]


def test_the_run_keeps_a_manifest(trained):
    entries = manifest(trained / "r")
    assert len(entries) == 18 and sum(entry["root"] == "unlabelled" for entry in entries) == 3
    facts = json.loads((trained / "r" / "run.json").read_text())
    assert (
        {entry["name"] for entry in entries if entry["learned"]}
        == set(facts["labelled"])
        == of(entries, "train") - {"p14"}
    )
    assert {entry["path"] for entry in entries if entry["root"] == "data"} == {
        f"images/p{n:02d}.png" for n in range(15)
    }


def test_a_folder_that_grew_moves_no_image(call, place):
    run, entries = place / "r", manifest(place / "r")
    call("evaluate", "--run", run, *there(place))
    before = scores(run)
    draw(place / "own", "p14", 14)  # the unlabelled one got a mask
    for number in range(20, 60):
        draw(place / "own", f"p{number}", number, mask=number < 50)
    said = call("evaluate", "--run", run, *there(place))
    assert scores(run) == before and set(before["each"]) == of(entries, "test")
    assert "40 images are new, not part of this run (30 with a mask: `evaluate --new` scores them)" in said
    assert "1 image of this run has a mask now, which this run does not learn from: p14" in said

    said = call("evaluate", "--run", run, *there(place), "--new")
    assert set(scores(run, "new")["each"]) == {f"p{number}" for number in range(20, 50)} and "30 images" in said
    said = call("evaluate", "--run", run, *there(place), "--choose-threshold")
    # Two validation images are too few to choose on.
    chosen_on = json.loads((run / "threshold.json").read_text())
    labelled = {entry["name"] for entry in entries if entry.get("learned")}
    assert chosen_on["images"] == len(labelled) and chosen_on["split"] == "labelled"

    said = call("train", "--resume", run, *there(place), "--steps", "6")
    assert "resuming from step 4" in said and "6 steps done" in said and "40 images are new" in said
    assert manifest(run) == entries
    call("evaluate", "--run", run)  # where the images are now was kept
    assert set(scores(run)["each"]) == of(entries, "test") and scores(run)["step"] == 6


def test_resumed_in_a_folder_that_grew_equals_uninterrupted(call, place, trained):
    shutil.rmtree(place / "r" / "checkpoints" / "step-000004")
    draw(place / "own", "a00", 70)
    draw(place / "own", "p14", 14)
    facts = json.loads((place / "r" / "run.json").read_text())
    facts["versions"] |= {"keras": "3.0.1", "numpy": "1.26.4"}
    (place / "r" / "run.json").write_text(json.dumps(facts))
    said = call("train", "--resume", place / "r", *there(place))
    line = next(line for line in said.splitlines() if "other versions than when the run began" in line)
    assert "keras 3.0.1, now " in line and "numpy 1.26.4, now " in line and "scipy" not in line
    state = lambda run: np.load(run / "checkpoints" / "step-000004" / "state.npz")
    resumed, whole = state(place / "r"), state(trained / "r")
    assert resumed.files == whole.files
    for name in whole.files:
        np.testing.assert_array_equal(resumed[name], whole[name])


def test_what_changed_or_went_is_named_by_all(call, place):
    run, entries = place / "r", manifest(place / "r")
    labelled, unlabelled = sorted(of(entries, "train") - {"p14"})[:2], "p14"
    (tested, *_), (watched, *_) = sorted(of(entries, "test")), sorted(of(entries, "validation"))
    (place / "own" / "masks" / f"{labelled[0]}.png").unlink()
    draw(place / "own", labelled[1], 200)
    draw(place / "own", unlabelled, 201, mask=False)
    draw(place / "own", tested, 202, size=(40, 48))
    (place / "own" / "images" / f"{watched}.png").unlink()
    (place / "own" / "masks" / f"{watched}.png").unlink()
    (place / "day2" / "images" / "p01.png").unlink()
    lines = [
        f"--data-dir: images/{labelled[0]}.png (labelled): its mask is not there any more",
        f"--data-dir: images/{labelled[1]}.png (labelled): changed: other pixels than in this run",
        f"--data-dir: images/{unlabelled}.png (training, unlabelled): changed: other pixels than in this run",
        "--unlabelled-dir: images/p01.png (training, unlabelled): is not there any more",
    ]
    others = [
        f"--data-dir: images/{tested}.png (test): changed: 48x40 pixels, 32x32 in this run",
        f"--data-dir: images/{watched}.png (validation): is not there any more",
    ]
    said = call("evaluate", "--run", run, *there(place))
    assert all(f"warning: {line}" in said for line in lines + others)
    assert scores(run)["changed"] == [tested]
    said = call("train", "--resume", run, *there(place), "--steps", "6", expect=2)
    assert all(f"error: {line}. Fix: restore it" in said for line in lines) and said.count("error:") == len(lines)
    assert str(place / "own") not in (run / "config.yaml").read_text()  # what was refused is not kept
    said = call("next", "--run", run, *there(place), "--count", 2, "--output", place / "next")
    assert all(f"warning: {line}" in said for line in lines + others)


def test_next_tells_both_folders_apart_and_leaves_out_what_has_a_mask_now(call, place):
    draw(place / "own", "p14", 14)
    said = call("next", "--run", place / "r", *there(place), "--count", 9, "--views", 1, "--output", place / "next")
    with open(place / "next" / "next.csv", newline="") as file:
        assert {row["image"] for row in csv.DictReader(file)} == {f"unlabelled:p{number:02d}" for number in range(3)}
    assert "left out, labelled already: " in said and "p14" in said
    # A folder of photographs: a copy of a labelled one is left out whatever its name, another of such a name is not.
    (place / "photos").mkdir()
    labelled = sorted(of(manifest(place / "r"), "train") - {"p14"})
    shutil.copy(place / "own" / "images" / f"{labelled[0]}.png", place / "photos" / "copy.png")
    shutil.copy(place / "day2" / "images" / "p00.png", place / "photos" / f"{labelled[1]}.png")
    arguments = ["--data-dir", place / "own", "--input", place / "photos", "--output", place / "two"]
    said = call("next", "--run", place / "r", "--count", 9, "--views", 1, *arguments)
    assert "1 of 1 image," in said and "left out, labelled already: copy.png" in said


def test_a_second_folder_that_is_not_there_is_said(call, place):
    shutil.rmtree(place / "day2")
    config = place / "r" / "config.yaml"
    lines = [
        "  unlabelled_dir: /nowhere" if "unlabelled_dir" in line else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    said = call("evaluate", "--run", place / "r", "--data-dir", place / "own")
    assert "--unlabelled-dir: not there; its 3 images were not looked at" in said
    assert "no folder" in call("evaluate", "--run", place / "r", *there(place), expect=2)
    assert "no folder" in call("train", "--resume", place / "r", "--data-dir", place / "own", "--steps", 6, expect=2)
    said = call(
        "train",
        "--resume",
        place / "r",
        "--set",
        "data.unlabelled_dir=null",
        "--data-dir",
        place / "own",
        "--steps",
        6,
        expect=2,
    )
    assert "--unlabelled-dir: expected the folder of 3 training images of this run" in said


def test_another_folder_is_refused(call, place):
    shutil.rmtree(place / "own")
    draw(place / "own", "other", 1)
    for arguments in (["evaluate", "--run"], ["train", "--steps", 6, "--resume"]):
        said = call(*arguments, place / "r", *there(place), expect=2)
        assert "--data-dir: expected the images of this run, found none of its 15" in said
    assert not (place / "r" / "scores.json").exists()


def test_new_is_refused_where_it_means_nothing(call, place):
    run = ["evaluate", "--run", place / "r", *there(place)]
    assert "--new: expected images with masks that came since" in call(*run, "--new", expect=2)
    assert "--new: expected no --split" in call(*run, "--new", "--split", "test", expect=2)
    assert "--new: a threshold is never chosen" in call(*run, "--new", "--choose-threshold", expect=2)


def test_runs_without_a_manifest_still_open_with_the_split_of_then(call, place):
    from semicurv_tf.data.split import partition

    run = place / "r"
    (run / "manifest.jsonl").unlink()
    said = call("evaluate", "--run", run, *there(place))
    assert "was made by an earlier version and keeps no manifest.jsonl" in said
    names = [f"p{number:02d}" for number in range(14)]
    assert list(scores(run)["each"]) == partition(names, {"train": 0.8, "validation": 0.1, "test": 0.1}, 0)["test"]
    assert "keeps no manifest.jsonl, so what came since cannot be told" in call(
        "evaluate", "--run", run, *there(place), "--new", expect=2
    )
    (run / "manifest.jsonl").write_text("{}\n")
    assert "manifest.jsonl, line 1: damaged" in call("evaluate", "--run", run, *there(place), expect=2)


def test_labels_of_a_folder(call, place):
    train = ["train", "--dataset", "folder", *there(place), *TINY, "--dry-run"]
    masks = len(of(manifest(place / "r"), "train") - {"p14"})
    assert f"{masks} labelled (all {masks} with a mask)" in call(*train)
    assert f"3 labelled (a count, of {masks} with a mask)" in call(*train, "--labels", 3)
    assert f"1 labelled (a count, of {masks} with a mask)" in call(*train, "--labels", 1)
    assert f"1 labelled (0.02 of {masks} with a mask, at least one)" in call(*train, "--labels", 0.02)
    assert f"--labels 30: expected at most the {masks} training images with a mask" in call(
        *train, "--labels", 30, expect=2
    )
