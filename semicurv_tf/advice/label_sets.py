"""Nested label sets of a fold: all of its labelled photographs, half of them, a quarter of them."""

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

LEVELS = 3  # all, half, a quarter: fewer show no bend, more begin at next to nothing
# A run that learned from one or two masks while others of its folder are held out: as many as make three sizes.
SMALLEST_TOP = 2 ** (LEVELS - 1)


class LabelSet(NamedTuple):
    """Which masks one network learns from.

    Attributes:
        level: 0 for all photographs, 1 for half of them, 2 for a quarter.
        names: of the images, in the fold's order.
    """

    level: int
    names: tuple[str, ...]


def nested_sets(
    names: Sequence[str], sources: Sequence[str], learned: Collection[str], most: int, seed: int, fold: int
) -> list[LabelSet]:
    """The label sets of one fold, the largest first; each lies inside the one before it.

    Photographs are taken whole, in the order of a hash of seed and fold, those first whose masks the run learned from.

    Args:
        names: of the fold's labelled images.
        sources: the photograph of each.
        learned: names of the images whose masks the run itself learned from.
        most: masks of the largest set, unless one photograph alone has more.
        seed: of the run.
        fold: its number: folds that share photographs do not begin with the same one.

    Returns:
        One set for each distinct number of photographs, at least one.

    Example:
        >>> [one.names for one in nested_sets("abcd", "ppqr", "abcd", most=4, seed=0, fold=1)]
        [('a', 'b', 'c', 'd'), ('a', 'b')]
    """
    of_learned = {source for name, source in zip(names, sources) if name in learned}
    digest = lambda source: hashlib.sha256(
        f"advice:{seed}:{fold}:{source}".encode("utf-8", "surrogateescape")
    ).hexdigest()
    ordered = sorted(set(sources), key=lambda source: (source not in of_learned, digest(source)))
    inside = lambda count: tuple(name for name, source in zip(names, sources) if source in set(ordered[:count]))
    top = max([count for count in range(1, len(ordered) + 1) if len(inside(count)) <= most], default=1)
    counts: list[int] = []
    for level in range(LEVELS):
        count = max(1, top // 2**level)
        if count not in counts:
            counts.append(count)
    return [LabelSet(level, inside(count)) for level, count in enumerate(counts)]


def largest_set(learned: int) -> int:
    """The most masks that a network of the advice learns from, where the run learned from so many."""
    return max(learned, SMALLEST_TOP)
