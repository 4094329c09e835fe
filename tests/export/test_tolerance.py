"""The tolerance of `export --check`: what folding leaves in trained networks is within, a fault is not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.export.check import TOLERANCE, logit_limit
from semicurv_tf.export.fold import folded_for_inference
from semicurv_tf.models import ResidualUNet

MODELS = {(4, 8): 8, (8, 16, 32): 8, (16, 32, 64, 128): 4}  # of each size: 20 in all
STEPS = 6


def fresh(widths, seed):
    keras.utils.set_random_seed(seed)
    network = ResidualUNet(widths=widths, encoding="none", mean=[120.0] * 3, standard_deviation=[40.0] * 3)
    network.build((None, None, None, 3))
    return network


def trained(widths):
    """The same network after a few large steps of Adam on a drawn line, from several seeds one after the other.

    Statistics and weights are as training leaves them. One graph of the step serves all seeds.

    Yields:
        The network, and an image for it.
    """
    network, optimizer = fresh(widths, 0), keras.optimizers.Adam(0.02)
    optimizer.build(network.trainable_weights)
    start = [variable.numpy() for variable in optimizer.variables]
    mask = np.zeros((2, 32, 32, 1), np.float32)
    mask[:, 10:13] = 1

    @tf.function
    def step(image):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(mask, network(image, training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, network.trainable_weights), network.trainable_weights))

    for seed in range(MODELS[widths]):
        network.set_weights(fresh(widths, seed).get_weights())
        for variable, value in zip(optimizer.variables, start):
            variable.assign(value)
        random = np.random.default_rng(seed)
        image = tf.constant((random.normal(150, 20, (2, 32, 32, 3)) - 90 * mask).astype(np.float32))
        for _ in range(STEPS):
            step(image)
        yield network, random.integers(0, 256, (1, 48, 64, 3)).astype(np.float32)


@pytest.mark.parametrize("widths", MODELS)
def test_trained_networks_are_within(widths):
    seen, answer = set(), None
    for network, image in trained(widths):
        answer = answer or tf.function(lambda image, network=network: network(image, training=False))
        logits = np.asarray(answer(image))
        served = np.asarray(folded_for_inference(network, 3)(image, training=False))
        assert np.abs(served - logits).max() <= logit_limit(logits, "float32")
        # One kernel that is off by a thousandth is beyond it.
        kernel = network.encoder[0].first.kernel
        kernel.assign(kernel * 1.001)
        assert np.abs(np.asarray(answer(image)) - logits).max() > logit_limit(logits, "float32")
        seen.add(logits.tobytes())
    assert len(seen) == MODELS[widths]  # so many different networks


def test_the_limit_grows_with_the_logits():
    assert logit_limit(np.array([[-9.0, 4.0]]), "float32") == pytest.approx(10 * TOLERANCE["float32"])
    assert logit_limit(np.zeros(3), "bfloat16") == TOLERANCE["bfloat16"]
