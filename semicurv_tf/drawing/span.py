"""A named range of a parameter, from which each image draws its own value; and shares of images."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np


class Span(NamedTuple):
    """Numbers from `low` to `high`, uniform, or uniform in the logarithm where `log` (sizes and strengths)."""

    low: float
    high: float
    log: bool = False

    def draw(self, random: np.random.Generator, count=None):
        """One number as a float; with `count`, so many as a float64 array."""
        if self.log:
            values = np.exp(random.uniform(np.log(self.low), np.log(self.high), count))
        else:
            values = random.uniform(self.low, self.high, count)
        return float(values) if count is None else values


def share_of(part: str, usual: float, without: Collection[str]) -> float:
    """The share of images that have a part of the drawing: `usual`, or 0 where the part is left out."""
    return 0.0 if part in without else usual


def chance(random: np.random.Generator, probability: float) -> bool:
    """True with the stated probability."""
    return bool(random.random() < probability)
