"""YAML of hostile and of odd kinds: one line each, in no time and no memory."""

import itertools

import pytest

from semicurv_tf.config import load_config, parse_setting
from semicurv_tf.config.plain_yaml import plain_yaml
from semicurv_tf.errors import UserError

LEVELS = "abcdefghijklm"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in itertools.pairwise(LEVELS)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "more than 100000 values"),
        (LAUGHS + "training:\n  seed: *m\n", "more than 100000 values"),  # a message with the value would be endless
        ("training: &t\n  seed: *t\n", "more than 20 levels"),
        ("[" * 1200, "more than 20 levels"),
        ("training: " + "{a: " * 200 + "1" + "}" * 200, "more than 20 levels"),
        ("training:\n  seed: 2020-99-99\n", "not valid YAML"),
        (f"training:\n  seed: {'9' * 6000}\n", "not valid YAML"),
        ("training:\n  seed: 1:" + "59:" * 3000 + "1\n", "found a number of thousands of digits"),
        ("training: !!python/object/apply:os.getcwd []\n", "line 1: not valid YAML"),
        ("1:\n  2: '1e3'\n", "keys should be strings"),
    ],
)
def test_a_line_names_the_file(tmp_path, text, words):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert all(line.startswith(str(path)) and len(line) < 600 for line in caught.value.lines)
    assert any(words in line for line in caught.value.lines)


def test_aliases_of_few_values_are_plain():
    assert plain_yaml("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_settings_and_large_files(tmp_path):
    with pytest.raises(UserError, match="not valid YAML"):
        parse_setting("training.seed=2020-99-99")
    with (tmp_path / "c.yaml").open("wb") as file:
        file.truncate(1_000_001)
    with pytest.raises(UserError, match="at most 1000000 bytes"):
        load_config(tmp_path / "c.yaml")


def test_what_a_terminal_would_obey_is_shown(tmp_path):
    (tmp_path / "c.yaml").write_text('"tr\\e[31m\\naining":\n  a: 1\n')
    with pytest.raises(UserError) as caught:
        load_config(tmp_path / "c.yaml")
    assert "unknown key tr\\x1b[31m\\naining" in caught.value.lines[0]


def test_a_key_that_stands_twice_is_named_with_both_lines(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("training: {steps: 6}\nviews:\n  scale: 2\n  'scale': 3\ntraining: {seed: 1}\n")
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert list(caught.value.lines) == [
        f"{path}: expected each key once, found 'scale' in lines 3 and 4; 'training' in lines 1 and 5. "
        "Fix: keep one of each, with all its values"
    ]
    with pytest.raises(UserError, match=r"--set data.options=.*'no_data' in lines 1 and 1. Fix: keep one"):
        parse_setting("data.options={no_data: 1, no_data: 2}")


def test_a_key_may_replace_one_that_is_merged_in():
    text = "a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  x: 3\nc:\n  <<: *b\n  y: 4\n"
    assert plain_yaml(text) == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": {"x": 3, "y": 4}}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.steps=yes", "training.steps: expected a whole number, found true. Fix: --set training.steps="),
        ("training.seed=off", "training.seed: expected a whole number, found false. Fix: --set training.seed="),
        ("training.learning_rate=true", "training.learning_rate: expected a number, found true. Fix: --set"),
        ("model.widths=[4, true]", "model.widths.1: expected a whole number, found true. Fix: --set"),
    ],
)
def test_true_is_no_number(setting, said):
    with pytest.raises(UserError) as caught:
        load_config(None, dict([parse_setting(setting)]))
    assert len(caught.value.lines) == 1 and caught.value.lines[0].startswith(f"configuration: {said}")
    assert load_config(None, {"views.geometric": False}).views.geometric is False


@pytest.mark.parametrize(("widths", "places"), [([4], ["widths: "]), ([4, 2.5, "x"], ["widths.1: ", "widths.2: "])])
def test_a_list_is_too_short_only_where_its_entries_are_right(widths, places):
    with pytest.raises(UserError) as caught:
        load_config(None, {"model.widths": widths})
    assert [
        line.split("model.")[1][: len(place)] for line, place in zip(caught.value.lines, places, strict=True)
    ] == places
