"""Averaging at test time against each image turned and resized by other means."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.geometry.scales import blended
from semicurv_tf.inference.averaging import SCALES, averaged, enlarged


def brightness(image):
    """A predictor that depends on neither place nor size: darker is more probable."""
    return 1 - np.asarray(image, np.float32)[..., :1] / 255


def gradient(image):
    """A predictor that depends on the orientation: probable where it gets brighter to the right."""
    image = np.asarray(image, np.float32)[..., :1]
    return np.clip(np.diff(image, axis=2, append=image[:, :, -1:]) / 255, 0, 1)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 80, 3), np.uint8)


def test_none_is_the_prediction(image):
    np.testing.assert_array_equal(averaged(gradient, image, "none"), gradient(image))


def test_scales_are_those_of_the_resized_image(image):
    sizes = []

    def predict(image):
        sizes.append(image.shape[1:3])
        assert image.dtype == np.uint8
        return brightness(image)

    found = averaged(predict, image, "scales")
    assert sizes == [(32, 40), (64, 80), (96, 120)] and SCALES == (0.5, 1.0, 1.5)
    maps = []
    for side in sizes:
        scaled = np.rint(tf.image.resize(image.astype(np.float32), side, antialias=True).numpy()).astype(np.uint8)
        maps.append(tf.image.resize(brightness(scaled), (64, 80)))
    np.testing.assert_allclose(found, blended(tf.stack(maps)), atol=1e-6)
    assert found.shape == (2, 64, 80, 1)


def test_all_is_each_scale_in_each_orientation(image):
    turned = []
    for quarters in range(4):
        for flipped in (False, True):
            view = np.rot90(image, quarters, axes=(1, 2))
            view = view[:, :, ::-1] if flipped else view
            back = gradient(view)
            back = back[:, :, ::-1] if flipped else back
            turned.append(np.rot90(back, -quarters, axes=(1, 2)))
    np.testing.assert_allclose(averaged(gradient, image, "d4"), np.mean(turned, axis=0), atol=1e-6)
    # The mean over orientations does not change when the image is turned; blended scales do not change that.
    both = averaged(gradient, image, "all")
    turned_both = averaged(gradient, np.ascontiguousarray(np.rot90(image, 1, axes=(1, 2))), "all")
    np.testing.assert_allclose(np.rot90(turned_both, -1, axes=(1, 2)), both, atol=0.02)
    assert np.abs(both - averaged(gradient, image, "d4")).max() > 0.01


def test_what_the_network_sees_at_once():
    assert [enlarged(tta) for tta in ("none", "d4", "scales", "all")] == [1.0, 1.0, 2.25, 2.25]
