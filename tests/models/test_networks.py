"""What every network promises, whatever is inside: sizes, precision, files, learning, and its way to a SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import choices, load_config
from semicurv_tf.export.from_run import export_network
from semicurv_tf.export.load import load_signature
from semicurv_tf.models import build_network

SMALL = {
    "residual_unet": {"widths": [4, 8, 8]},
    "unet": {"widths": [4, 8, 8]},
}


def small(name, channels=3, dtype="float32", **settings):
    values = {f"model.{key}": value for key, value in {**SMALL[name], **settings}.items()}
    return build_network(load_config(None, {"model.name": name, **values}).model, channels, [120.0] * channels, [60.0] * channels, dtype)


def image(height, width, batch=2, channels=3):
    return np.random.default_rng(1).uniform(0, 255, (batch, height, width, channels)).astype("float32")


def parameters(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


@pytest.fixture(scope="module", params=SMALL)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    return small(name)


def test_every_network_of_the_configuration_is_tested():
    assert set(SMALL) == set(choices("model", "name"))


@pytest.mark.parametrize("height, width", [(37, 50), (1, 1), (16, 48)])
def test_any_size_gives_float32_logits_of_that_size(network, height, width):
    logits = network(image(height, width))
    assert logits.shape == (2, height, width, 1) and logits.dtype == tf.float32
    assert np.all(np.isfinite(logits))


def test_grey_images(name):
    assert small(name, channels=1)(image(20, 17, channels=1)).shape == (2, 20, 17, 1)


def test_saved_file_gives_the_same_logits(network, tmp_path):
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    np.testing.assert_array_equal(again(image(24, 20)), network(image(24, 20)))


def test_same_seed_gives_the_same_weights(name, network):
    for one, another in zip(small(name).weights, network.weights, strict=True):
        assert one.shape == another.shape
    assert parameters(small(name)) == parameters(network)


def test_bfloat16_is_close_and_keeps_float32_weights(name):
    wide, narrow = small(name), small(name, dtype="mixed_bfloat16")
    narrow.set_weights(wide.get_weights())
    assert all(variable.dtype == "float32" for variable in narrow.variables)
    probability = lambda network: tf.sigmoid(network(image(32, 32), training=True)).numpy()
    assert np.abs(probability(wide) - probability(narrow)).max() < 0.15


def test_a_few_steps_lower_the_loss(name):
    network = small(name)
    mask = np.zeros((2, 32, 32, 1), "float32")
    mask[0, 8:11], mask[1, :, 20:23] = 1, 1
    pixels = tf.constant(90 + 100 * mask + np.random.default_rng(0).normal(0, 10, (2, 32, 32, 3)), tf.float32)
    optimizer = keras.optimizers.Adam(0.003)
    optimizer.build(network.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            logits = network(pixels, training=True)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(mask, logits))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return loss

    first = float(step())
    for _ in range(14):
        last = float(step())
    assert last < 0.7 * first


def test_export_answers_as_the_network_does(name, network, tmp_path):
    card = {"threshold": 0.5, "size": None, "max_pixels": 10_000, "max_batch": 1, "precision": "float32", "channels": 3}
    version = export_network(network, tmp_path / "model", card).version
    signature, _ = load_signature(version)
    for size in ((32, 32), (21, 34)):
        pixels = image(*size).astype("uint8")
        expected = tf.sigmoid(network(pixels.astype("float32"), training=False))
        np.testing.assert_allclose(signature(image=tf.constant(pixels))["probability"], expected, atol=1e-4)
    again = keras.saving.load_model(version / "assets.extra" / "model.keras", compile=False)
    np.testing.assert_allclose(again(image(16, 16)), network(image(16, 16)), atol=1e-5)
