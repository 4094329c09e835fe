"""HED and FPHBN: the originals' numbers of parameters, side outputs and their fusion, boosting."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.errors import UserError
from semicurv_tf.models import FPHBN, HED

STAGES = (2, 2, 3, 3, 3)  # VGG-16's convolutions of 64, 128, 256, 512 and 512 channels
WIDTHS = (64, 128, 256, 512, 512)
TINY = (4, 4, 8, 8, 8)


def convolution(size, before, after):
    return size * size * before * after + after


def vgg16_parameters():
    total, before = 0, 3
    for count, width in zip(STAGES, WIDTHS):
        for _ in range(count):
            total += convolution(3, before, width)
            before = width
    return total


def parameters(network):
    network.build((None, None, None, 3))
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def random_weights(network, seed=0):
    network.build((None, None, None, 3))
    generator = np.random.default_rng(seed)
    for weight in network.weights:
        weight.assign(generator.normal(0, 0.3, weight.shape))
    return network


def image(height=32, width=48):
    return np.random.default_rng(1).uniform(0, 255, (2, height, width, 3)).astype("float32")


def test_hed_is_vgg16_with_a_1x1_convolution_a_stage_and_one_to_fuse_them():
    assert vgg16_parameters() == 14_714_688  # as published without the classifier
    assert parameters(HED()) == vgg16_parameters() + sum(width + 1 for width in WIDTHS) + 6 == 14_716_171


def test_fphbn_adds_one_3x3_convolution_a_stage():
    """The authors' network description: merged features of 96, 128, 256, 512 and 512 channels."""
    merged = (96, 128, 256, 512, 512)
    inputs = [count * width + deeper for count, width, deeper in zip(STAGES, WIDTHS, (*merged[1:], 0))]
    expected = (
        vgg16_parameters() + sum(convolution(3, before, after) + after + 1 for before, after in zip(inputs, merged)) + 6
    )
    assert inputs == [256, 512, 1280, 2048, 1536] and parameters(FPHBN()) == expected == 34_992_907


@pytest.mark.parametrize("kind", [HED, FPHBN])
def test_fused_output_is_the_weighted_sum_of_the_sides(kind):
    network = random_weights(kind(widths=TINY))
    outputs = network(image(37, 50), sides=True).numpy()
    assert outputs.shape == (2, 37, 50, 6)
    kernel, bias = (np.array(weight) for weight in network.fuse.weights)
    np.testing.assert_allclose(outputs[..., 0], outputs[..., 1:] @ kernel[0, 0, :, 0] + bias, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(network(image(37, 50)), outputs[..., :1])
    sides = outputs[..., 1:].reshape(-1, 5).T
    assert len({side.round(4).tobytes() for side in sides}) == 5


def test_deeper_sides_see_less_detail():
    """A side output of stage s is bilinear between points 2^(s-1) pixels apart: no second differences between them."""
    sides = random_weights(HED(widths=TINY))(image(32, 32), sides=True).numpy()[..., 1:]
    bend = np.abs(np.diff(sides, n=2, axis=2)).reshape(-1, 30, 5) / np.abs(sides).mean(axis=(0, 1, 2))
    flat = (bend < 1e-4).mean(axis=(0, 1))
    assert flat[0] < 0.2 and np.all(np.diff(flat[1:]) > 0)


def test_original_start_fused_is_the_mean_of_sides_that_are_zero():
    network = HED(widths=TINY)
    network.build((None, None, None, 3))
    np.testing.assert_array_equal(network(image(), sides=True), np.zeros((2, 32, 48, 6)))
    np.testing.assert_array_equal(np.array(network.fuse.kernel), np.full((1, 1, 5, 1), 0.2, "float32"))


def test_a_pyramid_carries_context_down():
    """In FPHBN, unlike HED, the first side output depends on the deepest convolutions."""
    for kind, changes in ((HED, False), (FPHBN, True)):
        network = random_weights(kind(widths=TINY))
        before = network(image(), sides=True).numpy()[..., 1]
        deepest = network.trunk.stages[4][2].kernel
        deepest.assign(deepest + 1.0)
        assert np.any(network(image(), sides=True).numpy()[..., 1] != before) == changes


def test_boosting_by_hand():
    probability = tf.constant([0.9, 0.2, 0.3, 0.4, 0.6], shape=(1, 1, 1, 5))
    weights = FPHBN(widths=TINY).side_weights(probability, tf.ones((1, 1, 1, 1)))
    # 1 + |p - 1| of the next deeper side output: 0.2, 0.3, 0.4, 0.6; the deepest counts 1.
    np.testing.assert_allclose(weights[0, 0, 0], [1.8, 1.7, 1.6, 1.4, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(
        HED(widths=TINY).side_weights(probability, tf.ones((1, 1, 1, 1))), np.ones((1, 1, 1, 5))
    )


def test_trunk_weights_of_a_file_answer_as_keras_own_network(tmp_path):
    """With the file's own preprocessing: pixels as BGR minus a mean."""
    keras.utils.set_random_seed(3)
    original = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
    original.save_weights(tmp_path / "vgg.weights.h5")
    network = HED(mean=[123.68, 116.779, 103.939], standard_deviation=[1.0, 1.0, 1.0])
    network.build((None, None, None, 3))
    network.load_trunk(str(tmp_path / "vgg.weights.h5"))
    expected = keras.Model(original.input, original.get_layer("block3_conv3").output)(
        keras.applications.vgg16.preprocess_input(image(16, 16).copy())
    )
    found = network.trunk(network.standardize(image(16, 16)))[2][-1]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * float(tf.reduce_max(expected)))
    with pytest.raises(UserError, match="fits the widths"):
        HED(widths=TINY).load_trunk(str(tmp_path / "vgg.weights.h5"))


def test_a_file_that_is_no_weights_file(tmp_path):
    network = HED()
    network.build((None, None, None, 3))
    with pytest.raises(UserError, match="no such file"):
        network.load_trunk(str(tmp_path / "absent.h5"))
    (tmp_path / "text.weights.h5").write_text("hello")
    with pytest.raises(UserError, match="does not fit keras.applications.VGG16"):
        network.load_trunk(str(tmp_path / "text.weights.h5"))
