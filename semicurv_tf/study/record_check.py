"""What the keys of a record hold. A record is JSON that people copy, merge and edit: tables must not trust it."""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from semicurv_tf.json_files import is_count, is_number

MOST_STEPS, MOST_SEED = 10**12, 2**63
SHOWN = 40  # characters of a wrong value
_LONGEST_NAME = 255  # file systems take no more
_ABSENT = object()


class _Expected(NamedTuple):
    """In words, and whether a value is that."""

    what: str
    holds: Callable[[Any], bool]


def _is_text(value) -> bool:
    return isinstance(value, str) and bool(value)


def _is_plain_name(value) -> bool:
    return (
        _is_text(value)
        and len(value) <= _LONGEST_NAME
        and value.isprintable()
        and not {"/", "\\"} & set(value)
        and value not in (".", "..")
    )


def _is_amount(value) -> bool:
    return is_number(value) and math.isfinite(value) and 0 <= value <= 1e9


def _is_share(value) -> bool:
    return is_number(value) and 0 <= value <= 1


def _is_seed(value) -> bool:
    return is_count(value, 0) and value < MOST_SEED


def _is_steps(value, least: int = 1) -> bool:
    return is_count(value, least) and value <= MOST_STEPS


def _is_labels(value) -> bool:
    return _is_share(value) or _is_steps(value, 0)


def _is_table(value) -> bool:
    return isinstance(value, dict)


def _is_curve(value) -> bool:
    """Lines of the log in the order of their steps."""
    if not isinstance(value, list) or not value or not all(isinstance(line, dict) for line in value):
        return False
    steps = [line.get("step") for line in value]
    if not all(_is_steps(step) for step in steps) or any(b <= a for a, b in itertools.pairwise(steps)):
        return False
    numbers = [number for line in value for key, number in line.items() if key != "step"]
    return all(is_number(number) and math.isfinite(number) for number in numbers) and all(
        _is_amount(line.get("seconds", 0)) for line in value
    )


_TABLE, _TEXT = _Expected("a table", _is_table), _Expected("text", _is_text)
_LABELS = _Expected("a share from 0 to 1, or a count", _is_labels)
_SEED = _Expected(f"a whole number from 0 to {MOST_SEED - 1}", _is_seed)
_COUNT = _Expected(f"a count up to {MOST_STEPS}", _is_steps)
_NAME = _Expected("a name without slashes", _is_plain_name)
_OF_SCORES = {
    f"scores.{kind}.{name}": _Expected("a share from 0 to 1", _is_share)
    for kind in ("mean", "pooled")
    for name in ("iou", "f1", "precision", "recall")
}
# By key, or by keys within keys. Which keys a configuration has depends on the version that wrote it.
EXPECTED = {
    **dict.fromkeys(("config", "config.data", "config.method", "config.training"), _TABLE),
    "config.data.dataset": _TEXT,
    "config.data.labels": _LABELS,
    "config.method.name": _TEXT,
    "config.training.seed": _SEED,
    "curve": _Expected("lines of a log with step, seconds and finite numbers, in their order", _is_curve),
    "dataset": _TEXT,
    "labels": _LABELS,
    "seed": _SEED,
    "steps": _COUNT,
    "full_steps": _COUNT,
    "budget": _Expected("a share of the paper's length", _is_amount),
    "recipe": _NAME,
    "cell": _NAME,
    "system": _TEXT,
    "labelled": _Expected("names of images", lambda value: isinstance(value, list) and all(map(_is_text, value))),
    **dict.fromkeys(("precision", "versions"), _TABLE),
    "precision.name": _TEXT,
    "versions.tensorflow": _TEXT,
    "processor": _TEXT,
    "training_minutes": _Expected("minutes", _is_amount),
    "wall_minutes": _Expected("minutes, or null", lambda value: value is None or _is_amount(value)),
    "scores": _Expected("a table, or null", lambda value: value is None or _is_table(value)),
    **dict.fromkeys(("scores.mean", "scores.pooled"), _TABLE),
    **_OF_SCORES,
}
# Tables go by the first, runs by the second: a record in which they differ was edited.
_SAME = {
    "dataset": "config.data.dataset",
    "labels": "config.data.labels",
    "seed": "config.training.seed",
    "steps": "config.training.steps",
}
# What a table of recipes takes of a record besides what every reader asks for.
OF_TABLES = (
    "recipe", "labelled", "precision.name", "versions.tensorflow", "processor", "training_minutes", "scores",
    "config.data.dataset", "config.data.labels", "config.method.name", "config.training.seed",
)  # fmt: skip


def fault_of(record: dict, needed: Iterable[str] = ()) -> str | None:
    """What is wrong with a record, in a few words; None where nothing is.

    Args:
        record: the object of its file. Keys of another version that are not known here count for nothing.
        needed: keys that must be there; with `scores`, each of them unless they are null.
    """
    for key, expected in EXPECTED.items():
        value = _value(record, key)
        if value is not _ABSENT and not expected.holds(value):
            return f"damaged: {key}: expected {expected.what}, found {shown(value)}"
    for key, other in _SAME.items():
        value, wanted = _value(record, key), _value(record, other)
        if _ABSENT not in (value, wanted) and value != wanted:
            return f"damaged: {key}: expected {shown(wanted)} as {other}, found {shown(value)}"
    needed = tuple(needed)
    of_scores = _OF_SCORES if "scores" in needed and record.get("scores") is not None else ()
    for key in (*needed, *of_scores):
        if _value(record, key) is _ABSENT:
            return f"damaged: key {key!r} is missing"
    return None


def _value(record: dict, key: str) -> Any:
    """What stands at a key within keys; `_ABSENT` where a table on the way is none."""
    value: Any = record
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def shown(value) -> str:
    """A value as one line of printable text; of a number of thousands of digits Python writes none."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
