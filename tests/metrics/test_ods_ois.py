import numpy as np
import pytest

from semicurv_tf.metrics.image import ImageToScore
from semicurv_tf.metrics.ods_ois import best_counts, match_f1, ods


def test_worked_out_by_hand():
    """Two images, each with a true line of 10 pixels; the first also has a false line."""
    first, second, target = np.zeros((12, 10)), np.zeros((12, 10)), np.zeros((12, 10))
    target[2] = 1
    first[2], first[9] = 0.9, 0.5
    second[3] = 0.3  # one pixel off
    counts = np.stack([ImageToScore(target, probability, tolerance_px=1).matches for probability in (first, second)])
    below, between, above = (round(50 * threshold) - 1 for threshold in (0.2, 0.4, 0.8))
    pooled = match_f1(counts.sum(axis=0))
    assert pooled[below] == pytest.approx(2 * 20 / (30 + 20))
    assert pooled[between] == pytest.approx(2 * 10 / (20 + 20))
    assert pooled[above] == pytest.approx(2 * 10 / (10 + 20))
    assert ods(counts.sum(axis=0)) == pytest.approx(0.8)
    best = best_counts(counts)
    np.testing.assert_array_equal(best, [[10, 10, 10], [10, 10, 10]])
    assert match_f1(best.sum(axis=0)) == 1
    assert ods(ImageToScore(target, second, tolerance_px=0.5).matches) == 0


def test_policy_on_empty_masks():
    np.testing.assert_array_equal(match_f1([[0, 0, 0], [0, 5, 0], [0, 0, 5], [5, 5, 5]]), [1, 0, 0, 1])


def test_many_resamples_at_once():
    counts = np.random.default_rng(0).integers(0, 9, (4, 5, 7, 3))
    assert ods(counts).shape == (4, 5) and best_counts(counts).shape == (4, 5, 3)
    assert ods(counts)[2, 3] == ods(counts[2, 3]) == match_f1(best_counts(counts[2, 3]))
