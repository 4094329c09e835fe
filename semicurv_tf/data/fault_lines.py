"""Faults that many files share, said once: with a count, a few names and the one remedy."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from semicurv_tf.images.masks import CHOOSE_A_LABEL
from semicurv_tf.wording import some

# What `images.masks` says of a mask whose edges were smoothed, or that was saved as JPEG.
_SMOOTHED = re.compile(r"^(?P<file>.*): expected a two-valued mask .*mask_threshold=(?P<value>\d+)")
_LABELS = re.compile(r"^(?P<file>.*): expected two values, found the labels \d+ to (?P<value>\d+),")


def gathered(faults: Iterable[str]) -> list[str]:
    """The lines, where those of two or more masks with values between, or with labels, are one line.

    It stands in the place of the first.

    Args:
        faults: a line each, as in `UserError.lines`.
    """
    return _merged(_merged(faults, _SMOOTHED, _said_of_smoothed), _LABELS, _said_of_labels)


def _merged(faults: Iterable[str], pattern: re.Pattern, said: Callable[[list[str], list[str]], str]) -> list[str]:
    """The lines, where two or more that match are what `said` makes of their files and what else was found."""
    lines: list[str] = []
    found: list[re.Match] = []
    for line in faults:
        match = pattern.match(line)
        if match is None:
            lines.append(line)
            continue
        if not found:
            place = len(lines)
            lines.append(line)
        found.append(match)
    if len(found) > 1:
        lines[place] = said([match["file"] for match in found], [match["value"] for match in found])
    return lines


def _said_of_smoothed(files: list[str], thresholds: list[str]) -> str:
    return (
        f"{len(files)} masks: expected two values (0 and one other), found values between, as of smoothed edges or "
        f"JPEG: {some(files)}. Fix: --set data.options.mask_threshold={Counter(thresholds).most_common(1)[0][0]}, or "
        "save them as PNG without smoothing"
    )


def _said_of_labels(files: list[str], highest: list[str]) -> str:
    return (
        f"{len(files)} masks: expected two values, found labels up to {max(map(int, highest))}, as of classes or of "
        f"cells: {some(files)}. Fix: {CHOOSE_A_LABEL}"
    )
