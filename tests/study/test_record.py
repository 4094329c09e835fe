"""Records: those of the repository open, older ones of recipes too, and what is none is named."""

import json
from pathlib import Path

import pytest

from semicurv_tf.config import stored_config
from semicurv_tf.study.record import CELL, RECIPE, DamagedRecord, read_record

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
        ('{"recipe": "a.yaml", "config": {}, "curve": []}', "damaged"),
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
