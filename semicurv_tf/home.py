"""`~` where no shell replaced it: in `--run=~/runs/one`, in quotes, and in files of settings."""

import os
import re
from collections.abc import Iterable

_HOME = re.compile(r"(--[a-z][a-z-]*=)?(~(?:/.*)?)", re.DOTALL)


def at_home(text: str) -> str:
    """A path with the user's home folder for a leading `~`; `~name` and all else stay.

    >>> at_home("~/runs/one") == os.path.expanduser("~/runs/one"), at_home("./~/runs"), at_home("~name/runs")
    (True, './~/runs', '~name/runs')
    """
    return os.path.expanduser(text) if text == "~" or text.startswith("~/") else text  # noqa: PTH111  text stays text


def words_at_home(words: Iterable[str]) -> list[str]:
    """The words of a command line, with `at_home` for paths and for the values of options."""
    found = ((word, _HOME.fullmatch(word)) for word in words)
    return [word if match is None else (match[1] or "") + at_home(match[2]) for word, match in found]
