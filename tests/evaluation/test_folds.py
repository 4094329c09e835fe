"""Folds by hand: who is in which, what is averaged; and five commands' worth of them on a small folder."""

import json
import types
from pathlib import Path

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.folds import split_folds, summarise_folds, table
from semicurv_tf.training import run_folder
from tests.drawn_folder import draw_folder


class Store:
    """Names, sources and labels of images that nobody reads."""

    def __init__(self, names, sources=None, labelled=None):
        self.names, self.sources = tuple(names), tuple(sources or names)
        self.labelled = tuple(labelled or [True] * len(names))
        self.roots = ("data",) * len(names)

    def __len__(self):
        return len(self.names)

    def indices(self, names):
        return [self.names.index(name) for name in names]

    def joined(self, other):
        return Store(self.names + other.names, self.sources + other.sources, self.labelled + other.labelled)

    def subset(self, indices):
        pick = lambda values: [values[index] for index in indices]
        return Store(pick(self.names), pick(self.sources), pick(self.labelled))


@pytest.fixture(autouse=True)
def plain_replace(monkeypatch):
    change = lambda dataset, **values: types.SimpleNamespace(**{**vars(dataset), **values})
    monkeypatch.setattr("semicurv_tf.evaluation.folds.dataclasses.replace", change)


def dataset(train, validation=None, test=None):
    return types.SimpleNamespace(train=train, validation=validation, test=test)


def test_every_mask_is_held_out_once_and_never_learned_from():
    images = dataset(Store("abcdefu", labelled=[True] * 6 + [False]), Store("gh"), Store("ij"))
    parts = split_folds(images, list("abcdef"), 5)
    assert sorted(name for part in parts for name in part.held) == list("abcdefghij")
    for part in parts:
        assert len(part.held) == 2 and not set(part.held) & set(part.images.labelled)
        assert sorted((*part.held, *part.images.labelled)) == list("abcdefghij")
        assert part.images.dataset.test.names == part.held and part.images.dataset.validation is None
        assert sorted(part.images.dataset.train.names) == sorted((*part.images.labelled, "u"))


def test_crops_of_a_photograph_stay_together_unlabelled_ones_too():
    store = Store(["p-0", "p-1", "q-0", "q-1", "r-0"], list("ppqqr"))
    parts = split_folds(dataset(store), ["p-0", "q-0", "r-0"], 3)
    for part in parts:
        seen = {name[0] for name in part.images.dataset.train.names}
        assert not seen & {name[0] for name in part.held}
    everywhere = [name for part in parts for name in part.images.dataset.train.names]
    assert everywhere.count("p-1") == 2 and all("p-1" not in part.images.labelled for part in parts)


def test_too_few_photographs_and_names_twice():
    with pytest.raises(UserError, match=r"at least 5 photographs with masks in this run, found 3. Fix: --folds 3"):
        split_folds(dataset(Store("abc")), list("abc"), 5)
    with pytest.raises(UserError, match="found 1. Fix: label more images"):
        split_folds(dataset(Store("a")), ["a"], 2)
    with pytest.raises(UserError, match="found a twice"):
        split_folds(dataset(Store("ab"), test=Store("ac")), list("ab"), 2)


def test_means_by_hand():
    def fold(*ious):
        mean = float(np.mean(ious))
        names = {f"{mean}{place}": {"iou": iou, "f1": iou} for place, iou in enumerate(ious)}
        return {"images": len(ious), "step": 7, "each": names, "mean": dict.fromkeys(
            ("iou", "f1", "precision", "recall"), mean)}  # fmt: skip

    found = summarise_folds([fold(0.4, 0.6), fold(0.8)], learned=1)
    assert found["mean"]["iou"] == pytest.approx(0.6)  # of three images, not of two folds (0.65)
    assert found["deviation"]["iou"] == pytest.approx(0.3 / np.sqrt(2))  # of 0.5 and 0.8
    assert found["interval"] == pytest.approx((0.6 - 4.303 * 0.2 / np.sqrt(3), 1.0), abs=1e-3)
    lines = table(found, Path("RUN")).splitlines()
    assert [line.split()[-3:] for line in lines[-4:-1]] == [
        ["1", "40.0", "40.0"], ["1", "60.0", "60.0"], ["2", "80.0", "80.0"]
    ]  # fmt: skip


def test_trained_scored_stopped_and_gone_on_with(tmp_path, monkeypatch, call_command):
    monkeypatch.undo()
    draw_folder(tmp_path / "my", 6)
    run = tmp_path / "run"
    call_command(
        "train", tmp_path / "my", "--run", run, "--steps", 2, "--precision", "float32", "--set", "model.start=none",
        "--set", "model.widths=[4,8]", "--set", "training.pictures_every=0",
        "--set", "training.optimizer=sgd", "--quiet",
    )  # fmt: skip
    weights = (run / "deployed.keras").read_bytes()
    said = call_command("evaluate", "--run", run, "--folds", 2)
    assert "2 folds, 6 images with a mask" in said.out and "interval of the mean IoU" in said.out
    summary = json.loads((run / "folds-2.json").read_text())
    assert sorted(summary["each"]) == [f"p{number}" for number in range(6)] and summary["learned"] == 3
    assert (run / "deployed.keras").read_bytes() == weights and not (run / "scores.json").exists()
    for number in (1, 2):
        entries = run_folder.read_manifest(run / "folds-2" / f"fold-{number}")
        held = {entry.name for entry in entries if entry.split == "test"}
        assert held == {name for name, one in summary["each"].items() if one["fold"] == number}
        assert not held & {entry.name for entry in entries if entry.learned}

    # As if it had been stopped before the last fold's end: that one goes on, the others are not trained again.
    last, first = (run / "folds-2" / f"fold-{number}" for number in (2, 1))
    (last / "deployed.keras").unlink()
    trained = (first / "log.jsonl").stat().st_mtime_ns
    said = call_command("evaluate", "--run", run, "--folds", 2)
    assert "resuming from step 2" in said.err and (last / "deployed.keras").exists()
    assert (first / "log.jsonl").stat().st_mtime_ns == trained
    assert json.loads((run / "folds-2.json").read_text())["mean"] == summary["mean"]

    config = run / "config.yaml"  # as if the run had gone on for a step
    config.write_text(config.read_text().replace("steps: 2\n", "steps: 3\n"))
    said = call_command("evaluate", "--run", run, "--folds", 2, expect=2)
    assert "training.steps: 2 -> 3" in said.err and f"Fix: remove {run / 'folds-2'}" in said.err
    said = call_command("evaluate", "--run", run, "--folds", 2, "--split", "test", expect=2)
    assert "--folds 2: expected no --split beside it" in said.err
