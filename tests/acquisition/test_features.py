import keras
import numpy as np

from semicurv_tf.acquisition.features import pooled_features
from semicurv_tf.config import load_config
from semicurv_tf.models import build_network


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
