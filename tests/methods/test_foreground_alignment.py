"""Distribution alignment: odds by hand, moving shares, and targets that end at the labelled share."""

import numpy as np
import tensorflow as tf

from semicurv_tf.methods.foreground_alignment import MEMORY, ForegroundAlignment, scale_odds


def maps(value, pixels=4):
    return tf.fill((1, 1, pixels, 1), float(value))


def test_odds_by_hand():
    # Odds 1/4 times 3 are 3/4; times 100 are cut to 10 times; 0 and 1 stay.
    np.testing.assert_allclose(scale_odds(tf.constant([0.2, 0.0, 1.0]), 3.0), [3 / 7, 0.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(scale_odds(tf.constant(0.2), 100.0), 2.5 / 3.5, rtol=1e-6)
    np.testing.assert_allclose(scale_odds(tf.constant(0.2), 0.0), 0.025 / 1.025, rtol=1e-5)


def test_the_first_step_aligns_a_constant_map_with_the_masks():
    mask = tf.constant([1.0, 0.0, 0.0, 1.0], shape=(1, 1, 4, 1))
    valid = tf.constant([1.0, 1.0, 1.0, 0.0], shape=(1, 1, 4, 1))  # a third of what counts is foreground
    aligned = ForegroundAlignment()(maps(0.2), maps(1), mask, valid)
    np.testing.assert_allclose(aligned, np.full((1, 1, 4, 1), 1 / 3), rtol=1e-3)


def test_shares_move():
    alignment = ForegroundAlignment()
    alignment(maps(0.2), maps(1), maps(0.5), maps(1))
    alignment(maps(0.4), maps(1), maps(0.1), maps(1))
    expected = [MEMORY * 0.5 + (1 - MEMORY) * 0.1, MEMORY * 0.2 + (1 - MEMORY) * 0.4]
    np.testing.assert_allclose(alignment.shares, expected, rtol=1e-5)


def test_pixels_that_do_not_count_do_not_count():
    alignment = ForegroundAlignment()
    alignment(maps(0.2), maps(0), maps(1), maps(0))
    np.testing.assert_array_equal(alignment.shares, [0.0, 0.0])


def test_a_method_learns_from_the_aligned_probabilities(make_method, batch):
    plain = make_method(method__name="mean_teacher", method__teacher_view="plain")
    aligned = make_method(method__name="mean_teacher", method__teacher_view="plain", method__align_foreground=True)
    aligned.teacher.set_weights([np.array(weight.value) for weight in plain.teacher.weights])
    before, after = (method.term.targets(batch, tf.constant(0))["probability"] for method in (plain, aligned))
    share = float(tf.reduce_mean(batch["labelled"]["mask"]))
    assert abs(float(tf.reduce_mean(after)) - share) < abs(float(tf.reduce_mean(before)) - share)
    # What the alignment remembers is in the checkpoint.
    assert aligned.other_variables and not plain.other_variables
