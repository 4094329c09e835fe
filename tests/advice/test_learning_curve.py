"""The curve by hand, against an independent formula, and how often its interval holds on simulated folds."""

import numpy as np
import pytest
from scipy import integrate, stats

from semicurv_tf.advice import learning_curve
from semicurv_tf.advice.learning_curve import LearningCurve, Score


def power_law(fold, labels, top=70.0, lost=30.0):
    return Score(fold, labels, top - fold - lost * labels**-learning_curve.BEND)


def test_a_curve_without_noise_is_found_where_the_prior_weighs_little(monkeypatch):
    monkeypatch.setattr(learning_curve, "GAIN_SPREAD", 1e6)
    curve = LearningCurve([power_law(fold, labels) for fold in (0, 1, 2) for labels in (4, 8, 16)], now=16)
    assert curve.at(16).expected == pytest.approx(69 - 30 / 4)  # the mean of folds with tops of 70, 69 and 68
    assert curve.foretold(32).expected == pytest.approx(69 - 30 / np.sqrt(32))
    assert curve.gain.expected == pytest.approx(30 / 4 - 30 / np.sqrt(32))
    weighted = LearningCurve([power_law(fold, labels) for fold in (0, 2) for labels in (4, 16)], 16, {0: 3, 2: 1})
    assert weighted.at(16).expected == pytest.approx(69.5 - 30 / 4)  # three images of four are of the better fold


def test_one_fold_of_two_sizes_by_hand(monkeypatch):
    monkeypatch.setattr(learning_curve, "BEND", 1e-9)  # without a bend z is log2(n / now)
    monkeypatch.setattr(learning_curve, "GAIN_POINTS", 0.0)
    monkeypatch.setattr(learning_curve, "GAIN_SPREAD", 1.0)
    monkeypatch.setattr(learning_curve, "NOISE_POINTS_OF_TWO", 2.0)
    monkeypatch.setattr(learning_curve, "NOISE_WORTH", 4.0)
    curve = LearningCurve([Score(1, 4, 50.0), Score(1, 8, 56.0)], now=8)
    # Around their means z is +-1/2 and the score +-3: b = (2 * 3/2) / (2 / 4 + 1) = 2, the level 53 + 2 / 2 = 54.
    assert curve.gain.expected == pytest.approx(2.0, abs=1e-5)
    assert curve.at(8).expected == pytest.approx(54.0, abs=1e-5)
    # Residuals -2 and 2, and b's own distance from 0: 4 + 4 + 4; the prior's 4 * 4; level and b take a degree of
    # freedom each, so four are left.
    assert curve.freedom == 4 and curve.noise_points == pytest.approx(np.sqrt((16 + 12) / 4), abs=1e-5)
    # At z = 1 the level counts a half, b lies 3/2 from the mean of z with variance 1 / 1.5, and one fresh score: 3.
    half = stats.t.ppf(0.9, 4) * curve.noise_points * np.sqrt(0.5 + 1.5**2 / 1.5 + 1)
    assert curve.foretold(16).high - curve.foretold(16).expected == pytest.approx(half, abs=1e-4)


def test_two_sizes_are_taken_to_be_noisier_than_three():
    """Scores on the prior's own curve leave no residual: the noise is the prior's, by the degrees of freedom."""
    on_the_curve = lambda fold, labels: Score(fold, labels, 50 + (1 - (labels / 8) ** -0.5) / (1 - 2**-0.5))
    scores = lambda *sizes: [on_the_curve(fold, labels) for fold in (0, 1) for labels in sizes]
    two, three = LearningCurve(scores(4, 8), 8), LearningCurve(scores(2, 4, 8), 8)
    assert two.freedom == 2 and two.noise_points == pytest.approx(2.0 / np.sqrt(2))
    assert three.freedom == 4 and three.noise_points == pytest.approx(1.5 / np.sqrt(4))


def test_the_closed_form_is_the_integral_over_gain_and_noise(monkeypatch):
    monkeypatch.setattr(learning_curve, "NOISE_WORTH", 6.0)
    scores, now = [Score(1, 2, 40.0), Score(1, 4, 45.0), Score(1, 8, 46.0)], 8
    curve = LearningCurve(scores, now)
    found = np.array([score.percent for score in scores])
    rise = np.array([(1 - (n / now) ** -0.5) / (1 - 2**-0.5) for n in (2, 4, 8)])

    def density(gain, variance):  # the level integrated out: a flat prior leaves the deviations from the mean
        rest = (found - found.mean()) - gain * (rise - rise.mean())
        likelihood = variance ** (-(len(found) - 1) / 2) * np.exp(-(rest @ rest) / (2 * variance))
        spread = learning_curve.GAIN_SPREAD
        prior = np.exp(-((gain - learning_curve.GAIN_POINTS) ** 2) / (2 * variance * spread**2)) / np.sqrt(variance)
        worth = learning_curve.NOISE_WORTH
        prior *= variance ** (-(worth - 1) / 2 - 1) * np.exp(-worth * learning_curve.NOISE_POINTS**2 / (2 * variance))
        return likelihood * prior

    area = lambda low: integrate.dblquad(lambda v, b: density(b, v), low, 30, 1e-3, 200, epsabs=1e-9, epsrel=1e-4)[0]
    assert area(curve.gain.high) / area(-30) == pytest.approx(0.1, abs=0.003)


def test_what_cannot_be_fitted_is_refused_and_scores_stay_in_percent():
    with pytest.raises(ValueError, match="two numbers of labels"):
        LearningCurve([Score(1, 2, 50.0), Score(2, 1, 40.0)], now=2)
    high = LearningCurve([Score(1, 4, 97.0), Score(1, 8, 99.5)], now=8).foretold(16)
    assert high.high == 100.0 and high.low < high.expected <= 100.0
    assert LearningCurve([Score(1, 4, 0.5), Score(1, 8, 0.0)], now=8).foretold(16).low == 0.0


@pytest.mark.parametrize(
    ("folds", "bend", "noise"), [(3, 0.5, 1.0), (3, 1.0, 2.0), (2, 0.25, 2.0), (2, 0.5, 3.0), (3, 0.5, 4.0)]
)
def test_the_interval_holds_on_simulated_folds(folds, bend, noise):
    """Curves that bend as the fit's, more and less; noise as the prior's, less and more."""
    random = np.random.default_rng(5)
    inside, cases = 0, 400
    for _ in range(cases):
        lost, tops = random.uniform(5, 25), random.normal(65, 8, folds)
        measured = lambda labels: tops - lost * labels**-bend + random.normal(0, noise, folds)  # noqa: B023  used here
        scores = [Score(k, n, value) for n in (4, 8, 16) for k, value in enumerate(measured(n))]
        foretold = LearningCurve(scores, now=16).foretold(32)
        inside += foretold.low <= measured(32).mean() <= foretold.high
    assert 0.72 <= inside / cases <= 0.97
