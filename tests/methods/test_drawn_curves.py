"""Drawn curves over unlabelled images: the targets, and what the student sees."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.augment.overlay import lay_over
from semicurv_tf.augment.randomness import purpose_seed


@pytest.fixture
def method(make_method):
    return make_method(method__name="drawn_curves", method__teacher_view="plain", method__drawn_kinds=("cracks",))


def laid(method, batch, step):
    return lay_over(batch["unlabelled"]["image"], method.term._overlays, purpose_seed(0, step, "drawn curves"))


def test_the_target_is_the_drawing_and_else_what_the_teacher_finds_below_it(method, batch):
    step = tf.constant(5)
    _, mask = laid(method, batch, 5)
    assert 0 < float(tf.reduce_mean(mask)) < 1
    teacher = tf.sigmoid(method.teacher(batch["unlabelled"]["image"], training=False))  # without what is drawn
    expected = np.where(mask > 0, 1.0, teacher)
    targets = method.term.targets(batch, step)
    np.testing.assert_allclose(targets["probability"], expected, rtol=1e-5)
    np.testing.assert_array_equal(targets["valid"], batch["unlabelled"]["valid"])


def test_the_student_sees_the_drawing_of_the_same_step(method, batch):
    image, _ = laid(method, batch, 5)
    seen = method.term.student_batch(batch, tf.constant(5))
    np.testing.assert_array_equal(seen["unlabelled"]["image"], image)
    np.testing.assert_array_equal(seen["labelled"]["image"], batch["labelled"]["image"])
    other = method.term.student_batch(batch, tf.constant(6))
    assert not np.array_equal(other["unlabelled"]["image"], image)


def test_what_is_drawn_counts_outside_the_teachers_view(make_method, batch):
    method = make_method(method__name="drawn_curves", views__translation=0.5, method__teacher_view="random")
    _, mask = laid(method, batch, 2)
    valid = method.term.targets(batch, tf.constant(2))["valid"].numpy()
    assert (valid == 0).any()
    assert np.all(valid[mask == 1] == 1)


def test_dice_over_the_batch_by_hand(method):
    """Two images of two pixels: 1 - 2 * (0.5 + 0.1) / (1 + 0.2 + 0.5 + 0.5)."""
    rows = lambda *values: tf.constant(values, tf.float32, shape=(2, 1, 2, 1))
    ones = rows(1, 1, 1, 1)
    loss = method.term.compare(rows(0.5, 0.0, 0.5, 0.0), rows(1.0, 0.0, 0.2, 0.0), ones, ones)
    np.testing.assert_allclose(loss, 1 - 2 * 0.6 / 2.2, atol=1e-5)
