"""Runs a plan's cells one after another; called again, resumes where it stopped.

    RESULTS/CELL.json     a finished cell: configuration, curve, test scores, minutes, budget, machine
    RUNS/CELL/            its run folder: checkpoints, log, the deployed network

A cell with a result is not run again; a run in progress goes on from its newest checkpoint; the test set is opened once
for each finished run, at its last step.
"""

import time
from pathlib import Path

import keras
import pydantic
import tensorflow as tf
from rich.console import Console

from semicurv_tf.config import Config, stored_config
from semicurv_tf.errors import UserError
from semicurv_tf.methods.settings import AveragedSettings, TeacherSettings
from semicurv_tf.study.cell import Cell, require_same_settings
from semicurv_tf.study.forecast import Forecast
from semicurv_tf.study.measure import test_scores, train_to_the_end
from semicurv_tf.study.record import CELL, DamagedRecord, make_record, read_record
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.run_data import open_dataset
from semicurv_tf.whole_files import require_place, write_json
from semicurv_tf.wording import counted, duration

# Lines of the log that a result keeps, beside those with a watched IoU.
CURVE_LINES = 100

DONE, STARTED, WAITING = "done", "started", "waiting"


def state_of(cell: Cell, results: Path, runs: Path) -> tuple[str, int]:
    """How far a cell is.

    Returns:
        `DONE`, `STARTED` or `WAITING`, and the steps that are done.

    Raises:
        UserError: its result or its run was made with other settings, or is damaged.
    """
    result, run = results / f"{cell.name}.json", runs / cell.name
    if result.exists():
        require_same_settings(result, _config_of(result), cell.config, "--output")
        return DONE, cell.steps
    if not run.exists():
        return WAITING, 0
    require_same_settings(run, run_folder.read_config(run), cell.config, "--runs")
    newest = checkpoints.newest(run / run_folder.CHECKPOINTS)
    return STARTED, checkpoints.step_of(newest) if newest else 0


def run_plan(cells: list[Cell], results: Path, runs: Path, data_dir: str | None, console: Console):
    """Trains and scores what is not done yet.

    Raises:
        UserError: before the first step, whatever is wrong with the plan; at the end, the cells that failed.
        Stopped: after Ctrl-C, with a checkpoint written.
    """
    states = [(cell, *state_of(cell, results, runs)) for cell in cells]
    todo = [cell for cell, state, _ in states if state in (STARTED, WAITING)]
    forecast = forecast_from(results)
    done = {cell.name: steps for cell, _, steps in states}
    console.print(summary(states, forecast))
    if todo:
        for file in (results / f"{todo[0].name}.json", runs / todo[0].name):
            require_place(file)
        # Each cell has graphs of its own, which TensorFlow takes for an oversight.
        tf.get_logger().setLevel("ERROR")
        # Missing or damaged data are better found now than in each cell.
        open_dataset(todo[0].config, console)
    faults: list[str] = []
    for position, cell in enumerate(todo, 1):
        console.print(f"\ncell {position} of {len(todo)}: {cell.name} ({cell.system.title}; budget {cell.budget:.3g})")
        try:
            record = run_cell(cell, results, runs, data_dir, console)
        except UserError as error:
            faults.extend(f"{cell.name}: {line}" for line in error.lines)
            for line in error.lines:
                console.print(f"error: {line}")
            continue
        forecast.learn(record)
        left = sum(forecast.seconds(other.config, other.steps - done[other.name]) for other in todo[position:])
        scores = record["scores"]["mean"]
        after = (
            f"cells left: {len(todo) - position}, about {duration(left)}"
            if position < len(todo)
            else "that was the last cell"
        )
        console.print(
            f"test IoU {100 * scores['iou']:.1f}, F1 {100 * scores['f1']:.1f}; "
            f"{record['training_minutes']:g} min of training; {after}"
        )
    if faults:
        raise UserError(
            [
                *faults,
                f"not all of {counted(len(todo), 'cell')} could be finished. "
                "Fix: see above, then the same command again: finished cells are kept",
            ]
        )


def run_cell(cell: Cell, results: Path, runs: Path, data_dir: str | None, console: Console) -> dict:
    """Trains and scores one cell and writes its result.

    Returns:
        What was written.
    """
    run, began, fresh = runs / cell.name, time.monotonic(), not (runs / cell.name).exists()
    # Graphs and names of the cell before are not needed any more.
    keras.utils.clear_session()
    train_to_the_end(cell.config, run, console)
    scores = test_scores(run, data_dir, console)
    stride = max(1, cell.steps // CURVE_LINES // 10 * 10)
    watched = lambda line: any(name.startswith("monitor_") for name in line)
    named = {
        "cell": cell.name,
        "system": cell.system.name,
        "full_steps": cell.full_steps,
        "budget": round(cell.budget, 6),
        # Of the whole cell, start and scoring too; unknown for a run that was resumed.
        "wall_minutes": round((time.monotonic() - began) / 60, 2) if fresh else None,
    }
    record = make_record(CELL, named, run, scores, lambda line: line["step"] % stride == 0 or watched(line))
    write_json(results / f"{cell.name}.json", record)
    return record


def forecast_from(results: Path) -> Forecast:
    """A forecast by the cells that a folder of results holds; files that are none are passed over."""
    forecast = Forecast([])
    for file in sorted(results.glob("*.json")):
        try:
            forecast.learn(read_record(file))
        except (OSError, DamagedRecord, pydantic.ValidationError, KeyError, TypeError, AttributeError):
            continue
    return forecast


def summary(states: list[tuple[Cell, str, int]], forecast: Forecast) -> str:
    """One line: what is done, what is to do, how long it will take."""
    count = lambda wanted: sum(state == wanted for _, state, _ in states)
    left = sum(
        forecast.seconds(cell.config, cell.steps - steps)
        for cell, state, steps in states
        if state in (STARTED, WAITING)
    )
    how = "a guess until one is measured" if forecast.guessed else "by the cells measured"
    parts = [
        counted(len(states), "cell"),
        f"{count(DONE)} done",
        f"{count(STARTED)} started",
        f"{count(WAITING)} to do",
    ]
    return f"{', '.join(parts)}; about {duration(left)} left ({how})"


def listing(states: list[tuple[Cell, str, int]], forecast: Forecast) -> str:
    """A line for each cell: its state, length, budget and forecast."""
    width = max(len(cell.name) for cell, _, _ in states)
    lines = [f"{'cell':<{width}}  {'labelled':>8}  {'steps':>8}  {'budget':>7}  {'left':>11}  state"]
    for cell, state, steps in states:
        left = duration(forecast.seconds(cell.config, cell.steps - steps)) if state in (STARTED, WAITING) else "-"
        note = f" at step {steps}" if state == STARTED else ""
        lines.append(
            f"{cell.name:<{width}}  {cell.labelled:>8}  {cell.steps:>8}  {cell.budget:>7.3g}  {left:>11}  {state}{note}"
        )
    return "\n".join([*lines, summary(states, forecast)])


def slow_average(cells: list[Cell]) -> str | None:
    """A line of advice where the teacher averages over more steps than the shortest run has."""
    averaged = [
        (method.ema_alpha, cell.steps)
        for cell in cells
        if isinstance(method := cell.config.method, AveragedSettings | TeacherSettings) and method.needs_teacher
    ]
    short = [(alpha, steps) for alpha, steps in averaged if steps * (1 - alpha) < 2]
    if not short:
        return None
    alpha, steps = short[0][0], min(steps for _, steps in short)
    return (
        f"note: alpha {alpha:g} averages over about {1 / (1 - alpha):.0f} steps, and a run of this plan has {steps}: "
        "its teacher lags. For short runs: --set method.ema_alpha=0.99"
    )


def _config_of(result: Path) -> Config:
    try:
        return stored_config(read_record(result)["config"])
    except (OSError, DamagedRecord, pydantic.ValidationError):
        raise UserError(
            f"{result}: damaged, or no result of this plan. Fix: move it away; its run is then scored again"
        ) from None
