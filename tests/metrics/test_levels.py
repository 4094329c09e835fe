import numpy as np
import pytest

from semicurv_tf.metrics.levels import LEVELS, at_thresholds, count_levels
from semicurv_tf.metrics.overlap import count_overlap

rng = np.random.default_rng(0)
TARGET = rng.uniform(size=500) > 0.8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_threshold_agrees_with_counting_at_it(dtype):
    # Half of the probabilities lie on thresholds, where > and >= differ; some crowd at 0 and 1.
    probability = np.where(rng.uniform(size=500) > 0.5, rng.uniform(size=500), rng.integers(0, 101, 500) / 100)
    probability[:60] = 10.0 ** -rng.integers(1, 9, 60)
    probability[60:120] = 1 - 10.0 ** -rng.integers(1, 9, 60)
    probability = probability.astype(dtype)
    counts = count_levels(TARGET, probability)
    for threshold in [0.0, 0.001, 0.01, 0.42, 0.5, 0.57, 0.99, 0.999]:
        expected = count_overlap(TARGET[None], probability[None], threshold=threshold)
        column = at_thresholds(threshold)
        assert counts[0, column] == expected.true_positive
        assert counts[1, column] == expected.true_positive + expected.false_positive
    assert tuple(counts[:, 0]) == (TARGET.sum(), 500)


def test_counts_fall_with_the_threshold_and_add_up():
    probability = rng.uniform(size=500).astype(np.float32)
    counts = count_levels(TARGET, probability)
    assert (np.diff(counts, axis=1) <= 0).all() and (counts[0] <= counts[1]).all()
    halves = [count_levels(TARGET[part], probability[part]) for part in (slice(0, 200), slice(200, 500))]
    np.testing.assert_array_equal(sum(halves), counts)


def test_levels_are_ascending_and_hold_the_usual_thresholds():
    assert (np.diff(LEVELS) > 0).all() and LEVELS[0] == 0 and LEVELS[-1] < 1
    assert LEVELS[at_thresholds(0.42) - 1] == 0.42
    with pytest.raises(ValueError, match="steps of 0.001"):
        at_thresholds([0.5, 0.12345])
