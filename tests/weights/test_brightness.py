"""What the built-in network is shown without labels: luma, or the mean of other numbers of channels."""

import numpy as np
import pytest

from semicurv_tf.weights.brightness import shown_brightness


def test_red_green_and_blue_count_as_they_look():
    image = np.array([[[100, 0, 0], [0, 100, 0], [0, 0, 100], [50, 50, 50]]], np.uint8)
    shown = shown_brightness(image)
    assert shown.shape == (1, 4, 3) and shown.dtype == np.float32
    np.testing.assert_allclose(shown[0, :, 0], [29.9, 58.7, 11.4, 50.0], rtol=1e-6)
    np.testing.assert_array_equal(shown[..., 0], shown[..., 2])


@pytest.mark.parametrize(("pixel", "expected"), [([80], 80.0), ([80, 40], 60.0), ([10, 20, 30, 40, 50], 30.0)])
def test_other_numbers_of_channels_count_alike(pixel, expected):
    np.testing.assert_allclose(shown_brightness(np.array([[pixel]], np.uint16)), np.full((1, 1, 3), expected))
