"""Durations, counts and lists of names in the words that all messages share."""


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


def some(names: list[str], shown: int = 3) -> str:
    """The first few names, and how many more there are: `a, b, c and 4 more`."""
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
