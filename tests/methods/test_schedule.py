"""Length of a run, ramp and learning rate against the paper's formulas."""

import numpy as np
import pytest

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.methods.schedule import first_unlabelled_step, learning_rate, ramp, steps_of_run


def training(**settings):
    return load_config(None, {f"training.{key}": value for key, value in settings.items()}).training


@pytest.mark.parametrize("labelled, expected", [(1, 1000), (2, 1000), (4, 1000), (5, 2000), (95, 24000)])
def test_an_epoch_cycles_the_labelled_images_once(labelled, expected):
    assert steps_of_run(training(), labelled) == expected


def test_steps_win_over_epochs():
    assert steps_of_run(training(steps=123, epochs=7), 95) == 123


@pytest.mark.parametrize("step, expected", [(0, np.exp(-10)), (250, np.exp(-2.5)), (500, 1.0), (900, 1.0)])
def test_ramp_is_the_formula(step, expected):
    np.testing.assert_allclose(ramp(step, 500), expected, rtol=1e-6)


def test_no_rampup_is_full_weight_at_once():
    assert float(ramp(0, 0)) == 1.0


def test_learning_rates():
    halving = learning_rate(training(schedule="halving", learning_rate=0.01), 1000)
    np.testing.assert_allclose(
        [halving(0), halving(499), halving(500), halving(999)], [0.01, 0.01, 0.005, 0.005], rtol=1e-6
    )
    cosine = learning_rate(training(schedule="cosine", learning_rate=0.01), 1000)
    np.testing.assert_allclose([cosine(0), cosine(500), cosine(1000)], [0.01, 0.005, 0.0], atol=1e-8)
    assert learning_rate(training(schedule="constant", learning_rate=0.01), 1000) == 0.01


def test_cosine_begins_anew():
    restarted = learning_rate(training(schedule="cosine", learning_rate=0.01, restart=0.6), 1000)
    # Half way down at 300 and at 600 + 200; down at 600, from where it is up again.
    steps = [0, 300, 599, 600, 800, 1000]
    expected = [0.01, 0.005, 0.01 * (1 + np.cos(np.pi * 599 / 600)) / 2, 0.01, 0.005, 0.0]
    np.testing.assert_allclose([restarted(step) for step in steps], expected, atol=1e-7)


@pytest.mark.parametrize("share, expected", [(0.0, 0), (0.6667, 1000), (0.5, 750), (0.9999, 1499)])
def test_first_step_with_unlabelled_images(share, expected):
    assert first_unlabelled_step(load_config(None, {"method.unlabelled_from": share}).method, 1500) == expected


def test_a_run_of_one_step_has_a_learning_rate():
    restarted = learning_rate(training(schedule="cosine", learning_rate=0.01, restart=0.9), 1)
    np.testing.assert_allclose(restarted(0), 0.01)


def test_only_a_cosine_begins_anew():
    with pytest.raises(UserError, match="training.restart: expected 0 with training.schedule=halving, found 0.5"):
        training(restart=0.5)
