"""Drawn curves over images: values by hand, the places, and what does not change."""

import numpy as np
import tensorflow as tf

from semicurv_tf.augment.overlay import TINT, WHITE, _mirrored, lay_over
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.drawing.overlays import Overlays
from semicurv_tf.drawing.scene import CONTRAST, GRAIN_FLOOR

SIZE = 8
SEED = purpose_seed(0, 3, "test")


def drawings(shown, contrast=1.0, mask=1, count=1):
    """Drawings that change every pixel alike."""
    full = np.ones((count, SIZE, SIZE))
    return Overlays(*map(tf.constant, (
        (shown * full).astype("float16"), np.full(count, contrast, "float32"), (mask * full).astype("uint8")
    )))  # fmt: skip


def flat(value=100.0, count=2, height=12, width=20, channels=3):
    return tf.fill([count, height, width, channels], tf.constant(value))


def test_an_image_without_texture_changes_by_the_least_contrast():
    image, mask = lay_over(flat(), drawings(-1.0), SEED)
    assert CONTRAST[0] > GRAIN_FLOOR
    change = (100.0 - image.numpy()) / (WHITE * CONTRAST[0])  # each channel by its tint
    assert change.min() >= 1 - TINT - 1e-3 and change.max() <= 1 + TINT + 1e-3
    np.testing.assert_allclose(change, np.broadcast_to(change[:, :1, :1], change.shape), atol=1e-4)
    assert len(np.unique(change[:, 0, 0].round(4))) == 6  # two images of three channels
    np.testing.assert_array_equal(mask, np.ones((2, 12, 20, 1)))


def test_a_textured_image_changes_by_its_own_deviation():
    noise = np.random.default_rng(0).normal(0, 20, (1, 64, 64, 1)).astype("float32")
    image, _ = lay_over(tf.constant(100 + noise), drawings(1.0, contrast=1.5), SEED)
    # Of white noise a mean over 121 pixels takes little away.
    expected = WHITE * 1.5 * (20 / WHITE + GRAIN_FLOOR)
    change = image - 100 - noise
    np.testing.assert_allclose(tf.reduce_mean(change), expected, rtol=TINT + 0.05)
    assert float(tf.math.reduce_std(change)) < 0.1


def test_where_nothing_is_drawn_nothing_changes():
    image, mask = lay_over(flat(), drawings(0.0, mask=0), SEED)
    np.testing.assert_array_equal(image, flat())
    assert not np.any(mask)


def test_brightness_ends_at_black_and_white():
    dark, _ = lay_over(flat(5.0), drawings(-1.0), SEED)
    bright, _ = lay_over(flat(250.0), drawings(1.0), SEED)
    assert float(tf.reduce_min(dark)) == 0.0 and float(tf.reduce_max(bright)) == 255.0


def test_a_drawing_goes_on_mirrored_beyond_its_edge():
    places = _mirrored(tf.constant([0.0, 6 / 16]), 20, SIZE)
    there, back = list(range(8)), list(range(7, -1, -1))
    assert places[0].numpy().tolist() == [*there, *back, *there[:4]]
    assert places[1].numpy().tolist() == [6, 7, *back, *there, 7, 6]


def test_mask_and_change_are_of_one_place():
    random = np.random.default_rng(1)
    mask = random.integers(0, 2, (5, SIZE, SIZE)).astype("uint8")
    overlays = Overlays(tf.constant(mask.astype("float16")), tf.ones(5), tf.constant(mask))
    image, found = lay_over(flat(count=6), overlays, SEED)
    np.testing.assert_array_equal(np.any(image > 100.5, axis=-1, keepdims=True), found == 1)
    other, _ = lay_over(flat(count=6), overlays, purpose_seed(0, 4, "test"))
    assert not np.array_equal(image, other)
