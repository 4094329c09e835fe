import numpy as np
import pytest

from semicurv_tf.metrics.road_buffer import completeness, correctness, count_buffer, quality


def lines(*rows, end=10):
    mask = np.zeros((14, 10), bool)
    for at in rows:
        mask[at, :end] = True
    return mask


def test_worked_out_by_hand():
    """A true line of 10 pixels; 6 pixels of it were found two rows lower, and 6 far off."""
    counts = count_buffer(lines(2), lines(4, 12, end=6), 2)
    np.testing.assert_array_equal(counts, [6, 12, 6, 10])
    assert completeness(counts) == 6 / 10
    assert correctness(counts) == 6 / 12
    assert quality(counts) == 6 / (12 + 4)
    np.testing.assert_array_equal(count_buffer(lines(2), lines(4), 1.9), [0, 10, 0, 10])


def test_many_may_match_one():
    counts = count_buffer(lines(5), lines(3, 7), 2)
    assert correctness(counts) == completeness(counts) == quality(counts) == 1


def test_against_all_distances():
    rng = np.random.default_rng(0)
    target, predicted = (rng.uniform(size=(14, 10)) < share for share in (0.1, 0.15))
    distance = np.linalg.norm(np.argwhere(predicted)[:, None] - np.argwhere(target)[None], axis=-1)
    for buffer in (0, 1, 2.5):
        near = distance <= buffer
        expected = [near.any(1).sum(), predicted.sum(), near.any(0).sum(), target.sum()]
        np.testing.assert_array_equal(count_buffer(target, predicted, buffer), expected)


@pytest.mark.parametrize("score", [completeness, correctness, quality])
def test_policy_on_empty_and_full_masks(score):
    full = np.ones((14, 10), bool)
    assert score(count_buffer(lines(), lines(), 2)) == 1
    assert score(count_buffer(lines(3), lines(), 2)) == score(count_buffer(lines(), lines(3), 2)) == 0
    assert score(count_buffer(full, full, 2)) == 1
