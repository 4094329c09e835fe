"""Adam by one operation a variable, against Keras' own and against numbers computed by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.methods.fused_adam import FusedAdam

START = [[1.0, -2.0], [0.5, 3.0]]
SETTINGS = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}


def after(optimizer, gradients, in_graph=True):
    """A matrix and a vector after a step for each gradient."""
    variables = [keras.Variable(START), keras.Variable([4.0, -1.0, 0.0])]
    optimizer.build(variables)
    step = lambda factor: optimizer.apply([factor * variables[0], 2.0 * factor * variables[1]], variables)
    step = tf.function(step, autograph=False) if in_graph else step
    for factor in gradients:
        step(tf.constant(factor))
    return [variable.numpy() for variable in variables]


def test_the_first_step_by_hand():
    """Both moments are corrected for their start at 0, so the first step is the rate, against the gradient's sign."""
    found, _ = after(FusedAdam(0.1, epsilon=0.0), [1.0])
    np.testing.assert_allclose(found, np.subtract(START, 0.1 * np.sign(START)), rtol=1e-6)


@pytest.mark.parametrize("in_graph", [True, False])
def test_steps_equal_those_of_keras(in_graph):
    rate = lambda: keras.optimizers.schedules.CosineDecay(0.3, 6)
    gradients = [1.0, -0.5, 2.0, 0.0, 1e-3, 7.0]
    found = after(FusedAdam(rate(), **SETTINGS), gradients, in_graph)
    expected = after(keras.optimizers.Adam(rate(), **SETTINGS), gradients, in_graph)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-7)
    assert np.abs(found[0] - START).min() > 0.1


def test_amsgrad_and_sparse_gradients_go_the_way_of_keras():
    both = (kind(0.1, amsgrad=True) for kind in (FusedAdam, keras.optimizers.Adam))
    found, expected = (after(optimizer, [1.0, -3.0, 0.5]) for optimizer in both)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)
    results = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        optimizer, table = kind(0.1), keras.Variable(START)
        optimizer.build([table])
        optimizer.apply([tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([1]), tf.constant([2, 2]))], [table])
        results.append(table.numpy())
    np.testing.assert_array_equal(*results)


def test_scaled_losses_leave_out_a_step_that_overflows():
    optimizer = keras.optimizers.LossScaleOptimizer(FusedAdam(0.1))
    variable = keras.Variable([1.0, 2.0])
    optimizer.build([variable])
    step = tf.function(lambda gradient: optimizer.apply([optimizer.scale_loss(gradient)], [variable]), autograph=False)
    step(tf.constant([np.inf, 1.0]))
    np.testing.assert_array_equal(variable.numpy(), [1.0, 2.0])
    step(tf.constant([2.0, 2.0]))
    np.testing.assert_allclose(variable.numpy(), [0.9, 1.9], rtol=1e-5)


def test_it_has_the_variables_of_keras_and_a_graph_of_fewer_operations():
    def made(optimizer):
        variables = [keras.Variable(START, name=f"v{number}") for number in range(8)]
        optimizer.build(variables)
        apply = tf.function(lambda: optimizer.apply([v.value * 2.0 for v in variables], variables), autograph=False)
        operations = apply.get_concrete_function().graph.get_operations()
        return [variable.name for variable in optimizer.variables], len(operations)

    (names, size), (expected, larger) = made(FusedAdam(0.1)), made(keras.optimizers.Adam(0.1))
    assert names == expected
    assert size < larger / 2


def test_a_model_is_saved_and_loaded_with_it(tmp_path):
    model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    model.compile(FusedAdam(0.01, beta_2=0.9), loss="mse")
    model.fit(np.ones([4, 2]), np.ones([4, 1]), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, FusedAdam)
    assert loaded.optimizer.beta_2 == 0.9
    assert int(loaded.optimizer.iterations) == 1
