"""Small random maps, and central differences to hold gradients against."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def random_maps():
    """A function (seed, *shape) -> float64 probabilities in (0.05, 0.95)."""

    def draw(seed, *shape):
        return np.random.default_rng(seed).uniform(0.05, 0.95, shape)

    return draw


@pytest.fixture
def assert_gradient():
    """Holds the gradient of `loss(map)` at a float64 map against central differences."""

    def check(loss, values, step=1e-6, tolerance=1e-6):
        variable = tf.constant(values, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(variable)
            value = loss(variable)
        assert value.dtype == tf.float64
        gradient = tape.gradient(value, variable).numpy()
        expected = np.zeros_like(values)
        for index in np.ndindex(values.shape):
            up, down = values.copy(), values.copy()
            up[index] += step
            down[index] -= step
            expected[index] = (float(loss(tf.constant(up))) - float(loss(tf.constant(down)))) / (2 * step)
        assert np.abs(expected).max() > 1e-4  # else nothing is compared
        np.testing.assert_allclose(gradient, expected, atol=tolerance * np.abs(expected).max(), rtol=0)

    return check
