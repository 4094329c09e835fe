"""Faults that many files share, said once: with a count, a few names and the one remedy."""

import re
from collections import Counter
from collections.abc import Iterable

from semicurv_tf.wording import some

# What `images.masks` says of a mask whose edges were smoothed, or that was saved as JPEG.
_SMOOTHED = re.compile(r"^(?P<file>.*): expected a two-valued mask .*mask_threshold=(?P<threshold>\d+)")


def gathered(faults: Iterable[str]) -> list[str]:
    """The lines, where those of two or more masks with values between are one line, in the place of the first.

    Args:
        faults: a line each, as in `UserError.lines`.
    """
    lines: list[str] = []
    files: list[str] = []
    thresholds: Counter[str] = Counter()
    place = 0
    for line in faults:
        found = _SMOOTHED.match(line)
        if found is None:
            lines.append(line)
            continue
        place = place if files else len(lines)
        files.append(line if not files else found["file"])
        thresholds[found["threshold"]] += 1
    if len(files) == 1:
        lines.insert(place, files[0])
    elif files:
        named = [_SMOOTHED.match(files[0])["file"], *files[1:]]  # type: ignore[index]
        lines.insert(
            place,
            f"{len(files)} masks: expected two values (0 and one other), found values between, as of smoothed edges or "
            f"JPEG: {some(named)}. Fix: --set data.options.mask_threshold={thresholds.most_common(1)[0][0]}, or save "
            "them as PNG without smoothing",
        )
    return lines
