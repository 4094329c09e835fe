"""Trains and scores one configuration, resumably, and says what was measured."""

import os
import platform
import statistics
from pathlib import Path

import yaml
from rich.console import Console

from semicurv_tf.config import Config
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.journal import read_log
from semicurv_tf.evaluation.score_run import score_run
from semicurv_tf.training.train import resume, train

SCORES_KEPT = ("split", "step", "images", "mean", "pooled", "empty_targets")


def train_to_the_end(config: Config, run: Path, console: Console):
    """Trains a new run, goes on with a stopped one, leaves a finished one as it is."""
    if not run.exists():
        train(config, run, console)
    elif not (run / run_folder.DEPLOYED).exists():
        resume(run, None, console)


def test_scores(run: Path, data_dir: str | None, console: Console) -> dict:
    """Scores the last step once; the test set is not opened again for a run that has them."""
    step = checkpoints.step_of(checkpoints.newest(run / run_folder.CHECKPOINTS))
    path = run / run_folder.SCORES
    known = run_folder.read_json(path).get("test") if path.exists() else None
    return known if known and known["step"] == step else score_run(run, "test", data_dir, console)


def measurement(run: Path, scores: dict | None, keep_line) -> dict:
    """What a finished run measured, without a path or an image.

    Args:
        run: the run folder.
        scores: of `test_scores`, or None where the test set stays closed.
        keep_line: which lines of the log stay in the curve, a function of the line.

    Returns:
        JSON values: configuration, labelled images, precision, versions, processor, minutes, scores and curve.
    """
    log = read_log(run / run_folder.LOG)
    config = yaml.safe_load((run / run_folder.CONFIG).read_text())
    # Where the data lie on one machine is nobody's business.
    config["data"] |= {"data_dir": None, "cache_dir": None}
    facts = run_folder.read_facts(run)
    return {
        "config": config,
        "labelled": facts["labelled"],
        "precision": facts["precision"],
        "versions": facts["versions"],
        "processor": processor(),
        "training_minutes": round(training_minutes(log), 2),
        "seconds_per_step": round(statistics.median(line["seconds"] for line in log), 4),
        "scores": scores and {name: scores[name] for name in SCORES_KEPT},
        "curve": [line for line in log if keep_line(line)],
    }


def training_minutes(log: list[dict]) -> float:
    """Of the steps alone, over all calls that trained the run."""
    steps = [line["step"] for line in log]
    lengths = [after - before for before, after in zip([0, *steps], steps)]
    return sum(line["seconds"] * length for line, length in zip(log, lengths)) / 60


def processor() -> str:
    """The processor's name and core count, as the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
