"""A network that sees images smaller: its answer is that of the plain network for the smaller image, enlarged."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.export.fold import folded_for_inference
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.models import HED, ResidualUNet


def pair(times, make=lambda **settings: ResidualUNet(widths=(4, 8), encoding="none", **settings)):
    keras.utils.set_random_seed(0)
    plain, smaller = make(), make(times_smaller=times)
    for network in (plain, smaller):
        network.build((None, None, None, 3))
    smaller.set_weights(plain.get_weights())
    return plain, smaller


@pytest.mark.parametrize(
    "make", [lambda **settings: ResidualUNet(widths=(4, 8), **settings), lambda **settings: HED((4,) * 5, **settings)]
)
def test_the_answer_is_that_of_the_smaller_image_enlarged(make):
    plain, smaller = pair(3, make)
    blocks = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3)).astype(np.float32)
    image = blocks.repeat(3, 1).repeat(3, 2)
    expected = tf.image.resize(plain(blocks), (96, 144), "bilinear")
    np.testing.assert_allclose(smaller(image), expected, rtol=1e-4, atol=1e-4)


def test_any_size_comes_back_and_the_file_remembers(tmp_path):
    _, smaller = pair(4)
    assert smaller.grid_px == 8
    smaller.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    for height, width in ((1, 1), (37, 50), (64, 64)):
        image = np.random.default_rng(1).uniform(0, 255, (2, height, width, 3)).astype(np.float32)
        answer = smaller(image)
        assert answer.shape == (2, height, width, 1)
        np.testing.assert_allclose(again(image), answer, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(folded_for_inference(smaller, 3)(image), answer, rtol=1e-4, atol=1e-4)


def test_tiles_see_the_blocks_that_the_whole_image_has():
    _, smaller = pair(4)
    image = np.random.default_rng(2).integers(0, 256, (301, 430, 3), np.uint8)
    whole = Predictor.from_network(smaller, 3, tile=448).probability(image)
    tiled = Predictor.from_network(smaller, 3, tile=192).probability(image)
    # The network of two levels reaches 18 of its pixels, 72 of the image's; blending weights sum to 1 to rounding.
    assert np.abs(whole - tiled).mean() < 1e-3
    assert np.median(np.abs(whole - tiled)) < 1e-6
