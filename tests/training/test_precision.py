"""Which precision `auto` takes, from made-up processor descriptions; and what stays float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import load_config
from semicurv_tf.methods import build_method
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.moving_average import update_average
from semicurv_tf.training import precision


@pytest.mark.parametrize(
    "flags, expected",
    [("fpu avx512f avx512_bf16", "avx512_bf16"), ("fpu amx_bf16 avx512_bf16", "amx_bf16"), ("fpu avx2", None)],
)
def test_flag_of_the_processor(tmp_path, flags, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n")
    assert precision._cpu_flag(file) == expected


def test_no_description_is_no_flag(tmp_path):
    assert precision._cpu_flag(tmp_path / "absent") is None


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_what_is_asked_for_is_taken(name):
    assert precision.resolve_precision(name) == (name, "asked for")


def test_policies():
    assert precision.Precision("bfloat16", "").policy == "mixed_bfloat16"
    assert precision.Precision("float32", "").policy == "float32"


def test_policy_of_float16():
    assert precision.resolve_precision("float16").policy == "mixed_float16"


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_slow_average_does_not_stall_in_low_precision(policy):
    """At alpha 0.9999 a step moves the teacher by a ten-thousandth of the way: 1e-5; bfloat16 has steps of 8e-3."""
    config = load_config(None, {"model.widths": [2, 4], "method.ema_alpha": 0.9999})
    method = build_method(config, 3, [128.0] * 3, [64.0] * 3, 10, policy)
    for weight in method.student.weights:
        weight.assign(np.full(weight.shape, 1.1))
    for weight in method.teacher.weights:
        weight.assign(np.ones(weight.shape))

    @tf.function
    def average(times):
        for _ in tf.range(times):
            update_average(method.teacher, method.student, tf.constant(10**6), method.method)

    average(tf.constant(1000))
    expected = 1.1 - 0.1 * 0.9999**1000  # 1.0095
    for weight in method.teacher.weights:
        np.testing.assert_allclose(weight.value - 1.0, expected - 1.0, rtol=0.01)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_what_must_be_float32_is(policy):
    config = load_config(None, {"model.widths": [2, 4]})
    method = build_method(config, 3, [128.0] * 3, [64.0] * 3, 10, policy)
    assert {weight.dtype for weight in [*method.student.weights, *method.teacher.weights]} == {"float32"}
    view = method.random_views(tf.zeros((2, 16, 16, 3)), tf.constant(0), "student")
    assert {view[key].dtype for key in ("image", "transform", "seen")} == {tf.float32}
    assert method.student(view["image"], training=True).dtype == tf.float32


def scaled_step(scale):
    """A step of SGD with loss scaling down 3 x^2 + 2 y from x = 1, y = 0, clipped at 4; x, y and the scale after it."""
    x, y = keras.Variable(1.0), keras.Variable(0.0)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=scale)
    optimizer.build([x, y])

    def step():
        with tf.GradientTape() as tape:
            loss = 3.0 * x.value**2 + 2.0 * y.value
        descend(optimizer, tape, loss, [x, y], clip=4.0)

    tf.function(step)()
    return float(x), float(y), float(optimizer.dynamic_scale), int(optimizer.iterations.numpy())


def test_clipping_limits_the_gradient_and_not_the_scaled_one():
    x, y, scale, steps = scaled_step(1024.0)
    # Gradients 6 and 2: cut to 4 and left alone.
    np.testing.assert_allclose([x, y], [1.0 - 0.1 * 4.0, -0.1 * 2.0], rtol=1e-6)
    assert (scale, steps) == (1024.0, 1)


def test_overflowing_step_is_left_out_and_the_scale_halved():
    x, y, scale, steps = scaled_step(1e38)  # 6e38 is more than float32 holds
    assert (x, y, steps) == (1.0, 0.0, 0)
    np.testing.assert_allclose(scale, 0.5e38, rtol=1e-6)


def test_float16_step_is_close_to_a_float32_step():
    results = {}
    for policy in ("float32", "mixed_float16"):
        config = load_config(None, {"model.widths": [2, 4], "method.rampup": 0.0})
        method = build_method(config, 3, [128.0] * 3, [64.0] * 3, 10, policy)
        optimizer = keras.optimizers.SGD(0.1)
        if policy == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(method.student.trainable_variables)
        method.compile(optimizer=optimizer, jit_compile=False)
        before = [weight.numpy() for weight in method.student.trainable_variables]
        image = 255.0 * tf.random.stateless_uniform([2, 16, 16, 3], [1, 2])
        ones = tf.ones([2, 16, 16, 1])
        labelled = {"image": image, "mask": tf.cast(image[..., :1] > 128.0, tf.float32), "valid": ones}
        logs = method.train_step({"labelled": labelled, "unlabelled": {"image": image, "valid": ones}})
        moved = np.concatenate(
            [(new.numpy() - old).ravel() for new, old in zip(method.student.trainable_variables, before)]
        )
        results[policy] = (float(logs["loss"]), moved)
    (loss, moved), (narrow_loss, narrow_moved) = results.values()
    np.testing.assert_allclose(narrow_loss, loss, rtol=0.01)
    assert np.linalg.norm(narrow_moved - moved) < 0.1 * np.linalg.norm(moved)
