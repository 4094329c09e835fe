import numpy as np
import pytest

from semicurv_tf.metrics.bootstrap import interval, resample_weights, weighted_mean

rng = np.random.default_rng(0)


def test_each_resample_draws_as_many_images_as_there_are():
    weights = resample_weights(list("abcde"), resamples=50, seed=3)
    assert weights.shape == (50, 5) and (weights.sum(axis=1) == 5).all()
    np.testing.assert_array_equal(weights, resample_weights(list("abcde"), resamples=50, seed=3))
    assert (weights != resample_weights(list("abcde"), resamples=50, seed=4)).any()


def test_images_of_one_source_are_drawn_together():
    weights = resample_weights(["x", "y", "x", "z", "y"], resamples=20)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 4])
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


@pytest.mark.parametrize("sources", [[], ["a"], ["a", "a", "a"]])
def test_one_source_has_no_interval(sources):
    assert resample_weights(sources) is None


def test_interval_of_a_mean_is_that_of_the_central_limit_theorem():
    values = rng.uniform(size=400)
    low, high = interval(weighted_mean(values, resample_weights(np.arange(400), resamples=4000)))
    half = 1.96 * values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_crops_of_one_source_widen_the_interval():
    values = np.repeat(rng.uniform(size=20), 10)  # ten equal crops of each of twenty images
    widths = [
        np.ptp(interval(weighted_mean(values, resample_weights(sources, resamples=4000))))
        for sources in (np.arange(200), np.repeat(np.arange(20), 10))
    ]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(10), rel=0.1)


def test_images_without_a_score_are_left_out():
    weights = np.array([[1, 1, 1], [0, 3, 0], [2, 0, 1]])
    values = weighted_mean(np.array([0.2, np.nan, 0.8]), weights)
    np.testing.assert_allclose(values, [0.5, np.nan, 0.4])
    assert interval(values) == pytest.approx([0.4025, 0.4975]) and interval([np.nan]) is None
