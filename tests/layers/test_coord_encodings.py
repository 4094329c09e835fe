"""The learned and the rotary encoding: formulas, any size, and what they are known for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import choices
from semicurv_tf.config.model import ENCODINGS_WITH_PERIOD
from semicurv_tf.layers import CoordEncoding
from semicurv_tf.layers.coord_encoding import ENCODINGS, learned_maps, rotary_maps, rotated


def features(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_learned_table_is_read_by_linear_interpolation():
    table = features(9, 2)
    maps = learned_maps(5, 12, tf.constant(table)).numpy()[0]
    x = np.interp(np.linspace(0, 8, 12), np.arange(9), table[:, 0])
    y = np.interp(np.linspace(0, 8, 5), np.arange(9), table[:, 1])
    np.testing.assert_allclose(maps[..., 0], np.tile(x, (5, 1)), atol=1e-6)
    np.testing.assert_allclose(maps[..., 1], np.tile(y[:, None], (1, 12)), atol=1e-6)


def test_learned_table_gets_a_gradient_and_is_saved():
    layer = CoordEncoding("learned")
    layer.build((None, None, None, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(features(2, 6, 7, 3))[..., 3:])
    gradient = tape.gradient(loss, layer.table.value)
    np.testing.assert_allclose(
        tf.reduce_sum(gradient), 2 * 2 * 6 * 7, rtol=1e-5
    )  # each pixel reads weights that add up to 1
    again = CoordEncoding.from_config(layer.get_config())
    again.build((None, None, None, 3))
    assert [weight.shape for weight in again.weights] == [(128, 2)]


def test_rotary_by_hand():
    """Four channels: one pair along each side. K = 1: half a turn along the width of two, S_x = 0, 1."""
    image = np.array([[[[1.0, 10.0, 2.0, 20.0], [1.0, 10.0, 2.0, 20.0]]]], "float32")
    # Layout: (a_x, a_y, b_x, b_y). At x = 1 the pair (a_x, b_x) = (1, 2) is negated; along a side of one pixel nothing
    # turns.
    np.testing.assert_allclose(
        rotated(image, rotary_maps(1, 2, 4, 1.0))[0, 0], [[1, 10, 2, 20], [-1, 10, -2, 20]], atol=1e-6
    )


def test_rotary_is_complex_multiplication():
    image, maps = features(1, 5, 7, 10), rotary_maps(5, 7, 10, 4.0)
    speed = 4 * np.pi * 100.0 ** (-np.arange(2) / 2)
    x, y = np.arange(7) / 6, np.arange(5) / 4
    angle = np.concatenate(
        [np.tile(x[None, :, None] * speed, (5, 1, 1)), np.tile(y[:, None, None] * speed, (1, 7, 1))], axis=-1
    )
    turned = (image[..., :4] + 1j * image[..., 4:8]) * np.exp(1j * angle)
    np.testing.assert_allclose(
        rotated(image, maps), np.concatenate([turned.real, turned.imag, image[..., 8:]], axis=-1), atol=1e-4
    )


def test_rotary_inner_products_depend_on_the_distance_alone():
    """What the encoding is named for (Su et al. 2021, Eq. 11): <R(p) a, R(q) b> is a function of p - q."""
    one, other = np.tile(features(1, 1, 1, 8), (1, 9, 9, 1)), np.tile(features(1, 1, 1, 16)[..., 8:], (1, 9, 9, 1))
    maps = rotary_maps(9, 9, 8, 3.0)
    a, b = rotated(one, maps).numpy()[0], rotated(other, maps).numpy()[0]
    products = [float(a[y, x] @ b[y + 2, x + 3]) for y, x in ((0, 0), (5, 1), (6, 5))]
    np.testing.assert_allclose(products, products[0], rtol=1e-4)
    assert abs(float(a[0, 0] @ b[4, 1]) - products[0]) > 1e-2
    np.testing.assert_allclose(np.linalg.norm(a, axis=-1), np.linalg.norm(one[0], axis=-1), rtol=1e-5)


@pytest.mark.parametrize("encoding, added", [("learned", 2), ("rotary", 0)])
def test_any_size_in_one_graph_and_channels_added(encoding, added):
    layer = CoordEncoding(encoding)
    layer.build((None, None, None, 9))
    assert layer.compute_output_shape((1, 2, 3, 9)) == (1, 2, 3, 9 + added)
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 9])])
    for size in ((4, 6), (9, 5), (1, 1)):
        image = features(2, *size, 9)
        assert graph(image).shape == (2, *size, 9 + added)
        np.testing.assert_allclose(graph(image), layer(image), atol=1e-5)


def test_an_images_colours_are_not_turned_into_each_other():
    image = features(1, 4, 4, 3)
    np.testing.assert_array_equal(CoordEncoding("rotary")(image), image)


@pytest.mark.parametrize("encoding", ["learned", "rotary"])
def test_bfloat16_is_kept(encoding):
    layer = CoordEncoding(encoding, dtype="mixed_bfloat16")
    output = layer(keras.ops.cast(features(1, 4, 4, 8), "bfloat16"))
    assert output.dtype == tf.bfloat16 and all(weight.dtype == "float32" for weight in layer.weights)


def test_the_configuration_knows_the_encodings_that_there_are():
    assert set(choices("model", "encoding")) == set(ENCODINGS)
    assert {name for name, rule in ENCODINGS.items() if rule.uses_period} == set(ENCODINGS_WITH_PERIOD)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_comes_back_from_its_configuration_with_the_weights_of_earlier_versions(encoding):
    layer = CoordEncoding(encoding, 3.0, name="encode")
    again = CoordEncoding.from_config(layer.get_config())
    image = features(1, 5, 6, 8)
    layer(image), again(image)
    assert (again.encoding, again.period) == (encoding, 3.0)
    assert [weight.path for weight in again.weights] == (["encode/table"] if encoding == "learned" else [])
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(image), layer(image))
    # The period changes what the registry says that it changes.
    other = CoordEncoding(encoding, 5.0)
    other(image)
    other.set_weights(layer.get_weights())
    assert np.array_equal(other(image), layer(image)) != ENCODINGS[encoding].uses_period
