"""Photometric views: each change against NumPy or its defining property."""

import numpy as np
import tensorflow as tf

from semicurv_tf.augment import photometric
from semicurv_tf.augment.randomness import purpose_seed

IMAGE = np.random.default_rng(0).uniform(60, 190, (64, 24, 20, 3)).astype("float32")


def view(probability=1.0, step=0, image=IMAGE):
    return photometric.photometric_view(tf.constant(image), probability, purpose_seed(1, step, "test")).numpy()


def test_probability_zero_returns_the_image_itself():
    image = tf.constant(IMAGE)
    assert photometric.photometric_view(image, 0.0, purpose_seed(1, 0, "test")) is image


def test_same_seed_and_step_give_the_same_view_and_others_do_not():
    np.testing.assert_array_equal(view(step=3), view(step=3))
    assert np.abs(view(step=3) - view(step=4)).max() > 1


def test_probability_is_the_share_of_changed_images():
    changed = np.mean([np.any(view(0.25, step) != IMAGE, axis=(1, 2, 3)) for step in range(20)])
    assert abs(changed - 0.25) < 0.05  # 1280 images: standard deviation 0.012


def test_stays_in_the_raw_range():
    extreme = np.concatenate([np.zeros((64, 8, 8, 3)), np.full((64, 8, 8, 3), 255.0)]).astype("float32")
    result = view(image=extreme)
    assert result.min() >= 0 and result.max() <= 255


def test_blur_against_scipy():
    from scipy.ndimage import gaussian_filter

    sigma = np.array([0.5, 1.0, 1.5], "float32")
    result = photometric._blur(tf.constant(IMAGE[:3]), tf.constant(sigma)).numpy()
    for image, blurred, s in zip(IMAGE[:3], result, sigma):
        expected = gaussian_filter(image, (s, s, 0), mode="reflect", radius=(4, 4, 0))
        np.testing.assert_allclose(blurred, expected, rtol=1e-4)


def test_filter_against_scipy():
    from scipy.ndimage import correlate

    kernel = np.arange(9, dtype="float32").reshape(1, 3, 3) / 36
    result = photometric._filter3(tf.constant(IMAGE[:1]), tf.constant(kernel)).numpy()[0]
    for channel in range(3):
        expected = correlate(IMAGE[0, ..., channel], kernel[0], mode="reflect")
        np.testing.assert_allclose(result[..., channel], expected, rtol=1e-4)


def test_every_change_occurs_and_does_what_its_name_says():
    flat = np.full((700, 8, 8, 1), 100.0, "float32")
    result = view(image=flat)
    deviation = result.std(axis=(1, 2, 3))
    mean = result.mean(axis=(1, 2, 3))
    noisy = (deviation > 1.5) & (deviation < 4)  # sigma 2.55
    shifted = deviation > 4  # uniform in +-10: 5.8
    # Of a flat image sharpen, emboss (its kernel sums to 1) and blur change nothing; gain and contrast move the mean.
    still = (deviation < 1e-3) & (np.abs(mean - 100) < 1e-3)
    moved = (deviation < 1e-3) & ~still
    assert mean[moved].min() >= 80 - 1e-3 and mean[moved].max() <= 120 + 1e-3
    shares = [np.mean(kind) for kind in (noisy, shifted, still, moved)]
    np.testing.assert_allclose(shares, [1 / 7, 1 / 7, 3 / 7, 2 / 7], atol=0.06)
