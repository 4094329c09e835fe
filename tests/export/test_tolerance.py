"""The tolerance of `export --check`: what folding leaves in trained networks is within, a fault is not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.export.check import TOLERANCE, logit_limit
from semicurv_tf.export.fold import folded_for_inference
from semicurv_tf.models import ResidualUNet

STEPS = 6


def trained(widths, seed):
    """A network after a few large steps of Adam on a drawn line: statistics and weights as training leaves them."""
    keras.utils.set_random_seed(seed)
    network = ResidualUNet(widths=widths, encoding="none", mean=[120.0] * 3, standard_deviation=[40.0] * 3)
    network.build((None, None, None, 3))
    random = np.random.default_rng(seed)
    mask = np.zeros((2, 32, 32, 1), np.float32)
    mask[:, 10:13] = 1
    image = tf.constant((random.normal(150, 20, (2, 32, 32, 3)) - 90 * mask).astype(np.float32))
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(mask, network(image, training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, network.trainable_weights), network.trainable_weights))
    return network, random.integers(0, 256, (1, 48, 64, 3)).astype(np.float32)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("widths", [(4, 8), (8, 16, 32), (16, 32, 64, 128)])
def test_trained_networks_are_within(widths, seed):
    network, image = trained(widths, seed)
    logits = np.asarray(network(image, training=False))
    served = np.asarray(folded_for_inference(network, 3)(image, training=False))
    assert np.abs(served - logits).max() <= logit_limit(logits, "float32")
    # One kernel that is off by a thousandth is beyond it.
    kernel = network.encoder[0].first.kernel
    kernel.assign(kernel * 1.001)
    other = np.asarray(network(image, training=False))
    assert np.abs(other - logits).max() > logit_limit(logits, "float32")


def test_the_limit_grows_with_the_logits():
    assert logit_limit(np.array([[-9.0, 4.0]]), "float32") == pytest.approx(10 * TOLERANCE["float32"])
    assert logit_limit(np.zeros(3), "bfloat16") == TOLERANCE["bfloat16"]
