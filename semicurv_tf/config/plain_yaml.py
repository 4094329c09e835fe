"""YAML of whatever origin: plain values, few enough once its aliases are written out."""

from typing import Any

import yaml

MOST_BYTES = 1_000_000  # PyYAML reads 100 KB a second
MOST_VALUES = 100_000  # nine levels of nine aliases each ("billion laughs") stand for 400 million
MOST_LEVELS = 20
SHOWN = 5  # doubled keys that a message names


class NotPlainYaml(ValueError):
    """A text that is no YAML, or not of plain values.

    Args:
        reason: a few words.
        line: where, from 1; None where that is not known, or where the reason says it.
        remedy: where there is one for this fault.
    """

    def __init__(self, reason: str, line: int | None = None, remedy: str | None = None):
        self.line, self.remedy = line, remedy
        super().__init__(reason)


def plain_yaml(text: str) -> Any:
    """The value of a text.

    Raises:
        NotPlainYaml: it is none, a key stands twice, or of more levels or values than any configuration has.

    Example:
        >>> plain_yaml("a: [1, 0.002, null]")
        {'a': [1, 0.002, None]}
    """
    try:
        loader = _Loader(text)
        try:
            values = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise NotPlainYaml("not valid YAML", None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise NotPlainYaml(f"more than {MOST_LEVELS} levels") from None
    except (ValueError, OverflowError):  # dates that there are none, numbers of thousands of digits
        raise NotPlainYaml("not valid YAML") from None
    if loader.doubled:
        some = "; ".join(loader.doubled[:SHOWN])
        more = f" and {len(loader.doubled) - SHOWN} more" if len(loader.doubled) > SHOWN else ""
        raise NotPlainYaml(
            f"expected each key once, found {some}{more}", remedy="keep one of each, with all its values"
        )
    _expect_few(values)
    return values


class _Loader(yaml.SafeLoader):
    """A safe loader that notes which keys stand twice in a mapping: YAML libraries let the last one win in silence."""

    def __init__(self, text: str):
        super().__init__(text)
        self.doubled: list[str] = []

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line, name = key.start_mark.line + 1, (key.tag, key.value)
            if name in first:
                self.doubled.append(f"{key.value[:40]!r} in lines {first[name]} and {line}")
            first.setdefault(name, line)
        return node


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
