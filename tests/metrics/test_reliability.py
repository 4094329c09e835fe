"""Reliability by hand, and a temperature that undoes a known one."""

import numpy as np
import pytest

from semicurv_tf.metrics.reliability import Reliability, at_temperature


def counted(*images):
    reliability = Reliability()
    for target, probability, valid in images:
        reliability.add(np.asarray(target), np.asarray(probability, np.float32), np.asarray(valid))
    return reliability


def test_bins_and_error_by_hand():
    # Four pixels say 0.25 and one of them is foreground; four say 0.75 and all are: |0.75 - 1| / 2 = 0.125.
    target = [[1, 0, 0, 0], [1, 1, 1, 1]]
    probability = [[0.25] * 4, [0.75] * 4]
    reliability = counted((target, probability, np.ones((2, 4))))
    first, second = reliability.bins()
    assert first["probability"] == pytest.approx(0.25, abs=0.01) and first["foreground"] == 0.25
    assert second["probability"] == pytest.approx(0.75, abs=0.01) and second["foreground"] == 1.0
    assert first["weight"] == second["weight"] == 0.5
    assert reliability.expected_calibration_error() == pytest.approx(0.125, abs=0.01)
    by_hand = -(np.log(0.25) + 3 * np.log(0.75) + 4 * np.log(0.75)) / 8
    assert reliability.cross_entropy() == pytest.approx(by_hand, abs=0.01)


def test_pixels_that_are_not_valid_count_nowhere_and_each_image_counts_alike():
    valid = np.array([[1, 1, 0, 0]])
    reliability = counted(([[1, 0, 1, 1]], [[0.5] * 4], valid), ([[0] * 8], [[0.5] * 8], np.ones((1, 8))))
    (only,) = reliability.bins()
    assert only["foreground"] == pytest.approx((0.5 + 0.0) / 2)
    reliability.add(np.ones((1, 2)), np.full((1, 2), 0.9), np.zeros((1, 2)))
    assert reliability.images == 2


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_it_too_sure_is_found(temperature):
    rng = np.random.default_rng(0)
    honest = rng.uniform(0.02, 0.98, (200, 200))
    target = rng.uniform(size=honest.shape) < honest
    said = 1 / (1 + np.exp(-temperature * np.log(honest / (1 - honest))))
    reliability = counted((target, said, np.ones(honest.shape)))
    assert reliability.temperature() == pytest.approx(temperature, rel=0.05)
    found = reliability.temperature()
    assert reliability.expected_calibration_error(found) < 0.02
    assert reliability.cross_entropy(found) <= reliability.cross_entropy(1.0)


def test_at_temperature():
    assert at_temperature(0.5, 3.0) == 0.5
    assert at_temperature(at_temperature(0.7, 3.0), 1 / 3) == pytest.approx(0.7)
