"""Records: those of the repository open, older ones of recipes too, and what is none is named."""

import json
import os
from pathlib import Path

import pytest

from semicurv_tf.config import stored_config
from semicurv_tf.errors import UserError
from semicurv_tf.study.recipe_table import time_table
from semicurv_tf.study.record import CELL, RECIPE, DamagedRecord, read_record
from semicurv_tf.study.run_recipes import read_recipe_records
from semicurv_tf.study.study_table import study_table

RESULTS = Path(__file__).resolve().parents[2] / "results"


@pytest.mark.parametrize(("folder", "kind"), [("paper", CELL), ("recipes", RECIPE), ("methods_synthetic", RECIPE)])
def test_records_of_the_repository(folder, kind):
    files = sorted((RESULTS / folder).rglob("*.json"))
    assert files
    for file in files:
        record = read_record(file)
        assert record["kind"] == kind
        config = stored_config(record["config"])
        assert (record["dataset"], record["labels"]) == (config.data.dataset, config.data.labels)
        assert record["seed"] == config.training.seed and record["steps"] >= record["curve"][-1]["step"] > 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Expecting"),
        ("[]", "no record of a run"),
        ('{"kind": "other"}', "no record of a run"),
        ('{"recipe": "a.yaml"}', "key 'config' is missing"),
        ('{"recipe": "a.yaml", "config": {}, "curve": []}', "damaged: curve: expected lines of a log"),
        ('{"recipe": "a.yaml", "config": {}, "curve": [{"step": 1}]}', "key 'data' is missing"),
    ],
)
def test_what_is_no_record(tmp_path, content, said):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DamagedRecord, match=said):
        read_record(tmp_path / "a.json")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedRecord):
        read_record(tmp_path / "a.json")


def test_older_records_get_what_follows_from_their_configuration(tmp_path):
    config = {"data": {"dataset": "drive128", "labels": 0.01}, "training": {"seed": 3}}
    content = {"recipe": "a.yaml", "config": config, "curve": [{"step": 50}, {"step": 120}]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    record = read_record(tmp_path / "a.json")
    assert (record["kind"], record["dataset"], record["labels"], record["seed"], record["steps"]) == (
        RECIPE,
        "drive128",
        0.01,
        3,
        120,
    )


def whole_record():
    scores = dict.fromkeys(("iou", "f1", "precision", "recall"), 0.5)
    return {
        "kind": RECIPE,
        "recipe": "a.yaml",
        "config": {
            "data": {"dataset": "drive128", "labels": 0.01},
            "method": {"name": "supervised"},
            "training": {"seed": 3},
        },
        "curve": [{"step": 50, "seconds": 0.1}, {"step": 120, "seconds": 0.1, "monitor_student_iou": 0.5}],
        "labelled": ["a"],
        "precision": {"name": "float32"},
        "versions": {"tensorflow": "2.21.0"},
        "processor": "one",
        "training_minutes": 0.0,
        "scores": {"mean": scores, "pooled": scores},
    }


NAN, HUGE = float("nan"), 10**400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("curve", [{"step": 50, "loss": NAN}]), ("curve", [{"step": HUGE}]), ("curve", [{"step": 2}, {"step": 2}]),
        ("curve", [3]), ("curve", [{"step": 5, "seconds": -1}]), ("curve", [{"step": True}]), ("config", {"data": []}),
        ("config", {"training": {"seed": -1}}), ("config", {"data": {"labels": "all"}}), ("scores", {"mean": []}),
        ("scores", {"mean": {"iou": 1.5}}), ("training_minutes", HUGE),
        ("training_minutes", "5"), ("recipe", "../a.yaml"), ("recipe", "a\x1b[31m.yaml"), ("labelled", [1]),
        ("seed", 2**63),
        ("precision", None), ("versions", {"tensorflow": 3}), ("processor", None),
        ("steps", 0), ("cell", ".."), ("wall_minutes", NAN),
    ],
)  # fmt: skip
def test_a_value_that_no_run_writes_is_named(tmp_path, key, value):
    (tmp_path / "a.json").write_text(json.dumps({**whole_record(), key: value}))
    with pytest.raises(DamagedRecord, match=f"^damaged: {key}[a-z0-9.]*: expected "):
        read_record(tmp_path / "a.json")


@pytest.mark.parametrize(
    "key", ["recipe", "labelled", "precision", "versions", "processor", "training_minutes", "scores", "f1"]
)
def test_tables_name_a_key_that_is_missing(tmp_path, key):
    record = whole_record()
    (tmp_path / "a.json").write_text(json.dumps(record))
    assert "| a.yaml | supervised | 1 | 3 | 120 |" in study_table(read_recipe_records([tmp_path]))
    assert "(50.0)" in time_table(read_recipe_records([tmp_path]), (1,))  # of no minutes, as they are rounded
    of = record["scores"]["mean"] if key == "f1" else record
    del of[key]
    (tmp_path / "a.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=f"found that (it is )?damaged: key .*{key}.* is missing|it is no record"):
        read_recipe_records([tmp_path])


def test_a_pipe_is_no_record(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(DamagedRecord, match="^expected a file, found a folder, pipe or device$"):
        read_record(tmp_path / "a.json")
