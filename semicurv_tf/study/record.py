"""The record of a finished run, a JSON file: the one format of `semicurv-tf reproduce` and `semicurv-tf study`.

    kind                        `CELL` or `RECIPE`
    dataset, labels, seed, steps
    config                      all settings, without the folders of one machine
    labelled                    names of the labelled images
    precision, versions, processor
    training_minutes, seconds_per_step
    scores                      on the test images at the last step; null where the test set stayed closed
    curve                       lines of the log

Cells add cell, system, full_steps, budget and wall_minutes; recipes add recipe, the name of their file. There is no
path and no image in it.
"""

import json
import os
import platform
import statistics
from collections.abc import Callable
from pathlib import Path

import yaml

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import read_regular
from semicurv_tf.study.record_check import fault_of
from semicurv_tf.training import run_folder
from semicurv_tf.training.journal import read_log

CELL, RECIPE = "semicurv_tf cell", "semicurv_tf recipe"

MOST_BYTES = 200_000_000

# Follow from the configuration: records of recipes have them since they have a kind.
_DERIVED = {"dataset", "labels", "seed", "steps"}
_SCORES_KEPT = ("split", "step", "images", "mean", "pooled", "empty_targets")


class DamagedRecord(ValueError):
    """Says in a few words what is wrong with a file."""


def make_record(kind: str, named: dict, run: Path, scores: dict | None, keep_line: Callable[[dict], bool]) -> dict:
    """The record of a finished run.

    Args:
        kind: `CELL` or `RECIPE`.
        named: what the plan adds.
        run: the run folder.
        scores: of `test_scores`, or None where the test set stays closed.
        keep_line: which lines of the log stay in the curve.
    """
    return {"kind": kind, **named, **_measurement(run, scores, keep_line)}


def read_record(file: Path) -> dict:
    """Reads a record; those of recipes from before they had a kind, too.

    Raises:
        DamagedRecord: it is none, or no JSON.
        OSError: it cannot be read.
    """
    try:
        record = json.loads(read_regular(file, MOST_BYTES, "move it away").decode("utf-8"))
    except UserError as error:
        raise DamagedRecord(error.lines[0].removeprefix(f"{file}: ").partition(". Fix: ")[0]) from None
    except (ValueError, RecursionError) as error:
        raise DamagedRecord(str(error).splitlines()[0]) from None
    if isinstance(record, dict) and "kind" not in record and "recipe" in record:
        record = {"kind": RECIPE, **record}
    if not isinstance(record, dict) or record.get("kind") not in (CELL, RECIPE):
        raise DamagedRecord(f'it is no record of a run (no "kind": "{CELL}" or "{RECIPE}" in it)')
    if fault := fault_of(record, ("config", "curve")):
        raise DamagedRecord(fault)
    try:
        config, last = record["config"], record["curve"][-1]
        if not _DERIVED.issubset(record):
            record |= {"dataset": config["data"]["dataset"], "labels": config["data"]["labels"]}
            record |= {"seed": config["training"]["seed"], "steps": last["step"]}
    except KeyError as error:
        raise DamagedRecord(f"damaged: key {error} is missing") from None
    return record


def _measurement(run: Path, scores: dict | None, keep_line) -> dict:
    log = read_log(run / run_folder.LOG)
    config = yaml.safe_load((run / run_folder.CONFIG).read_text())
    # Where the data lie on one machine is nobody's business.
    config["data"] |= {"data_dir": None, "cache_dir": None}
    facts = run_folder.read_facts(run)
    return {
        "dataset": config["data"]["dataset"],
        "labels": config["data"]["labels"],
        "seed": config["training"]["seed"],
        "steps": log[-1]["step"],
        "config": config,
        "labelled": facts["labelled"],
        "precision": facts["precision"],
        "versions": facts["versions"],
        "processor": _processor(),
        "training_minutes": round(_training_minutes(log), 2),
        "seconds_per_step": round(statistics.median(line["seconds"] for line in log), 4),
        "scores": scores and {name: scores[name] for name in _SCORES_KEPT},
        "curve": [line for line in log if keep_line(line)],
    }


def _training_minutes(log: list[dict]) -> float:
    """Of the steps alone, over all calls that trained the run."""
    steps = [line["step"] for line in log]
    lengths = [after - before for before, after in zip([0, *steps], steps)]
    return sum(line["seconds"] * length for line, length in zip(log, lengths)) / 60


def _processor() -> str:
    """The processor's name and core count, as the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
