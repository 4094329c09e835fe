"""What every network promises, whatever is inside: sizes, precision, files, learning, and its way to a SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import choices, load_config
from semicurv_tf.export.from_run import export_network
from semicurv_tf.export.load import load_signature
from semicurv_tf.models import atrous_trunk, build_network

SMALL = {
    "residual_unet": {"widths": [4, 8, 8]},
    "unet": {"widths": [4, 8, 8]},
    "hed": {"widths": [4, 4, 8, 8, 8]},
    "fphbn": {"widths": [4, 4, 8, 8, 8]},
    "deeplab_v3_plus": {},
}


@pytest.fixture(scope="module", autouse=True)
def small_trunk():
    """DeepLab v3+ on a trunk of four convolutions: ResNet-50 is tested in test_deeplab_v3_plus.py."""

    def application(include_top, weights, input_shape):
        image = keras.Input(input_shape)
        features = image
        for name, width in (("one", 4), ("low", 4), ("three", 8), ("four", 8)):
            features = keras.layers.Conv2D(width, 3, 2, padding="same", name=name)(features)
            features = keras.layers.ReLU()(keras.layers.BatchNormalization(name=f"{name}_norm")(features))
        last = keras.layers.Conv2D(16, 3, 2, padding="same", name="last")(features)
        return keras.Model(image, keras.layers.Conv2D(16, 3, padding="same", name="dilated")(last))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.applications, "Small", application, raising=False)
        patch.setitem(atrous_trunk.TRUNKS, "resnet50", atrous_trunk.Trunk("Small", "low_norm", ("last",), ("dilated",)))
        yield


def small(name, channels=3, dtype="float32"):
    settings = {f"model.{key}": value for key, value in SMALL[name].items()}
    config = load_config(None, {"model.name": name, **settings}).model
    return build_network(config, channels, [120.0] * channels, [60.0] * channels, dtype)


def image(height, width, batch=2, channels=3):
    return np.random.default_rng(1).uniform(0, 255, (batch, height, width, channels)).astype("float32")


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


def test_same_seed_gives_the_same_weights_and_bfloat16_is_close(name, network):
    narrow = small(name, dtype="mixed_bfloat16")
    assert all(variable.dtype == "float32" for variable in narrow.variables)
    for one, another in zip(narrow.weights, network.weights, strict=True):
        np.testing.assert_array_equal(np.array(one.value), np.array(another.value))
    logits = narrow(image(32, 32), training=False)
    assert logits.dtype == tf.float32
    assert np.abs(tf.sigmoid(logits) - tf.sigmoid(network(image(32, 32), training=False))).max() < 0.1


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
        optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
        return loss

    losses = [float(step()) for _ in range(15)]
    assert losses[-1] < 0.7 * losses[0], losses


def test_exported_and_saved_networks_answer_alike(name, network, tmp_path):
    card = {"threshold": 0.5, "size": None, "max_pixels": 10_000, "max_batch": 1, "precision": "float32", "channels": 3}
    version = export_network(network, tmp_path / "model", card).version
    signature, _ = load_signature(version)
    for size in ((21, 34), (1, 1)):
        pixels = image(*size).astype("uint8")
        expected = tf.sigmoid(network(pixels.astype("float32"), training=False))
        np.testing.assert_allclose(signature(image=tf.constant(pixels))["probability"], expected, atol=1e-4)
    again = keras.saving.load_model(version / "assets.extra" / "model.keras", compile=False)
    assert type(again) is type(network) and again.get_config() == network.get_config()
    np.testing.assert_allclose(again(image(16, 16)), network(image(16, 16)), atol=1e-5)
