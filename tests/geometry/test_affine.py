"""Affine matrices against points moved by hand."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.geometry import affine


def moved(transform, x, y):
    return (transform.numpy()[0] @ np.array([x, y, 1.0]))[:2]


def test_each_transform_moves_a_point_as_by_hand():
    np.testing.assert_allclose(moved(affine.translation([3.0], [-2.0]), 1, 1), [4, -1])
    np.testing.assert_allclose(moved(affine.scaling([2.0], [0.5]), 3, 4), [6, 2])
    np.testing.assert_allclose(moved(affine.flip([True], [False]), 3, 4), [-3, 4])
    np.testing.assert_allclose(moved(affine.shear([45.0], [0.0]), 3, 4), [7, 4], rtol=1e-6)
    np.testing.assert_array_equal(moved(affine.rotation([90.0]), 1, 0), [0, 1])
    np.testing.assert_allclose(moved(affine.rotation([30.0]), 2, 0), [np.sqrt(3), 1], rtol=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 17.0, 45.0, 60.0, 135.0, 180.0, 269.0, 359.0, -75.0])
def test_rotation_against_numpy(degrees):
    angle = np.deg2rad(degrees)
    expected = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    np.testing.assert_allclose(affine.rotation([degrees])[0], expected, atol=1e-6)


def test_compose_does_the_first_one_first():
    transform = affine.compose(affine.translation([1.0], [0.0]), affine.rotation([90.0]))
    np.testing.assert_array_equal(moved(transform, 0, 0), [0, 1])


def test_about_centre_keeps_the_centre():
    transform = affine.about_centre(affine.rotation([77.0]), 5, 8)
    np.testing.assert_allclose(moved(transform, 3.5, 2.0), [3.5, 2.0], atol=1e-6)


def test_invert_against_numpy():
    transform = affine.compose(
        affine.rotation([10.0, 200.0]),
        affine.scaling([0.7, 1.4], [1.1, 0.9]),
        affine.translation([5.0, -3.0], [2.0, 8.0]),
    )
    np.testing.assert_allclose(affine.invert(transform), np.linalg.inv(transform.numpy()), atol=1e-5)


def test_transform_points_on_a_grid():
    x, y = affine.transform_points(affine.translation([1.0, 2.0], [0.0, 5.0]), tf.zeros([1, 1, 3]), tf.zeros([1, 2, 1]))
    np.testing.assert_array_equal(x[:, 0, 0], [1, 2])
    np.testing.assert_array_equal(y[:, 0, 0], [0, 5])
