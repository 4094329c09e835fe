"""Makes a network ready for inference: batch normalisation folded, coordinate maps as constants.

For a convolution `k * x + b` followed by batch normalisation with moving mean m, moving variance v,
scale g and offset o: `s = g / sqrt(v + epsilon)`, kernel `s k`, bias `s (b - m) + o`, and the
normalisation disappears. The same numbers to rounding, with fewer nodes and less memory traffic.
"""

import keras
import numpy as np
import tensorflow as tf

from semicurv_tf.layers.coord_encoding import CoordEncoding

TOLERANCE = 1e-4  # of logits, relative to the largest: what rounding in float32 leaves by far under


class CannotFold(ValueError):
    """Folding would change a network's answers; it can be exported as it is."""


def folded_for_inference(network: keras.Model, channels: int, dtype: str = "float32") -> keras.Model:
    """A copy of a network made for inference; the network itself is untouched.

    Which normalisation follows which convolution is found by watching one call, so that every model
    built of Keras layers is served, whatever its topology. A normalisation that does not directly
    follow a convolution stays as it is.

    Args:
        network: from raw float32 images to logits, with `get_config` and `from_config`.
        channels: of its images.
        dtype: "float32", or "mixed_bfloat16" for bfloat16 features; weights stay float32.

    Raises:
        CannotFold: the copy answers otherwise than the network (a convolution whose output is used
            beside its normalisation).
    """
    copy = copy_network(network, channels)
    probe = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, 32, 48, channels)).astype("float32"))
    expected = copy(probe, training=False)
    for convolution, normalisation in _pairs(copy, probe):
        _fold(convolution, normalisation)
    found = copy(probe, training=False)
    error = float(tf.reduce_max(tf.abs(found - expected)) / (1.0 + tf.reduce_max(tf.abs(expected))))
    if not error <= TOLERANCE:
        raise CannotFold(
            f"Expected folding to change logits by at most {TOLERANCE:g} of the largest. Received: {error:.2g}. "
            "A convolution's output is probably used beside its batch normalisation."
        )
    if dtype != "float32":
        copy = _in_precision(copy, network, channels, dtype)
    for layer in copy._flatten_layers():
        if isinstance(layer, CoordEncoding) and layer.encodes:
            layer.call = _constant_encoding(layer)  # type: ignore[method-assign]  # of this layer of the copy alone
    return copy


def copy_network(network: keras.Model, channels: int, dtype: str = "float32") -> keras.Model:
    """A network of the same configuration and weights, its features in another precision if asked."""
    copy = type(network).from_config({**network.get_config(), "dtype": dtype})
    copy.build((None, None, None, channels))
    copy.set_weights(network.get_weights())
    return copy


def _pairs(network, probe):
    """(convolution, normalisation) where one directly feeds the other and is called once."""
    outputs, pairs, calls, watched = [], [], {}, []

    def watch_output(layer, call):
        def watching(*args, **kwargs):
            result = call(*args, **kwargs)
            outputs.append((layer, result))
            calls[id(layer)] = calls.get(id(layer), 0) + 1
            return result

        return watching

    def watch_input(layer, call):
        def watching(inputs, *args, **kwargs):
            pairs.extend((source, layer) for source, output in outputs if output is inputs)
            calls[id(layer)] = calls.get(id(layer), 0) + 1
            return call(inputs, *args, **kwargs)

        return watching

    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.Conv2D) and layer.activation is keras.activations.linear:
            watched.append((layer, watch_output(layer, layer.call)))
        elif isinstance(layer, keras.layers.BatchNormalization):
            watched.append((layer, watch_input(layer, layer.call)))
    try:
        for layer, call in watched:
            layer.call = call
        network(probe, training=False)
    finally:
        for layer, _ in watched:
            del layer.call
    return [(a, b) for a, b in pairs if calls[id(a)] == 1 and calls[id(b)] == 1]


def _fold(convolution, normalisation):
    kernel, _, offset = folded_arrays(
        convolution.kernel.numpy(),
        convolution.bias.numpy() if convolution.use_bias else 0.0,
        normalisation.gamma.numpy() if normalisation.scale else 1.0,
        normalisation.beta.numpy() if normalisation.center else 0.0,
        normalisation.moving_mean.numpy(),
        normalisation.moving_variance.numpy(),
        normalisation.epsilon,
    )
    convolution.kernel.assign(kernel)
    if convolution.use_bias:
        convolution.bias.assign(offset)
        normalisation.call = _pass_on
    else:
        constant = offset.astype("float32")

        def add_offset(inputs, training=None, mask=None):
            return tf.nn.bias_add(inputs, tf.cast(constant, inputs.dtype))

        normalisation.call = add_offset


def folded_arrays(kernel, bias, gamma, beta, mean, variance, epsilon):
    """Kernel, scale and bias of a convolution with its normalisation folded in, computed in float64.

    Args:
        kernel: `(height, width, in, out)`.
        bias, gamma, beta, mean, variance: `(out,)`, or a number.
        epsilon: of the normalisation.
    """
    scale = np.asarray(gamma, np.float64) / np.sqrt(np.asarray(variance, np.float64) + epsilon)
    return kernel * scale, scale, (np.asarray(bias, np.float64) - mean) * scale + beta


def _pass_on(inputs, training=None, mask=None):
    return inputs


def _in_precision(folded, network, channels, dtype):
    """The folded network with features of another precision: the same weights, the same layers skipped."""
    copy = copy_network(network, channels, dtype)
    for source, target in zip(folded._flatten_layers(), copy._flatten_layers(), strict=True):
        if "call" in vars(source):
            target.call = source.call
    copy.set_weights(folded.get_weights())
    return copy


def _constant_encoding(layer):
    """The layer's call with maps computed once, at tracing, where height and width are then known."""
    dynamic = layer.call

    def call(features):
        height, width = features.shape[1:3]
        if height is None or width is None:
            return dynamic(features)
        with tf.init_scope():
            maps = layer.maps(height, width, features.shape[-1]).numpy()
        return layer.apply_maps(features, tf.constant(maps, features.dtype))

    return call
