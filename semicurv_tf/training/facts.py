"""`run.json`: what a run found out about its data, checked before anything is built by it."""

import math
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.json_files import is_count, is_number, read_object

PRECISIONS = ("float32", "bfloat16", "float16")


def _numbers(value, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(is_number(each) and math.isfinite(each) for each in value)
    )


def _above_zero(value, count: int) -> bool:
    return _numbers(value, count) and all(each > 0 for each in value)


def _names(value) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and len(set(value)) == len(value)


def _ranges(value) -> bool:
    try:
        return value is None or (isinstance(value, str) and parse_ranges(value) is not None)
    except UserError:
        return False


def _start(value) -> bool:
    """Of `start_facts`: what `described_start` reads."""
    return value is None or (isinstance(value, dict) and "steps" in value and ("run" in value or "name" in value))


# Key -> what is expected, and whether a value is that. Only the first three are needed to open a run.
NEEDED = {
    "channels": ("a number of bands up to 64", lambda value, facts: is_count(value) and 1 <= value <= 64),
    "mean": ("a number per channel", lambda value, facts: _numbers(value, facts["channels"])),
    "standard_deviation": (
        "a number above 0 per channel",
        lambda value, facts: _above_zero(value, facts["channels"]),
    ),
}
KNOWN = {
    "dataset": ("a name", lambda value, facts: isinstance(value, str)),
    "method": ("a name", lambda value, facts: isinstance(value, str)),
    "training_images": ("a count", lambda value, facts: is_count(value)),
    "labelled": ("a list of names, each once", lambda value, facts: _names(value)),
    "steps": ("a count", lambda value, facts: is_count(value)),
    "seed": ("a whole number", lambda value, facts: isinstance(value, int)),
    "versions": ("versions by name", lambda value, facts: isinstance(value, dict)),
    "onednn": ("true or false", lambda value, facts: value is None or isinstance(value, bool)),
    "precision": (
        f"an object with a name ({', '.join(PRECISIONS)}) and a reason",
        lambda value, facts: isinstance(value, dict) and value.get("name") in PRECISIONS and "reason" in value,
    ),
    "value_range": ("LOW:HIGH, or null", lambda value, facts: _ranges(value)),
    "start": ("an object with name or run, and steps, or null", lambda value, facts: _start(value)),
}


def read_facts(path: Path) -> dict:
    """The content of a `run.json`.

    Raises:
        UserError: missing, damaged, or a value of a wrong type.
    """
    facts = read_object(path, "restore it from a copy of the run")
    missing = [key for key in NEEDED if key not in facts]
    if missing:
        raise UserError(f"{path}: {missing[0]}: missing. Fix: restore the file from a copy of the run")
    for key, (expected, fits) in (NEEDED | KNOWN).items():
        if key in facts and not fits(facts[key], facts):
            found = repr(facts[key])
            found = found if len(found) <= 60 else f"{found[:60]}..."
            raise UserError(
                f"{path}: {key}: expected {expected}, found {found}. Fix: restore it from a copy of the run"
            )
    return facts
