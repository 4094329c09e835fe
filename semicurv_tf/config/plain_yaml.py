"""YAML of whatever origin: plain values, few enough once its aliases are written out."""

from typing import Any

import yaml

MOST_BYTES = 1_000_000  # PyYAML reads 100 KB a second
MOST_VALUES = 100_000  # nine levels of nine aliases each ("billion laughs") stand for 400 million
MOST_LEVELS = 20


class NotPlainYaml(ValueError):
    """A text that is no YAML, or not of plain values.

    Args:
        reason: a few words.
        line: where, from 1; None where that is not known.
    """

    def __init__(self, reason: str, line: int | None = None):
        self.line = line
        super().__init__(reason)


def plain_yaml(text: str) -> Any:
    """The value of a text.

    Raises:
        NotPlainYaml: it is none, or of more levels or values than any configuration has.

    Example:
        >>> plain_yaml("a: [1, 0.002, null]")
        {'a': [1, 0.002, None]}
    """
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise NotPlainYaml("not valid YAML", None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise NotPlainYaml(f"more than {MOST_LEVELS} levels") from None
    except (ValueError, OverflowError):  # dates that there are none, numbers of thousands of digits
        raise NotPlainYaml("not valid YAML") from None
    _expect_few(values)
    return values


def _expect_few(values) -> None:
    """Counts as a walk would that knows nothing of aliases."""
    left, seen = [(values, 0)], 0
    while left:
        value, level = left.pop()
        seen += 1
        if level > MOST_LEVELS:
            raise NotPlainYaml(f"more than {MOST_LEVELS} levels")
        if seen > MOST_VALUES:
            raise NotPlainYaml(f"more than {MOST_VALUES} values")
        if isinstance(value, dict):
            left += [(each, level + 1) for each in value.values()]
        elif isinstance(value, list | tuple | set):
            left += [(each, level + 1) for each in value]
