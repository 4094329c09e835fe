"""`semicurv-tf study`: what would be run, a run with its record and table, and the tables of the records."""

import json

import pytest
from click.testing import CliRunner

from semicurv_tf.cli.study import study
from semicurv_tf.errors import UserError

RECIPE = """
data: {dataset: synthetic, labels: 0.25, crop: 32, options: {train: 8, validation: 2, test: 2}}
model: {widths: [4, 8]}
method: {name: supervised}
training: {steps: 4, precision: float32, monitor_every: 4, checkpoint_every: 2}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny_best.yaml"
    path.write_text(RECIPE)
    return path


def call(folder, *arguments):
    environment = {"SEMICURV_TF_CACHE": str(folder / "cache")}
    return CliRunner().invoke(study, list(map(str, arguments)), env=environment)


def places(folder):
    return "--runs", folder / "runs", "--output", folder / "results"


def test_run_then_nothing_left_then_its_tables(recipe, tmp_path):
    planned = call(tmp_path, "run", recipe, *places(tmp_path), "--seed", 0, "--seed", 1, "--dry-run")
    assert planned.exit_code == 0, planned.exception
    assert "tiny_best-seed1" in planned.output and planned.output.count("waiting") == 2
    assert not (tmp_path / "runs").exists() and not (tmp_path / "results").exists()

    done = call(tmp_path, "run", recipe, *places(tmp_path), "--seed", 0)
    assert done.exit_code == 0, (done.output, done.exception)
    record = json.loads((tmp_path / "results" / "tiny_best-seed0.json").read_text())
    assert (record["kind"], record["recipe"], record["dataset"], record["labels"], record["seed"], record["steps"]) == (
        "semicurv_tf recipe",
        "tiny_best.yaml",
        "synthetic",
        0.25,
        0,
        4,
    )
    assert record["scores"]["images"] == 2 and str(tmp_path) not in json.dumps(record)
    assert "| tiny_best.yaml | supervised | 2 | 0 | 4 |" in (tmp_path / "results" / "table.md").read_text()

    planned = call(tmp_path, "run", recipe, *places(tmp_path), "--seed", 0, "--seed", 1, "--dry-run")
    assert planned.output.count("waiting") == 1 and planned.output.count("done") == 1
    assert "times by runs measured" in planned.output

    tables = call(tmp_path, "table", tmp_path / "results")
    assert tables.exit_code == 0 and "| synthetic, 25 % |" in tables.output and "(1 seed)" in tables.output

    # The same names are not given to other settings, and no run or record takes another's place.
    longer = (recipe, *places(tmp_path), "--set", "training.steps=6")
    for dry in ((), ("--dry-run",)):
        refused = call(tmp_path, "run", *longer, *dry)
        assert isinstance(refused.exception, UserError)
        of_record, of_run = refused.exception.lines
        assert "results/tiny_best-seed0.json: was made with other settings (training.steps: 4 -> 6)" in of_record
        assert "runs/tiny_best-seed0: was made with other settings (training.steps: 4 -> 6)" in of_run
        assert of_record.endswith("or another --output") and of_run.endswith("or another --runs")

    # With --development there are no test scores, and no table of them; foreign files are named beside.
    closed = tmp_path / "closed"
    again = call(tmp_path, "run", recipe, "--runs", tmp_path / "runs", "--output", closed, "--development")
    assert again.exit_code == 0, again.exception
    assert json.loads((closed / "tiny_best-seed0.json").read_text())["scores"] is None
    # What was opened before stays known.
    once_more = call(tmp_path, "run", recipe, *places(tmp_path), "--development")
    assert once_more.exit_code == 0, once_more.exception
    assert json.loads((tmp_path / "results" / "tiny_best-seed0.json").read_text())["scores"] == record["scores"]
    (closed / "other.json").write_text("{}")
    tables = call(tmp_path, "table", closed)
    assert isinstance(tables.exception, UserError) and "| " not in tables.output
    foreign, untested = sorted(tables.exception.lines)
    assert "other.json" in foreign and "tiny_best-seed0.json" in untested and "--development" in untested


@pytest.mark.parametrize(
    "name, content", [("table.md", "my notes"), ("other.json", "{}"), ("tiny_best-seed0.json", "[")]
)
def test_no_file_of_someone_elses_is_replaced_or_met_after_the_training(recipe, tmp_path, name, content):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / name).write_text(content)
    refused = call(tmp_path, "run", recipe, *places(tmp_path))
    assert isinstance(refused.exception, UserError) and name in str(refused.exception), refused.exception
    assert (tmp_path / "results" / name).read_text() == content and not (tmp_path / "runs").exists()


def test_a_recipe_of_the_package_goes_by_its_name(recipe, tmp_path):
    planned = call(tmp_path, "run", "quickstart", recipe, *places(tmp_path), "--dry-run")
    assert planned.exit_code == 0, planned.exception
    assert "quickstart-seed0" in planned.output and "tiny_best-seed0" in planned.output


def test_what_cannot_be_run_is_said_before_the_first_step(recipe, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / recipe.name
    twin.write_text(RECIPE)
    for recipes, said in (
        ([recipe, twin], "would have the run folder"),
        ([tmp_path / "absent.yaml"], "absent.yaml"),
        (
            ["quickstat"],
            "quickstat: expected a name from `semicurv-tf recipes`, but no recipe has this name. Fix: quickstart,",
        ),
        ([recipe, "--set", "training.learning_rat=1"], "training.learning_rat"),
    ):
        result = call(tmp_path, "run", *recipes, *places(tmp_path))
        assert isinstance(result.exception, UserError) and said in str(result.exception)
    empty = call(tmp_path, "table", tmp_path / "other")
    assert isinstance(empty.exception, UserError) and "found none" in str(empty.exception)
    assert not (tmp_path / "runs").exists()
