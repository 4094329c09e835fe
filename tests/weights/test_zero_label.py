"""Prediction without a label: statistics, scales, and what they leave out."""

import numpy as np
import pytest

from semicurv_tf.weights.zero_label import ZeroLabel, pooled_statistics


def test_statistics_leave_out_black_around_a_field_of_view():
    image = np.zeros((20, 20, 3))
    image[:, 10:] = [200, 100, 50]
    image[:10, 10:] += 20
    mean, deviation = pooled_statistics([image])
    np.testing.assert_allclose(mean, 0.299 * 210 + 0.587 * 110 + 0.114 * 60, rtol=1e-6)
    np.testing.assert_allclose(deviation, 10, rtol=1e-6)


def test_statistics_count_a_dark_photograph_whole():
    image = np.full((10, 10, 3), 8.0)
    image[:, :5] = 4.0
    mean, deviation = pooled_statistics([image])
    np.testing.assert_allclose(mean, 6.0)
    np.testing.assert_allclose(deviation, 2.0)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_size_and_channels(channels):
    from semicurv_tf.models.residual_unet import ResidualUNet

    network = ResidualUNet(widths=(2, 3), encoding="none")
    network.build((None, None, None, 3))
    predict = ZeroLabel(network.get_weights(), (2, 3)).normalised([np.zeros((40, 50, channels))])
    image = np.random.default_rng(0).uniform(40, 255, (37, 50, channels))
    probability = predict(image)
    assert probability.shape == (37, 50) and probability.dtype == np.float32
    assert probability.min() >= 0 and probability.max() <= 1
    # Twice as much contrast and another brightness show the same to a network that sees the image's own statistics.
    own = ZeroLabel(network.get_weights(), (2, 3)).normalised([image], own_share=1.0)
    np.testing.assert_allclose(own(image), own(image / 2 + 60), atol=1e-4)
