from math import log

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.losses.cross_entropy import WeightedCrossEntropyLoss, weighted_cross_entropy_loss


def maps(*values):
    return np.array(values, np.float32)[None, None, :, None]


TARGET, PROBABILITY = maps(1, 0, 0, 0), maps(0.5, 0.5, 0.25, 0.2)


def test_plain_cross_entropy_is_weight_one():
    expected = -(log(0.5) + log(0.5) + log(0.75) + log(0.8)) / 4
    value = weighted_cross_entropy_loss(TARGET, PROBABILITY, positive_weight=1.0)
    assert float(value) == pytest.approx(expected, abs=1e-6)
    assert float(value) == pytest.approx(float(keras.losses.BinaryCrossentropy()(TARGET, PROBABILITY)), abs=1e-6)


def test_given_weight():
    expected = -(5 * log(0.5) + log(0.5) + log(0.75) + log(0.8)) / (5 + 3)
    value = weighted_cross_entropy_loss(TARGET, PROBABILITY, positive_weight=5.0)
    assert float(value) == pytest.approx(expected, abs=1e-6)


def test_balanced_is_the_mean_of_the_two_classes():
    expected = -(log(0.5) + (log(0.5) + log(0.75) + log(0.8)) / 3) / 2
    assert float(weighted_cross_entropy_loss(TARGET, PROBABILITY)) == pytest.approx(expected, abs=1e-6)


def test_balance_counts_valid_pixels_of_the_whole_batch():
    target, probability = np.concatenate([TARGET, maps(1, 1, 0, 0)]), np.concatenate([PROBABILITY, PROBABILITY])
    valid = np.concatenate([maps(1, 1, 1, 0), maps(0, 1, 0, 0)])
    expected = -((log(0.5) + log(0.5)) / 2 + (log(0.5) + log(0.75)) / 2) / 2
    assert float(weighted_cross_entropy_loss(target, probability, valid)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("mask", [0.0, 1.0])
def test_empty_and_full_masks_give_the_plain_mean(mask):
    probability = mask + (1 - 2 * mask) * PROBABILITY
    value = weighted_cross_entropy_loss(np.full_like(TARGET, mask), probability)
    assert float(value) == pytest.approx(-(log(0.5) + log(0.5) + log(0.75) + log(0.8)) / 4, abs=1e-6)


def test_one_positive_pixel_weighs_as_much_as_all_others():
    target = np.zeros((1, 16, 16, 1), np.float32)
    target[0, 2, 3, 0] = 1
    value = weighted_cross_entropy_loss(target, np.full_like(target, 0.1))
    assert float(value) == pytest.approx(-(log(0.1) + log(0.9)) / 2, abs=1e-6)


def test_perfect_is_zero_and_a_missed_pixel_still_learns():
    assert 0 <= float(weighted_cross_entropy_loss(TARGET, TARGET)) < 1e-6
    probability = tf.zeros_like(TARGET)
    with tf.GradientTape() as tape:
        tape.watch(probability)
        value = weighted_cross_entropy_loss(TARGET, probability)
    gradient = tape.gradient(value, probability).numpy().ravel()
    assert np.isfinite(gradient).all() and gradient[0] < -1e6


def test_gradient_equals_central_differences(random_maps, assert_gradient):
    target, valid = (random_maps(20, 2, 3, 4, 1) > 0.6).astype(float), random_maps(21, 2, 3, 4, 1)
    for weight in (None, 4.0):
        assert_gradient(
            lambda g, w=weight: weighted_cross_entropy_loss(target, g, valid, w), random_maps(22, 2, 3, 4, 1)
        )


def test_class_round_trips_and_refuses_a_weight_of_zero():
    loss = WeightedCrossEntropyLoss(positive_weight=5.0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == {
        "name": "weighted_cross_entropy",
        "positive_weight": 5.0,
        "from_logits": False,
    }
    valid = maps(1, 1, 0, 0)
    assert float(again(TARGET, PROBABILITY, sample_weight=valid)) == pytest.approx(-log(0.5), abs=1e-6)
    with pytest.raises(ValueError, match="positive_weight=0"):
        WeightedCrossEntropyLoss(positive_weight=0)
