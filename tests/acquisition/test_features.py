import keras
import numpy as np

from semicurv_tf.acquisition.features import pooled_features
from semicurv_tf.config import load_config
from semicurv_tf.models import build_network
from semicurv_tf.pictures.rgb import reduced


def network_of(name):
    config = load_config(settings={"model.name": name, "model.widths": [4, 8, 16]}).model
    return build_network(config, 3, (100.0,), (50.0,))


def test_features_are_the_mean_of_the_bottleneck():
    network = network_of("residual_unet")
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    features = pooled_features(network, 3)(image)
    x = network.standardize(image[None].astype("float32"))
    for block in network.encoder:
        x = network.pool(block(network.encode(x), training=False))
    expected = keras.ops.convert_to_numpy(network.bottleneck(x, training=False)).mean(axis=(0, 1, 2))
    np.testing.assert_allclose(features, expected / np.linalg.norm(expected), atol=1e-5)


def test_the_network_is_as_before():
    network = network_of("unet")
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype("float32")
    before = network(image, training=False)
    features = pooled_features(network, 3)
    assert features(image[0].astype(np.uint8)).shape == (16,)
    np.testing.assert_array_equal(before, network(image, training=False))
    assert not any("call" in vars(layer) for layer in network.layers)


def test_large_and_odd_images():
    features = pooled_features(network_of("residual_unet"), 3)
    image = np.random.default_rng(0).integers(0, 256, (20, 1100, 3), np.uint8)
    assert np.isclose(np.linalg.norm(features(image)), 1, atol=1e-5)
    assert np.isclose(np.linalg.norm(features(image[:, :17])), 1, atol=1e-5)


def test_large_images_of_any_number_of_bands():
    config = load_config(settings={"model.name": "residual_unet", "model.widths": [4, 8]}).model
    for bands in (2, 4, 5):
        features = pooled_features(build_network(config, bands, (100.0,) * bands, (50.0,) * bands), bands)
        image = np.random.default_rng(0).integers(0, 256, (48, 1100, bands), np.uint8)
        assert np.isclose(np.linalg.norm(features(image)), 1, atol=1e-5)


def test_reduced_bands_are_each_its_own_mean():
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 5), np.uint8)
    means = image.reshape(32, 2, 48, 2, 5).mean(axis=(1, 3))
    assert abs(reduced(image, 48) - means).max() <= 1  # rounded once per axis
