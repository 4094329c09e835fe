"""Durations, counts and lists of names in the words that all messages share."""

import os
import shlex
import unicodedata


def clock(seconds: float) -> str:
    """A countdown: `0:06:00`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def duration(seconds: float) -> str:
    """A forecast: `1 h 05 min`, `12 min`, `40 s`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number of things: `1 image`, `2 images`; `plural` is given where it is not the noun with an s.

    >>> counted(1, "component"), counted(0, "image"), counted(2, "branch", "branches")
    ('1 component', '0 images', '2 branches')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def printable(text: str) -> str:
    """A text that a terminal shows and does not obey: control characters and line breaks are written as escapes.

    Names of files and keys come from strangers.

    >>> printable("a\\x1b[2J\\n.png")
    'a\\\\x1b[2J\\\\n.png'
    """
    if text.isprintable():
        return text
    shown = (each.encode("unicode_escape").decode() if _obeyed(each) else each for each in text)
    return "".join(shown)


def printable_lines(text: str) -> str:
    """`printable` of each line of a text.

    >>> printable_lines("step 1\\nof \\x07.png").splitlines()
    ['step 1', 'of \\\\x07.png']
    """
    return "\n".join(map(printable, text.split("\n")))


def in_short(error: Exception) -> str:
    """What a library says of damage, in one short line: some of them quote the file.

    >>> in_short(ValueError("bad\\n header")), len(in_short(ValueError(500 * "x"))), in_short(EOFError())
    ('bad header', 120, 'EOFError')
    """
    return " ".join(str(error).split())[:120] or type(error).__name__


def _obeyed(character: str) -> bool:
    """Controls, those of direction and surrogates, line and paragraph breaks; not tabs and the spaces of names."""
    return character != "\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def some(names: list[str], shown: int = 3) -> str:
    """The first few names, `printable`, and how many more there are: `a, b, c and 4 more`."""
    return ", ".join(map(printable, names[:shown])) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def typed(path: str | os.PathLike) -> str:
    """A path as a shell takes it: `'my run'`, for commands that the user can paste."""
    return shlex.quote(str(path))
