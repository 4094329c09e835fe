"""Trains and scores several recipes on the same labelled images, and keeps what was measured.

    RUNS/RECIPE-seedN/              a run folder; RECIPE-METHOD-seedN where methods are compared with all else shared
    RESULTS/RECIPE-seedN.json       its record: configuration, curve, test scores at the last step, minutes, machine
    RESULTS/table.md                a row for each run; mean and spread where a recipe ran with several seeds

Called again, it resumes where it stopped: finished runs are not trained again, stopped ones are resumed.
"""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pydantic
from rich.console import Console

from semicurv_tf.config import Config, load_config, load_shared_config, stored_config
from semicurv_tf.errors import UserError
from semicurv_tf.images.own_files import require_own_folder
from semicurv_tf.study.branch import branch
from semicurv_tf.study.cell import planned_steps, require_same_settings
from semicurv_tf.study.measure import test_scores, train_to_the_end
from semicurv_tf.study.record import RECIPE, DamagedRecord, make_record, read_record
from semicurv_tf.study.record_check import OF_TABLES, fault_of
from semicurv_tf.study.run_plan import DONE, STARTED, WAITING, forecast_from
from semicurv_tf.study.study_table import study_table
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.whole_files import write_json, written_whole
from semicurv_tf.wording import duration

TABLE = "table.md"


class RecipeRun(NamedTuple):
    """A recipe with a seed.

    Attributes:
        recipe: its file.
        run: the run folder; its name is that of the record, too.
        seed: chooses the labelled images.
        config: all settings.
    """

    recipe: Path
    run: Path
    seed: int
    config: Config


def plan_recipes(
    recipes: Sequence[Path],
    runs: Path,
    seeds: Sequence[int] = (0,),
    methods: Sequence[str] = (),
    data_dir: str | None = None,
    settings: dict[str, Any] | None = None,
) -> list[RecipeRun]:
    """The runs of a study, seed by seed; everything is checked before the first is trained.

    Args:
        recipes: configuration files.
        runs: folder of the run folders.
        seeds: of the labels.
        methods: run each recipe by these instead of its own; empty: by its own.
        data_dir: of the dataset, or None for the recipes' own.
        settings: dotted key to value, for all recipes.

    Raises:
        UserError: two runs would share a folder, or whatever is wrong in a configuration.
    """
    common = {"training.monitor": "hidden", **(settings or {})}
    if data_dir is not None:
        common["data.data_dir"] = data_dir
    planned: dict[Path, RecipeRun] = {}
    for seed, recipe, method in itertools.product(seeds, recipes, methods or (None,)):
        run = runs / "-".join([recipe.stem, *([method] if method else []), f"seed{seed}"])
        if run in planned:
            raise UserError(f"{recipe}: {planned[run].recipe} would have the run folder {run} too. Fix: name each once")
        own = {"training.seed": seed, **({"method.name": method} if method else {})}
        # One recipe for several methods: each takes what it has of it.
        load = load_shared_config if method else load_config
        planned[run] = RecipeRun(recipe, run, seed, load(recipe, {**common, **own}))
    return list(planned.values())


def run_recipes(
    planned: Sequence[RecipeRun],
    results: Path,
    data_dir: str | None,
    console: Console,
    share: int | None = None,
    development: bool = False,
) -> str:
    """Trains and scores what is not done yet, and writes records and table after each run.

    Args:
        planned: of `plan_recipes`.
        results: folder of the records.
        data_dir: of the dataset, or None for the recipes' own.
        console: for progress.
        share: train this many steps with the first recipe of a seed alone; the others branch off at its checkpoint.
        development: the test set stays closed; the table shows the IoU on hidden training masks.

    Returns:
        The table.

    Raises:
        UserError: before the first step, runs and records of other settings, and files of someone else's; later,
            whatever the user can put right.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    _require_same_study(planned, results)
    first: dict[int, Path] = {}
    for each in planned:
        if share and not each.run.exists() and each.seed in first:
            branch(first[each.seed], share, each.run, each.config)
        first.setdefault(each.seed, each.run)
        train_to_the_end(each.config, each.run, console)
        file = results / f"{each.run.name}.json"
        scores = _known_scores(file) if development else test_scores(each.run, data_dir, console)
        write_json(file, make_record(RECIPE, {"recipe": each.recipe.name}, each.run, scores, _is_kept))
        table = study_table(read_recipe_records([results]))
        with written_whole(results / TABLE) as part:
            part.write_text(table, encoding="utf-8")
    return table


def listing(planned: Sequence[RecipeRun], results: Path) -> str:
    """A line for each run: its length, how far it is, and how long the rest may take.

    Raises:
        UserError: see `run_recipes`.
    """
    _require_same_study(planned, results)
    forecast = forecast_from(results)
    width = max(len(each.run.name) for each in planned)
    lines = [f"{'run':<{width}}  {'steps':>8}  {'left':>11}  state"]
    for each in planned:
        steps, (state, done) = planned_steps(each.config), _state(each, results)
        left = "-" if steps is None or state == DONE else duration(forecast.seconds(each.config, steps - done))
        at = f" at step {done}" if state == STARTED else ""
        lines.append(f"{each.run.name:<{width}}  {'?' if steps is None else steps:>8}  {left:>11}  {state}{at}")
    return "\n".join(
        [*lines, "times are a guess until a run is measured" if forecast.guessed else "times by runs measured"]
    )


def read_recipe_records(folders: Iterable[Path], tested: bool = False) -> list[dict]:
    """All records of recipes in some folders, in the order of their names.

    Args:
        folders: each is searched for `*.json`, without sub-folders.
        tested: whether they must have test scores.

    Raises:
        UserError: a line for each file that is none.
    """
    folders = list(folders)
    files = sorted(file for folder in folders for file in folder.glob("*.json"))
    if not files:
        raise UserError(
            f"{', '.join(map(str, folders))}: expected records of semicurv-tf study (*.json), found none. "
            "Fix: another folder"
        )
    records, faults = [], []
    for file in files:
        try:
            record = read_record(file)
        except (OSError, DamagedRecord) as error:
            faults.append(f"{file}: expected a record of semicurv-tf study, found that {error}. Fix: move it away")
            continue
        if record["kind"] != RECIPE:
            faults.append(f"{file}: expected a record of semicurv-tf study, found one of reproduce. Fix: move it away")
        elif fault := _fault_for_tables(record):
            faults.append(
                f"{file}: expected a record of semicurv-tf study, found that it is {fault}. Fix: move it away"
            )
        elif tested and record["scores"] is None:
            faults.append(
                f"{file}: made with --development, has no test scores. "
                "Fix: leave its folder out, or run the study without it"
            )
        records.append(record)
    if faults:
        raise UserError(faults)
    return records


def _require_same_study(planned: Sequence[RecipeRun], results: Path):
    """Refuses to go on with runs of other settings, and to write between files that are none of a study."""
    table = results / TABLE
    require_own_folder(f"--output {results}", table, [table], "another --output folder")
    faults: list[str] = []
    if results.is_dir() and any(results.glob("*.json")):
        read_recipe_records([results])
    for each in planned:
        record = results / f"{each.run.name}.json"
        made = (
            [(record, lambda file: stored_config(read_record(file)["config"]), "--output")] if record.exists() else []
        )
        made += [(each.run, run_folder.read_config, "--runs")] if each.run.exists() else []
        for path, read, option in made:
            try:
                require_same_settings(path, read(path), each.config, option)
            except UserError as error:
                faults.extend(error.lines)
            except (DamagedRecord, pydantic.ValidationError):
                faults.append(
                    f"{path}: damaged, or of another version. Fix: move it away; its run is then scored again"
                )
    if faults:
        raise UserError(faults)


def _fault_for_tables(record: dict) -> str | None:
    """What a table cannot do without."""
    if not all("seconds" in line for line in record["curve"]):
        return "damaged: curve: a line without seconds"
    return fault_of(record, OF_TABLES)


def _known_scores(file: Path) -> dict | None:
    """Test scores of an earlier call: development opens no test set, and loses none of what was opened before."""
    return read_record(file)["scores"] if file.exists() else None


def _state(each: RecipeRun, results: Path) -> tuple[str, int]:
    if (each.run / run_folder.DEPLOYED).exists() and (results / f"{each.run.name}.json").exists():
        return DONE, 0
    if not each.run.exists():
        return WAITING, 0
    newest = checkpoints.newest(each.run / run_folder.CHECKPOINTS)
    return STARTED, checkpoints.step_of(newest) if newest else 0


def _is_kept(line: dict) -> bool:
    return line["step"] % 50 == 0 or "monitor_student_iou" in line
