"""The residual UNet: its size, any image size, precision, and its way to a file and back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.segmentation_network import pad_by_reflection


def small(**settings):
    network = ResidualUNet(widths=(4, 8, 16), **settings)
    network.build((None, None, None, 3))
    return network


def image(height, width, batch=2, channels=3):
    return np.random.default_rng(1).uniform(0, 255, (batch, height, width, channels)).astype("float32")


# Without encoding, two input channels fewer for the 3x3 and the 1x1 convolution of each encoder block.
@pytest.mark.parametrize(
    "encoding, expected",
    [
        ("sinusoid", 8_301_857),
        ("linear", 8_301_857),
        ("learned", 8_301_857 + 128 * 2),  # one table of 128 places for both directions, shared by the levels
        ("none", 8_301_857 - 2 * 10 * (32 + 64 + 128 + 256)),
        ("rotary", 8_301_857 - 2 * 10 * (32 + 64 + 128 + 256)),
    ],
)
def test_number_of_trainable_parameters(encoding, expected):
    network = ResidualUNet(encoding=encoding)
    network.build((None, None, None, 3))
    assert sum(int(np.prod(variable.shape)) for variable in network.trainable_variables) == expected


@pytest.mark.parametrize("height, width", [(16, 16), (37, 50), (1, 1), (3, 40), (20, 17)])
def test_any_size_gives_logits_of_that_size(height, width):
    logits = small()(image(height, width))
    assert logits.shape == (2, height, width, 1) and logits.dtype == tf.float32
    assert np.all(np.isfinite(logits))


def test_one_graph_serves_any_size():
    network = small()
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def predict(images):
        traces.append(1)
        return network(images, training=False)

    for size in ((16, 16), (21, 34)):
        np.testing.assert_allclose(predict(image(*size)), network(image(*size)), atol=1e-4)
    assert len(traces) == 1


@pytest.mark.parametrize("length", [1, 2, 3, 5, 16, 17, 31])
def test_padding_is_numpys_reflection(length):
    pixels = np.arange(length, dtype="float32").reshape(1, length, 1, 1)
    padded, top, _ = pad_by_reflection(tf.constant(pixels), 16)
    extra = -length % 16
    expected = np.pad(pixels, ((0, 0), (extra // 2, extra - extra // 2), (0, 0), (0, 0)), "reflect")
    np.testing.assert_array_equal(padded[:, :, :1], expected)
    assert int(top) == extra // 2


def test_standardization_is_inside():
    """A network with other statistics gives the same logits for images scaled to match."""
    plain, scaled = small(mean=[0.0], standard_deviation=[1.0]), small(mean=[10.0], standard_deviation=[3.0])
    scaled.set_weights(plain.get_weights())
    np.testing.assert_allclose(scaled(image(16, 16) * 3 + 10), plain(image(16, 16)), rtol=1e-3, atol=1e-3)


def test_saved_file_gives_the_same_logits(tmp_path):
    network = small(encoding="linear", mean=[90.0, 100.0, 110.0], standard_deviation=[40.0, 50.0, 60.0])
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    np.testing.assert_array_equal(again(image(24, 20)), network(image(24, 20)))


def test_bfloat16_is_close_and_keeps_float32_weights():
    wide, narrow = small(), small(dtype="mixed_bfloat16")
    narrow.set_weights(wide.get_weights())
    assert all(variable.dtype == "float32" for variable in narrow.variables)
    probability = lambda network: tf.sigmoid(network(image(32, 32), training=True)).numpy()
    assert np.abs(probability(wide) - probability(narrow)).max() < 0.1


def test_gradient_reaches_every_variable():
    network = small()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(image(16, 16), training=True) ** 2)
    gradients = tape.gradient(loss, network.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    kernels = [g for g, v in zip(gradients, network.trainable_variables) if v.path.endswith("kernel")]
    assert all(float(tf.reduce_max(tf.abs(kernel))) > 0 for kernel in kernels)


@pytest.mark.parametrize("shape", [(8, 8, 3), (1, 1, 8, 8, 3), (1, 8, 8, 1), (1, 8, 8, 4), (0, 8, 8, 3), (1, 0, 8, 3)])
def test_other_images_than_it_was_built_for_are_refused(shape):
    network = small()
    assert network(np.zeros((1, 8, 8, 3), "float32")).shape == (1, 8, 8, 1)
    with pytest.raises(ValueError, match=r"Expected image \(batch, height, width, 3\) of at least one pixel. Received"):
        network(np.zeros(shape, "float32"))
