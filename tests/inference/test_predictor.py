import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.models import ResidualUNet


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    network = ResidualUNet(widths=(4, 8, 8))
    network.build((None, None, None, 3))
    return network


def test_equals_the_network_at_any_size_with_one_trace(network):
    predictor = Predictor.from_network(network, 3)
    generator = np.random.default_rng(0)
    for height, width in ((32, 32), (33, 50), (17, 90), (1, 1)):
        image = generator.integers(0, 256, (height, width, 3), np.uint8)
        expected = 1 / (1 + np.exp(-network(tf.constant(image[None], tf.float32)).numpy()[0, ..., 0]))
        np.testing.assert_allclose(predictor.probability(image), expected, atol=1e-6)


def test_large_images_are_tiled(network):
    sizes = []

    def predict(image):
        sizes.append(image.shape[1:3])
        return np.zeros((*image.shape[:3], 1), np.float32)

    Predictor(predict, 3, whole_pixels=1000, tile=None).probability(np.zeros((30, 33, 3), np.uint8))
    assert sizes == [(30, 33)]
    sizes.clear()
    Predictor(predict, 3, tile=32).probability(np.zeros((40, 33, 3), np.uint8))
    assert sizes == [(32, 32)] * 4


def test_threshold_is_exclusive():
    predictor = Predictor(None, 1, threshold=0.25)
    assert predictor.mask(np.float32([[0.25, 0.26, 0.0]])).tolist() == [[0, 255, 0]]


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)],
)
def test_wrong_arrays(image):
    with pytest.raises(ValueError, match="Expected a uint8 image"):
        Predictor(None, 3).probability(image)


def test_d4_is_the_mean_over_turned_images_each_turned_back(network):
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    plain = Predictor.from_network(network, 3)
    expected = np.mean(
        [
            np.flip(
                np.rot90(
                    plain.probability(np.ascontiguousarray(np.rot90(np.flip(image, 1) if flip else image, turns))),
                    -turns,
                ),
                1,
            )
            if flip
            else np.rot90(plain.probability(np.ascontiguousarray(np.rot90(image, turns))), -turns)
            for turns in range(4)
            for flip in (False, True)
        ],
        axis=0,
    )
    averaged = Predictor.from_network(network, 3, tta="d4")
    np.testing.assert_allclose(averaged.probability(image), expected, atol=1e-6)
    assert np.abs(expected - plain.probability(image)).max() > 1e-3
    # A turned image gets the turned answer, to rounding.
    turned = averaged.probability(np.ascontiguousarray(np.rot90(image)))
    np.testing.assert_allclose(np.rot90(turned, -1), expected, atol=1e-6)


def test_d4_averages_within_tiles(network):
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    tiled = Predictor.from_network(network, 3, tta="d4", tile=48).probability(image)
    alone = Predictor.from_network(network, 3, tta="d4").probability(image[:48, :48])
    np.testing.assert_allclose(tiled[:16, :16], alone[:16, :16], atol=1e-6)  # the next tiles begin at 16


@pytest.mark.parametrize("settings", [{"threshold": 1.0}, {"tile": 8}, {"tta": "d8"}])
def test_wrong_settings(settings):
    with pytest.raises(ValueError, match="Expected"):
        Predictor(None, 3, **settings)
