"""Colour views: against the formula worked out by hand, and their properties."""

import numpy as np
import tensorflow as tf

from semicurv_tf.augment.colour import change_colour, colour_view
from semicurv_tf.augment.randomness import purpose_seed

IMAGE = np.random.default_rng(0).uniform(60, 190, (16, 12, 10, 3)).astype("float32")


def view(strength=0.4, step=0, image=IMAGE):
    return colour_view(tf.constant(image), strength, purpose_seed(1, step, "test")).numpy()


def test_change_by_hand():
    # (51 / 255)^2 = 0.04 and (102 / 255)^2 = 0.16: 10.2 and 40.8, mean 25.5; half the contrast, 7 brighter.
    image = tf.constant([51.0, 102.0], shape=(1, 1, 2, 1))
    np.testing.assert_allclose(np.ravel(change_colour(image, 2.0, 0.5, 7.0)), [24.85, 40.15], rtol=1e-5)


def test_change_is_clipped_to_the_raw_range():
    image = tf.constant([0.0, 255.0], shape=(1, 1, 2, 1))
    np.testing.assert_array_equal(np.ravel(change_colour(image, 1.0, 3.0, 0.0)), [0.0, 255.0])


def test_strength_zero_returns_the_image_itself():
    image = tf.constant(IMAGE)
    assert colour_view(image, 0.0, purpose_seed(1, 0, "test")) is image


def test_same_seed_and_step_give_the_same_view_and_others_do_not():
    np.testing.assert_array_equal(view(step=3), view(step=3))
    assert np.abs(view(step=3) - view(step=4)).max() > 1


def test_keeps_the_order_of_the_pixels_of_a_channel():
    """A curve of grey levels moves no structure."""
    for before, after in zip(IMAGE, view(0.3)):
        for channel in range(3):
            order = np.argsort(before[..., channel], axis=None)
            assert np.all(np.diff(after[..., channel].ravel()[order]) >= -1e-3)


def test_images_and_channels_differ_in_their_changes():
    grey = np.repeat(np.linspace(60, 190, 120, dtype="float32").reshape(1, 12, 10, 1), 3, axis=-1)
    result = view(image=np.repeat(grey, 4, axis=0))
    means = result.mean(axis=(1, 2))
    assert len(np.unique(np.round(means, 3))) == means.size


def test_a_larger_strength_changes_more():
    change = [np.abs(view(strength) - IMAGE).mean() for strength in (0.1, 0.2, 0.4)]
    assert change[0] < change[1] < change[2]
