import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.export.fold import folded_arrays, folded_for_inference
from semicurv_tf.export.from_run import export_network
from semicurv_tf.export.load import load_signature

from .conftest import random_network


def test_folded_arrays_by_hand():
    # One channel: g 3, o 1, m 2, v 0.24, epsilon 0.01 -> s = 3 / 0.5 = 6; k 2 -> 12; b 5 -> 6 (5 - 2) + 1 = 19.
    kernel, scale, bias = folded_arrays(np.full((1, 1, 1, 1), 2.0), np.array([5.0]), [3.0], [1.0], [2.0], [0.24], 0.01)
    assert kernel.item() == pytest.approx(12) and scale.item() == pytest.approx(6) and bias.item() == pytest.approx(19)


@pytest.mark.parametrize("channels", [1, 3])
def test_answers_stay(channels):
    network = random_network(channels)
    before = [weight.numpy() for weight in network.weights]
    folded = folded_for_inference(network, channels)
    for size in ((32, 32), (37, 50), (5, 3)):
        image = np.random.default_rng(1).uniform(0, 255, (2, *size, channels)).astype(np.float32)
        np.testing.assert_allclose(tf.sigmoid(folded(image)), tf.sigmoid(network(image)), atol=1e-5)
    for old, weight in zip(before, network.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())


def test_no_normalisation_reads_a_variable_any_more():
    network = random_network(3)
    folded = folded_for_inference(network, 3)
    graph = lambda model: tf.function(lambda image: model(image, training=False)).get_concrete_function(
        tf.TensorSpec((None, None, None, 3), tf.float32)
    )
    # 5 blocks of 3 normalisations with 4 variables each.
    assert len(graph(network).captured_inputs) - len(graph(folded).captured_inputs) == 60


@pytest.mark.parametrize("encoding", ["sinusoid", "rotary"])
def test_fixed_size_has_constant_maps(encoding):
    folded = folded_for_inference(random_network(3, encoding=encoding), 3)
    graph = (
        tf.function(lambda image: folded(image, training=False))
        .get_concrete_function(tf.TensorSpec((None, 32, 32, 3), tf.float32))
        .graph
    )
    image = np.random.default_rng(1).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(folded(image), random_network(3, encoding=encoding)(image), rtol=1e-3, atol=1e-3)
    assert not {"Sin", "Cos", "Range"} & {operation.type for operation in graph.get_operations()}


def test_bfloat16_stays_close_and_answers_in_float32():
    network = random_network(3)
    image = np.random.default_rng(1).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    logits = folded_for_inference(network, 3, "mixed_bfloat16")(image)
    assert logits.dtype == tf.float32
    difference = np.abs(logits - network(image)).max()
    assert 0 < difference < 0.1 * np.abs(network(image)).max()


@keras.saving.register_keras_serializable("semicurv_tf_tests")
class _NoBias(keras.Model):
    """Normalisation after a convolution without bias; `twice` also uses the convolution's output itself."""

    def __init__(self, twice=False, **kwargs):
        super().__init__(**kwargs)
        self.twice = twice
        self.convolution = keras.layers.Conv2D(1, 3, padding="same", use_bias=False)
        self.normalisation = keras.layers.BatchNormalization()

    def build(self, shape):
        self.convolution.build(shape)
        self.normalisation.build((*shape[:3], 1))
        self.built = True

    def call(self, image, training=None):
        features = self.convolution(image)
        normalised = self.normalisation(features, training=training)
        return normalised + features if self.twice else normalised

    def get_config(self):
        return {**super().get_config(), "twice": self.twice}


def _no_bias(twice):
    network = _NoBias(twice, name="no_bias")  # a SavedModel takes no name that begins with an underscore
    network.build((None, None, None, 1))
    for weight, value in zip(network.normalisation.weights, (2.0, 0.5, 3.0, 0.25), strict=True):
        weight.assign([value])
    return network


def test_a_convolution_without_bias():
    network = _no_bias(False)
    image = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(folded_for_inference(network, 1)(image), network(image), rtol=1e-4, atol=1e-4)


def test_refuses_where_folding_would_change_the_answer():
    with pytest.raises(ValueError, match="used beside its batch normalisation"):
        folded_for_inference(_no_bias(True), 1)


def test_a_network_that_cannot_be_folded_is_exported_as_it_is_and_says_so(tmp_path):
    network = _no_bias(True)
    card = {"threshold": 0.5, "size": None, "max_pixels": 10_000, "max_batch": 1, "precision": "float32", "channels": 1}
    exported = export_network(network, tmp_path / "model", card)
    assert any("served as it is" in note and "beside its batch normalisation" in note for note in exported.notes)
    signature, _ = load_signature(exported.version)
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1), np.uint8)
    expected = tf.sigmoid(network(image.astype(np.float32), training=False))
    np.testing.assert_allclose(signature(image=tf.constant(image))["probability"], expected, atol=1e-5)
