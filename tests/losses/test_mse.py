import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.losses.mse import MSELoss, mse_loss

STUDENT = np.array([[1.0, 0.0], [0.5, 0.25]], np.float32)[None, :, :, None]
TEACHER = np.array([[0.0, 0.0], [0.0, 0.75]], np.float32)[None, :, :, None]
VALID = np.array([[1.0, 1.0], [0.5, 0.0]], np.float32)[None, :, :, None]


def test_values_worked_out_by_hand():
    assert float(mse_loss(STUDENT, TEACHER)) == pytest.approx((1 + 0 + 0.25 + 0.25) / 4)
    assert float(mse_loss(STUDENT, TEACHER, VALID)) == pytest.approx((1 + 0 + 0.5 * 0.25) / 2.5)


def test_collapsed_predictions_cost_nothing():
    # Sect. III-D: why the N-pair loss is needed.
    for value in (0.0, 1.0):
        assert float(mse_loss(np.full_like(STUDENT, value), np.full_like(STUDENT, value))) == 0


def test_gradient_flows_to_the_student_only(random_maps, assert_gradient):
    valid, teacher = random_maps(30, 2, 3, 4, 1), random_maps(31, 2, 3, 4, 1)
    assert_gradient(lambda g: mse_loss(g, teacher, valid), random_maps(32, 2, 3, 4, 1))
    other = tf.constant(TEACHER)
    with tf.GradientTape() as tape:
        tape.watch(other)
        value = mse_loss(STUDENT, other)
    assert tape.gradient(value, other) is None


def test_class_round_trips():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(MSELoss(name="consistency")))
    assert isinstance(again, MSELoss) and again.get_config() == {"name": "consistency"}
    assert float(again(TEACHER, STUDENT, sample_weight=VALID)) == pytest.approx(1.125 / 2.5)
