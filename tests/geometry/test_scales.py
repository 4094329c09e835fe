"""Predictions at several scales: their weights by hand, sizes, and a structure that one scale alone can see."""

import numpy as np
import tensorflow as tf

from semicurv_tf.geometry.scales import DOUBT, LEAST_SIDE_PX, blend_over_scales, blended


def test_the_surer_map_weighs_more():
    sure = np.where(np.arange(16).reshape(4, 4) < 4, 0.999, 0.001)
    unsure = np.full((4, 4), 0.5)
    entropy = lambda p: -(p * np.log(p) + (1 - p) * np.log(1 - p))
    doubts = [entropy(sure).mean() / sure.mean(), np.log(2) / 0.5]
    weights = np.exp(-np.array(doubts) / DOUBT)
    expected = (weights[0] * sure + weights[1] * unsure) / weights.sum()
    # Two images in a batch: in the second the first map is the unsure one, and the weights are its own.
    maps = np.stack([[sure, unsure], [unsure, sure]]).astype(np.float32)[..., None]
    np.testing.assert_allclose(blended(tf.constant(maps))[..., 0], [expected, expected], rtol=1e-5)
    alike = np.stack([sure, sure]).astype(np.float32)[:, None, :, :, None]
    np.testing.assert_allclose(blended(tf.constant(alike))[0, ..., 0], sure, rtol=1e-5)


def test_each_scale_is_seen_once_and_comes_back_in_the_own_size():
    seen = []

    def predict(image):
        seen.append(tuple(image.shape[1:3]))
        return tf.fill([*image.shape[:3], 1], 0.25)

    image = tf.zeros((2, 40, 100, 3))
    blend = blend_over_scales(predict, image, (0.5, 0.75, 1.0, 2.0))
    assert blend.shape == (2, 40, 100, 1)
    np.testing.assert_allclose(blend, 0.25, rtol=1e-6)
    # Half of 40 pixels is below the least side.
    assert LEAST_SIDE_PX == 32 and seen == [(40, 100), (80, 200)]


def test_one_scale_is_the_prediction_itself():
    image = tf.random.stateless_uniform((1, 64, 64, 1), [0, 1])
    np.testing.assert_array_equal(blend_over_scales(tf.sigmoid, image, (1.0,)), tf.sigmoid(image))
    tiny = image[:, :20, :20]
    np.testing.assert_array_equal(blend_over_scales(tf.sigmoid, tiny, (0.5,)), tf.sigmoid(tiny))
