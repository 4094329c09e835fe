"""Random transforms: their ranges, their seeds, and each part alone."""

import numpy as np
import pytest

from semicurv_tf.augment.geometric import sample_transforms
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.config import ViewsConfig

OFF = {"flip_horizontal": 0.0, "rotation_degrees": 0.0, "translation": 0.0}


def sample(batch=500, height=64, width=96, seed=purpose_seed(0, 0, "test"), **views):
    return sample_transforms(ViewsConfig(**{**OFF, **views}), batch, height, width, seed).numpy()


def test_all_off_is_the_identity():
    np.testing.assert_allclose(sample(), np.broadcast_to(np.eye(3), (500, 3, 3)), atol=1e-5)


def test_translation_is_uniform_within_its_share_of_each_side():
    shift = sample(translation=0.15)[:, :2, 2]
    limits = np.array([0.15 * 96, 0.15 * 64])
    assert np.all(np.abs(shift) <= limits)
    np.testing.assert_allclose(shift.std(axis=0), limits / np.sqrt(3), rtol=0.1)


def test_rotation_covers_the_circle_and_keeps_the_centre():
    transform = sample(rotation_degrees=180.0)
    angle = np.degrees(np.arctan2(transform[:, 1, 0], transform[:, 0, 0]))
    assert np.histogram(angle, 4, (-180, 180))[0].min() > 90
    centre = np.array([47.5, 31.5, 1.0])
    np.testing.assert_allclose(transform @ centre, np.broadcast_to(centre, (500, 3)), atol=1e-3)
    np.testing.assert_allclose(np.linalg.det(transform), 1.0, rtol=1e-5)


def test_scale_is_log_uniform_and_one_number_an_image():
    determinant = np.linalg.det(sample(scale=1.5))
    factor = np.log(determinant) / 2
    assert np.all(np.abs(factor) <= np.log(1.5) + 1e-5)
    np.testing.assert_allclose(factor.std(), np.log(1.5) / np.sqrt(3), rtol=0.1)


@pytest.mark.parametrize("option, row", [("flip_horizontal", 0), ("flip_vertical", 1)])
def test_flip_has_its_probability(option, row):
    transform = sample(**{option: 0.3})
    flipped = transform[:, row, row] < 0
    assert abs(flipped.mean() - 0.3) < 0.08
    assert np.all(transform[:, 1 - row, 1 - row] == 1)


def test_shear_stays_within_its_angle():
    slope = sample(shear_degrees=20.0)[:, 0, 1]
    assert np.abs(slope).max() <= np.tan(np.radians(20)) + 1e-6 and np.abs(slope).max() > 0.3


def test_seed_step_and_purpose_each_matter():
    draw = lambda *key: sample(rotation_degrees=180.0, seed=purpose_seed(*key))
    reference = draw(0, 0, "a")
    np.testing.assert_array_equal(reference, draw(0, 0, "a"))
    for key in ((1, 0, "a"), (0, 1, "a"), (0, 0, "b")):
        assert np.abs(reference - draw(*key)).max() > 0.1
