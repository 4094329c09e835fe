"""A saturating curve through scores of nested label sets, and what it foretells for twice the labels.

    score of fold k at n labels = a_k + b z(n) + e,    z(n) = (1 - (n / n0)^-c) / (1 - 2^-c)

a_k is the fold's own level, b the points that the next doubling from n0 brings, and each doubling brings 2^-c as much
as the one before it: a power law (Hestness et al. 2017, "Deep learning scaling is predictable, empirically"). With a
handful of scores the bend c cannot be fitted, so it is fixed; then the model is linear, and b and the deviation of e
have the conjugate prior, whose answer is a Student's t in closed form (Gelman et al., "Bayesian Data Analysis", 3rd
ed., sections 14.2 and 14.8). The prior is worth a few scores: without it two folds of two sizes would allow anything.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.8  # of the interval
# Chosen on half of the ladders of results/advice/README.md, checked on the other half; points are of IoU in percent.
BEND = 0.5  # c: a doubling brings 0.7 of the one before it
GAIN_POINTS = 1.0  # the prior's b
GAIN_SPREAD = 1.0  # its deviation, in deviations of a score
NOISE_POINTS = 1.5  # the prior's deviation of a score: other images of the same number, other random numbers
NOISE_POINTS_OF_TWO = 2.0  # where there are two sizes alone: one and two labels spread more, and nothing shows it
NOISE_WORTH = 1.0  # as much as so many scores say about it: data sets differ tenfold


class Score(NamedTuple):
    """What one network scored.

    Attributes:
        fold: its number.
        labels: masks it learned from, at least 1.
        percent: mean IoU over the fold's held-out images, in [0, 100].
    """

    fold: int
    labels: int
    percent: float


class Interval(NamedTuple):
    """An expected value with the limits of its interval of `LEVEL`: IoU in percent, or a gain in points of it."""

    expected: float
    low: float
    high: float


class LearningCurve:
    """The curve through some scores.

    Args:
        scores: of two different numbers of labels at least in one fold.
        now: n0, labels of today.
        images: held-out images per fold, by which folds weigh; None: all alike.

    Attributes:
        freedom: degrees of freedom of Student's t.
        noise_points: the estimated deviation of a score around the curve, points of IoU.

    Raises:
        ValueError: all scores are of one number of labels.
    """

    def __init__(self, scores: Sequence[Score], now: int, images: dict[int, int] | None = None):
        folds = sorted({score.fold for score in scores})
        if not any(len({score.labels for score in scores if score.fold == fold}) > 1 for fold in folds):
            raise ValueError(f"Expected scores of two numbers of labels in a fold. Received: scores={list(scores)}")
        self.now = now
        weights = np.array([1 if images is None else images[fold] for fold in folds], float)
        self._weights = weights / weights.sum()
        design = np.array([[*(score.fold == fold for fold in folds), self._rise(score.labels)] for score in scores])
        found = np.array([score.percent for score in scores], float)
        prior = np.diag([0.0] * len(folds) + [GAIN_SPREAD**-2])  # of the folds' levels nothing is known before
        at = np.array([0.0] * len(folds) + [GAIN_POINTS])
        precision = design.T @ design + prior
        self._covariance = np.linalg.inv(precision)
        self._mean = self._covariance @ (design.T @ found + prior @ at)
        # The levels take a degree of freedom each, and so does b: its prior grows with the noise, which would else look
        # too small by what b explains.
        self.freedom = NOISE_WORTH + len(scores) - len(folds) - 1
        sizes = {score.labels for score in scores}
        noise = NOISE_POINTS_OF_TWO if len(sizes) == 2 else NOISE_POINTS
        squares = found @ found + at @ prior @ at - self._mean @ precision @ self._mean
        self.noise_points = float(np.sqrt((NOISE_WORTH * noise**2 + max(0.0, squares)) / self.freedom))

    @property
    def gain(self) -> Interval:
        """Points that twice the labels bring: the curve's own, without the noise of one more training."""
        return self._interval(np.array([*0.0 * self._weights, 1.0]), 0.0)

    def at(self, labels: float) -> Interval:
        """The curve at a number of labels, cut to [0, 100]; the interval is of the curve."""
        return self._cut(self._interval(self._row(labels), 0.0))

    def foretold(self, labels: float) -> Interval:
        """What networks that learn from so many labels will score on the same images, one per fold; cut to [0, 100]."""
        return self._cut(self._interval(self._row(labels), float(self._weights @ self._weights)))

    def _rise(self, labels: float) -> float:
        return (1 - (labels / self.now) ** -BEND) / (1 - 2**-BEND)

    def _row(self, labels: float):
        return np.array([*self._weights, self._rise(labels)])

    def _interval(self, row, fresh: float) -> Interval:
        expected = float(row @ self._mean)
        deviation = self.noise_points * np.sqrt(row @ self._covariance @ row + fresh)
        half = float(stats.t.ppf((1 + LEVEL) / 2, self.freedom) * deviation)
        return Interval(expected, expected - half, expected + half)

    @staticmethod
    def _cut(interval: Interval) -> Interval:
        return Interval(*(min(100.0, max(0.0, value)) for value in interval))
