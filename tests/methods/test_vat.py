"""VAT: the divergence by hand, and a direction that changes the prediction more than chance does."""

import numpy as np
import tensorflow as tf

from semicurv_tf.methods.vat import divergence, unit


def maps(*values):
    return tf.constant(values, tf.float32, shape=(1, 1, len(values), 1))


def test_divergence_by_hand():
    # KL(0.5 || 0.25) = 0.5 ln 2 + 0.5 ln(2/3) = 0.143841; KL(0.2 || 0.2) = 0.
    np.testing.assert_allclose(divergence(maps(0.5, 0.2), maps(0.25, 0.2)), 0.143841 / 2, rtol=1e-4)


def test_entropy_by_hand():
    np.testing.assert_allclose(divergence(maps(0.5, 1.0), None), np.log(2) / 2, atol=2e-5)


def test_pixels_that_are_not_valid_do_not_count():
    np.testing.assert_allclose(divergence(maps(0.5, 0.2), maps(0.25, 0.9), maps(1.0, 0.0)), 0.143841, rtol=1e-4)
    np.testing.assert_allclose(divergence(maps(0.5, 1.0), None, maps(1.0, 0.0)), np.log(2), atol=2e-5)
    np.testing.assert_array_equal(divergence(maps(0.5), None, maps(0.0)), 0.0)


def test_unit_has_a_root_mean_square_of_one_and_zero_stays():
    change = tf.stack([tf.constant([[[3.0], [4.0]]]), tf.zeros((1, 2, 1))])
    np.testing.assert_allclose(unit(change)[0, 0, :, 0], np.array([3, 4]) / np.sqrt(12.5), rtol=1e-6)
    np.testing.assert_array_equal(unit(change)[1], np.zeros((1, 2, 1)))


def test_the_direction_changes_the_prediction_more_than_a_random_one(make_method, batch):
    method = make_method(method__name="vat", method__vat_iterations=2, method__vat_size=5.0)
    image = batch["unlabelled"]["image"]
    predict = lambda image: tf.sigmoid(method.student(image, training=False))
    before = [np.array(weight.value) for weight in method.student.weights]
    change = method.term._adversarial_change(image, 0)
    for old, weight in zip(before, method.student.weights):
        np.testing.assert_array_equal(old, weight.value)
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(change), axis=(1, 2, 3))), 5.0, rtol=1e-4)
    found = float(divergence(predict(image), predict(image + change)))
    by_chance = [
        float(divergence(predict(image), predict(image + 5.0 * unit(tf.random.stateless_normal(image.shape, [k, 0])))))
        for k in range(5)
    ]
    assert found > 3 * max(by_chance)


def test_step_reports_both_losses_over_the_plain_and_the_changed_views(make_method, batch):
    method = make_method(
        method__name="vat", method__rampup=0.0, method__consistency_weight=2.0, method__entropy_weight=0.5
    )
    logs = method.train_step(batch)
    expected = logs["dice"] + 2.0 * logs["divergence"] + 1.0 * logs["entropy"]
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-5)
    assert logs["divergence"] >= 0 and 0 < logs["entropy"] <= np.log(2)
