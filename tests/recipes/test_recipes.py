"""Recipes that come with the package: each loads, says what it is, and is the one place that says it."""

import shlex
from pathlib import Path

import pytest
import yaml

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.recipes import read_head, recipe, recipe_file, recipe_names

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = [*map(recipe_file, recipe_names()), *sorted(CONFIGS.glob("*.yaml"))]


def settings(path):
    """Dotted key to value, as written in the file."""
    sections = yaml.safe_load(path.read_text())
    return {f"{section}.{key}": str(value) for section, keys in sections.items() for key, value in keys.items()}


def test_the_names_are_those_of_the_files():
    assert {"paper", "quickstart", "drive128_supervised", "crackforest_best"} <= set(recipe_names())
    assert not set(recipe_names()) & {path.stem for path in CONFIGS.glob("*.yaml")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_loads_and_says_what_it_is(path):
    config, said, own = load_config(path), read_head(path), settings(path)
    assert said.dataset == own.get("data.dataset") and said.dataset in (None, config.data.dataset)
    assert said.labels is None or said.labels == config.data.labels
    assert len(said.about) <= 120 and said.score and said.cost
    given = ["--recipe", path.stem] if path.parent != CONFIGS else ["--config", f"configs/{path.name}"]
    words = shlex.split(said.command)
    assert words[:2] == ["semicurv-tf", "train"] and words[2:4] == given
    assert all(len(line) <= 120 for line in path.read_text().splitlines())


def test_no_two_files_differ_in_one_setting_only():
    for first in FILES:
        for second in FILES:
            if first is not second:
                one, other = settings(first).items(), settings(second).items()
                keys = {key for key, _ in set(one) ^ set(other)}
                assert len(keys) > 1, f"{first.name} and {second.name} differ in {keys} alone"


def test_head_without_a_line_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("# About: mine\n# Score: 3\ndata:\n  labels: 0.5\n")
    with pytest.raises(ValueError, match="# Command:, # Cost:"):
        read_head(path)


def test_unknown_name_is_told_the_nearest():
    with pytest.raises(
        UserError, match=r"--recipe drive128_supervized: .*Fix: --recipe drive128_supervised, or one of"
    ):
        recipe("drive128_supervized")


def test_command_lists_what_the_files_say(call_command):
    output = call_command("recipes").out
    for name in recipe_names():
        said = recipe(name)
        assert all(text in output for text in (name, said.dataset or "any dataset", said.about, said.score, said.cost))


def test_printed_recipe_is_the_file_and_loads_as_a_configuration(call_command, tmp_path):
    output = call_command("recipes", "em128_best").out
    assert output == recipe_file("em128_best").read_text()
    (tmp_path / "mine.yaml").write_text(output)
    assert load_config(tmp_path / "mine.yaml") == load_config(recipe_file("em128_best"))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["train", "--recipe", "crackforest"], ["--recipe crackforest", "crackforest_best"]),
        (["recipes", "crackforest"], ["crackforest_best"]),
        (["train", "--recipe", "quickstart", "--config", "a.yaml"], ["--recipe quickstart", "--config a.yaml", "one"]),
        (["train", "--resume", "absent", "--recipe", "quickstart"], ["--resume absent", "--recipe"]),
    ],
)
def test_mistakes_are_one_line(call_command, arguments, words):
    output, errors = call_command(*arguments, expect=2)
    assert output == "" and len(errors.splitlines()) == 1 and "Fix:" in errors
    assert all(word in errors for word in words)


def test_dry_run_of_a_recipe_with_an_option_over_it(call_command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    output, errors = call_command("train", "--recipe", "quickstart", "--labels", "0.1", "--steps", 7, "--dry-run")
    assert "16 labelled (0.1 of 160" in output + errors and "7 steps" in output + errors
    assert not (tmp_path / "runs").exists()
