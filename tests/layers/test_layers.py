"""Layers against formulas and against Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.layers import BilinearUpsampling, CoordEncoding, FusedBatchNormalization, Standardization
from semicurv_tf.layers.coord_encoding import linear_maps, sinusoid_maps


def features(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


class TestCoordEncoding:
    @pytest.mark.parametrize("height, width", [(5, 9), (16, 16), (1, 3)])
    def test_sinusoid_is_equation_9(self, height, width):
        maps = sinusoid_maps(height, width, 4.0).numpy()[0]
        for y in range(height):
            for x in range(width):
                expected_x = np.sin(4 * np.pi * x / (width - 1))
                expected_y = np.cos(4 * np.pi * (y / (height - 1) if height > 1 else 0))
                np.testing.assert_allclose(maps[y, x], [expected_x, expected_y], atol=2e-6)

    def test_linear_by_hand(self):
        maps = linear_maps(3, 5).numpy()[0]
        np.testing.assert_allclose(maps[0, :, 0], [0, 0.25, 0.5, 0.75, 1])
        np.testing.assert_allclose(maps[:, 0, 1], [0, 0.5, 1])

    def test_appends_two_channels_and_none_appends_nothing(self):
        image = features((2, 6, 7, 3))
        encoded = CoordEncoding("sinusoid")(image).numpy()
        assert encoded.shape == (2, 6, 7, 5)
        np.testing.assert_array_equal(encoded[..., :3], image)
        np.testing.assert_array_equal(encoded[0, ..., 3:], encoded[1, ..., 3:])
        np.testing.assert_array_equal(CoordEncoding("none")(image), image)

    def test_dynamic_size_in_a_graph(self):
        layer = CoordEncoding("linear")
        graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 3])])
        for size in ((4, 6), (9, 5)):
            image = features((1, *size, 3))
            np.testing.assert_allclose(graph(image), layer(image), atol=1e-6)

    def test_round_trip_and_faults(self):
        layer = CoordEncoding.from_config(CoordEncoding("sinusoid", 8).get_config())
        assert (layer.encoding, layer.period) == ("sinusoid", 8.0)
        with pytest.raises(ValueError, match="encoding='spiral'"):
            CoordEncoding("spiral")
        with pytest.raises(ValueError, match="period=0"):
            CoordEncoding(period=0)


class TestFusedBatchNormalization:
    def test_training_equals_keras_in_value_gradient_and_statistics(self):
        data, upstream = features((4, 6, 5, 3)) * 3 + 1, features((4, 6, 5, 3), seed=1)
        results = []
        for kind in (FusedBatchNormalization, keras.layers.BatchNormalization):
            layer = kind(momentum=0.7)
            layer.build(data.shape)
            layer.gamma.assign([0.5, 1.0, 2.0])
            layer.beta.assign([0.1, 0.0, -0.1])
            image = tf.Variable(data)
            with tf.GradientTape() as tape:
                output = layer(image, training=True)
            gradients = tape.gradient(output, [image, layer.gamma.value, layer.beta.value], upstream)
            results.append([output, *gradients, layer.moving_mean.value, layer.moving_variance.value])
        for ours, theirs in zip(*results):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)

    def test_inference_uses_the_moving_statistics(self):
        layer = FusedBatchNormalization(epsilon=0.0)
        layer.build((1, 2, 2, 1))
        layer.moving_mean.assign([3.0])
        layer.moving_variance.assign([4.0])
        np.testing.assert_allclose(layer(np.full((1, 2, 2, 1), 7.0, "float32"), training=False), 2.0)

    def test_bfloat16_features_keep_float32_statistics(self):
        layer = FusedBatchNormalization(momentum=0.0, dtype="mixed_bfloat16")
        data = features((8, 16, 16, 4)) * 5 + 2
        output = layer(tf.cast(data, tf.bfloat16), training=True)
        assert output.dtype == tf.bfloat16 and layer.moving_mean.dtype == "float32"
        np.testing.assert_allclose(layer.moving_mean, data.mean(axis=(0, 1, 2)), atol=0.02)
        np.testing.assert_allclose(layer.moving_variance, data.var(axis=(0, 1, 2)), rtol=0.01)


class TestBilinearUpsampling:
    def test_by_hand(self):
        row = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)
        np.testing.assert_allclose(BilinearUpsampling()(row)[0, 0, :, 0], [0, 1, 3, 4])

    def test_against_scipy_inside(self):
        from scipy.ndimage import map_coordinates

        image = features((1, 6, 7, 1))
        y, x = np.mgrid[:12, :14]
        expected = map_coordinates(image[0, ..., 0], [(y - 0.5) / 2, (x - 0.5) / 2], order=1, mode="nearest")
        np.testing.assert_allclose(BilinearUpsampling()(image)[0, ..., 0], expected, atol=1e-5)

    def test_dynamic_size_and_bfloat16(self):
        layer = BilinearUpsampling(dtype="bfloat16")
        graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 2], tf.bfloat16)])
        output = graph(tf.ones([1, 3, 5, 2], tf.bfloat16))
        assert output.shape == (1, 6, 10, 2) and output.dtype == tf.bfloat16


class TestStandardization:
    def test_by_hand_and_float32_under_bfloat16(self):
        layer = Standardization([10.0, 20.0], [2.0, 4.0])
        output = layer(np.array([[[[12.0, 12.0]]]], "float32"))
        np.testing.assert_array_equal(output, [[[[1.0, -2.0]]]])
        assert output.dtype == tf.float32

    def test_zero_deviation_is_refused(self):
        with pytest.raises(ValueError, match=r"standard_deviation=\[0.0\]"):
            Standardization([1.0], [0.0])
