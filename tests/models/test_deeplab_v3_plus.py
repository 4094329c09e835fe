"""DeepLab v3+: numbers of parameters, the atrous trunk against Keras' strided one, weights of a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.layers import ConvolutionUnit, FusedBatchNormalization
from semicurv_tf.models import DeepLabV3Plus
from semicurv_tf.models.atrous_trunk import TRUNKS

# Trainable, without classifier: of Keras' documentation less the moving statistics of their normalisations.
RESNET50, XCEPTION = 23_587_712 - 53_120, 20_861_480 - 54_528


def parameters(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def unit(size, before, after):
    """A convolution without bias and its normalisation's two numbers a channel."""
    return size * size * before * after + 2 * after


def separable(before, after):
    return 9 * before + 2 * before + unit(1, before, after)


def pyramid_and_decoder(low, high, three_by_three):
    pyramid = 2 * unit(1, high, 256) + 3 * three_by_three(high, 256) + unit(1, 5 * 256, 256)
    return pyramid + unit(1, low, 48) + three_by_three(256 + 48, 256) + three_by_three(256, 256) + 257


@pytest.fixture(scope="module")
def original():
    keras.utils.set_random_seed(0)
    return keras.applications.ResNet50(include_top=False, weights=None, input_shape=(None, None, 3))


@pytest.fixture(scope="module")
def network(original, tmp_path_factory):
    """With the weights of a file of Keras' own network."""
    file = tmp_path_factory.mktemp("weights") / "resnet.weights.h5"
    original.save_weights(file)
    network = DeepLabV3Plus(mean=[123.68, 116.779, 103.939], standard_deviation=[1.0, 1.0, 1.0])
    network.build((None, None, None, 3))
    network.load_trunk(str(file))
    file.unlink()
    return network


def test_parameters_with_resnet50(network):
    assert parameters(network) == RESNET50 + pyramid_and_decoder(256, 2048, lambda a, b: unit(3, a, b))


def test_xception_is_separable_and_one_sixteenth():
    network = DeepLabV3Plus(trunk="xception")
    network.build((None, None, None, 3))
    assert parameters(network) == XCEPTION + pyramid_and_decoder(256, 2048, separable)
    low, high = network.trunk(tf.zeros((1, 32, 48, 3)))
    assert low.shape == (1, 8, 12, 256) and high.shape == (1, 2, 3, 2048)
    with pytest.raises(ValueError, match="trunk='vgg'"):
        DeepLabV3Plus(trunk="vgg")


def test_atrous_trunk_holds_every_second_pixel_of_the_strided_one(network, original):
    """Dilation in place of a stride computes the same numbers, and others between them (Chen et al. 2017)."""
    image = np.random.default_rng(0).uniform(0, 255, (1, 64, 96, 3)).astype("float32")
    low, high = network.trunk(network.standardize(image), training=False)
    expected = original(keras.applications.resnet50.preprocess_input(image.copy()), training=False)
    assert low.shape == (1, 16, 24, 256) and high.shape == (1, 4, 6, 2048)
    np.testing.assert_allclose(high[:, ::2, ::2], expected, rtol=1e-3, atol=1e-3 * float(tf.reduce_max(expected)))


def test_trunk_changes_only_what_its_table_says(network, original):
    trunk = TRUNKS["resnet50"]
    for theirs in (layer for layer in original.layers if isinstance(layer, keras.layers.Conv2D)):
        ours = network.trunk.get_layer(theirs.name)
        assert ours.strides == ((1, 1) if theirs.name in trunk.unstrided else theirs.strides)
        assert ours.dilation_rate == ((2, 2) if theirs.name in trunk.dilated else (1, 1))
    # This project's normalisation, which is synchronised over replicas.
    normalisations = [layer for layer in network.trunk.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalisations) == 53 and all(type(layer) is FusedBatchNormalization for layer in normalisations)


def test_separable_unit_is_depthwise_then_pointwise():
    layer = ConvolutionUnit(3, 3, 2, separable=True)
    layer.build((None, None, None, 2))
    generator = np.random.default_rng(0)
    for weight in layer.trainable_variables:
        weight.assign(generator.uniform(0.5, 1.0, weight.shape))
    features = generator.normal(size=(1, 9, 9, 2)).astype("float32")
    depth, gamma_depth, beta_depth, point, gamma, beta = (
        np.array(weight.value) for weight in layer.trainable_variables
    )
    taps = sum(depth[i, j, :, 0] * features[0, 2 + 2 * i, 2 + 2 * j] for i in range(3) for j in range(3))
    inner = np.maximum(taps / np.sqrt(1 + 1e-3) * gamma_depth + beta_depth, 0)
    expected = np.maximum(inner @ point[0, 0] / np.sqrt(1 + 1e-3) * gamma + beta, 0)
    np.testing.assert_allclose(layer(features, training=False)[0, 4, 4], expected, rtol=1e-5)
