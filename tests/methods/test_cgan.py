"""cGAN: the discriminator learns and is saved; its losses by hand."""

import itertools

import numpy as np
import tensorflow as tf

from semicurv_tf.methods.cgan import mean_cross_entropy, self_taught_loss
from semicurv_tf.models.discriminator import build_discriminator
from semicurv_tf.training import checkpoints

NO_VIEWS = {"views__geometric": False}


def maps(*values):
    return tf.constant(values, tf.float32, shape=(1, 1, len(values), 1))


def test_discriminator_maps_any_size_to_that_size_with_the_papers_parameters():
    network = build_discriminator()
    assert network(tf.zeros((2, 33, 47, 1))).shape == (2, 33, 47, 1)
    widths = [2, 64, 128, 256, 512, 1]  # two classes in, Hung et al. 2018, Sect. 3
    expected = sum(16 * before * after + after for before, after in itertools.pairwise(widths))
    assert network.count_params() == expected


def test_self_taught_loss_by_hand():
    # Realness above 0.2 at the first and third pixel: -ln 0.8 (taken as foreground) and -ln 0.9 (as background).
    loss = self_taught_loss(maps(0.8, 0.6, 0.1), maps(0.5, 0.1, 0.3), maps(1, 1, 1), 0.2)
    np.testing.assert_allclose(loss, -(np.log(0.8) + np.log(0.9)) / 2, rtol=1e-4)


def test_self_taught_loss_of_nothing_real_is_zero():
    np.testing.assert_array_equal(self_taught_loss(maps(0.8), maps(0.1), maps(1), 0.2), 0.0)


def test_step_adds_the_losses_up_and_the_discriminator_learns(make_method, batch):
    method = make_method(
        method__name="cgan", method__rampup=0.0, method__consistency_weight=2.0, training__learning_rate=1e-6,
        method__discriminator_learning_rate=0.003, **NO_VIEWS,
    )  # fmt: skip
    first = method.train_step(batch)
    expected = (
        first["dice"]
        + 0.01 * first["adversarial"]
        + 2 * 0.001 * first["adversarial_unlabelled"]
        + 2 * 0.1 * first["self_taught"]
    )
    np.testing.assert_allclose(first["loss"], expected, rtol=1e-5)
    for _ in range(15):
        last = method.train_step(batch)
    assert last["discriminator"] < 0.7 * first["discriminator"]
    assert last["adversarial"] > first["adversarial"]  # the student hardly moves: it is found out


def test_adversarial_loss_moves_the_student_towards_real(make_method, batch):
    """A step of the student alone, on the adversarial loss alone, lowers that loss."""
    method = make_method(method__name="cgan", **NO_VIEWS)
    image = batch["unlabelled"]["image"]

    def adversarial():
        realness = tf.sigmoid(method.term.discriminator(tf.sigmoid(method.student(image, training=True))))
        return mean_cross_entropy(tf.ones_like(realness), realness, tf.ones_like(realness))

    with tf.GradientTape() as tape:
        before = adversarial()
    variables = method.student.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(before, variables)):
        variable.assign_sub(0.5 * gradient)
    assert adversarial() < before


def test_checkpoint_brings_back_discriminator_and_its_optimizer(make_method, batch, tmp_path):
    method = make_method(method__name="cgan", method__discriminator_learning_rate=0.01)
    method.train_step(batch)
    path = checkpoints.save(tmp_path, method, 1, kept=2)
    other = make_method(method__name="cgan", method__discriminator_learning_rate=0.01)
    checkpoints.restore(path, other)
    for one, another in zip(method.other_variables, other.other_variables, strict=True):
        np.testing.assert_array_equal(np.array(one.value), np.array(another.value))
    method.train_step(batch), other.train_step(batch)
    for one, another in zip(method.other_variables, other.other_variables):
        np.testing.assert_array_equal(np.array(one.value), np.array(another.value))
