"""Orientations: against NumPy's turns and flips, and as a group."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.geometry.orientations import COUNT, in_orientation, mean_over_orientations, orient, orient_back

IMAGE = np.random.default_rng(0).normal(size=(2, 3, 5, 2)).astype("float32")


def test_against_numpy():
    turned = [np.rot90(IMAGE, turns, axes=(1, 2)) for turns in (0, 2, 1, 3)]
    flipped = [IMAGE[:, :, ::-1], IMAGE[:, ::-1]]
    diagonal = [np.swapaxes(IMAGE, 1, 2), np.swapaxes(IMAGE[:, ::-1, ::-1], 1, 2)]
    for number, expected in enumerate([*turned, *flipped, *diagonal]):
        np.testing.assert_array_equal(orient(IMAGE, number), expected)


@pytest.mark.parametrize("number", range(COUNT))
def test_back_undoes_it(number):
    np.testing.assert_array_equal(orient_back(orient(IMAGE, number), number), IMAGE)


def test_all_eight_differ():
    square = IMAGE[:, :, :3]
    assert len({np.asarray(orient(square, number)).tobytes() for number in range(COUNT)}) == 8


def test_mean_of_a_pixelwise_prediction_is_that_prediction():
    predict = lambda image: image[..., :1] ** 2
    np.testing.assert_allclose(mean_over_orientations(predict, tf.constant(IMAGE)), IMAGE[..., :1] ** 2, rtol=1e-6)


def test_mean_by_hand():
    # Each prediction is the column number: over a flip pair 0 and 3 average to 1.5; over the four turns rows join in.
    columns = lambda image: tf.ones_like(image[..., :1]) * tf.cast(tf.range(tf.shape(image)[2]), tf.float32)[:, None]
    image = tf.zeros((1, 4, 4, 1))
    np.testing.assert_array_equal(
        mean_over_orientations(columns, image, 1)[0, :, :, 0], np.tile(np.arange(4.0), (4, 1))
    )
    np.testing.assert_array_equal(mean_over_orientations(columns, image, 2), np.full((1, 4, 4, 1), 1.5))


@pytest.mark.parametrize("number", range(COUNT))
def test_in_one_orientation(number):
    rows = lambda image: tf.ones_like(image[..., :1]) * tf.cast(tf.range(tf.shape(image)[1]), tf.float32)[:, None, None]
    result = in_orientation(rows, tf.constant(IMAGE), tf.constant(number))
    np.testing.assert_array_equal(result, orient_back(rows(orient(IMAGE, number)), number))
    assert result.shape == (2, 3, 5, 1)
