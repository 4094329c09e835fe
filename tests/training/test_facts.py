import json

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.training.facts import read_facts

GOOD = {
    "channels": 3,
    "mean": [1.0, 2, 3],
    "standard_deviation": [1, 1, 1],
    "labelled": ["a"],
    "steps": 3,
    "precision": {"name": "bfloat16", "reason": "asked for"},
    "value_range": "uint16=0:4095",
    "start": {"name": "curves", "steps": 3},
    "extra": None,
}


def write(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_good_facts_come_back(tmp_path):
    assert read_facts(write(tmp_path, GOOD)) == GOOD


@pytest.mark.parametrize(
    ("key", "value"),
    [("channels", "3"), ("channels", True), ("channels", 2000), ("mean", [1, 2]), ("mean", None),
     ("mean", [1, 2, float("nan")]),
     ("standard_deviation", [1, 1, -1]), ("labelled", "a"), ("labelled", [1]), ("steps", 1.5), ("steps", 0),
     ("standard_deviation", [1, 1, 0]), ("labelled", ["a", "a"]), ("precision", "float32"),
     ("precision", {"name": "float8", "reason": ""}), ("precision", {"name": "float32"}), ("value_range", [0, 1]),
     ("value_range", "9:0"), ("start", []), ("start", {"run": "runs/a"}), ("start", {"steps": 3})],
)  # fmt: skip
def test_wrong_types_name_the_key(tmp_path, key, value):
    with pytest.raises(UserError, match=rf"run.json: {key}: expected .*, found .* Fix"):
        read_facts(write(tmp_path, {**GOOD, key: value}))


@pytest.mark.parametrize("content", ["", "[]", "3", "[" * 100_000, "{", "\x00"])
def test_what_is_no_object_is_one_line(tmp_path, content):
    with pytest.raises(UserError, match="run.json: expected .*Fix") as raised:
        read_facts(write(tmp_path, content))
    assert len(raised.value.lines) == 1


@pytest.mark.parametrize("key", ["channels", "mean", "standard_deviation"])
def test_a_missing_key_is_named(tmp_path, key):
    with pytest.raises(UserError, match=f"run.json: {key}: missing"):
        read_facts(write(tmp_path, {name: value for name, value in GOOD.items() if name != key}))
