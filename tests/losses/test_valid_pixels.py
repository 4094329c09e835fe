"""What all four losses promise of valid masks, dtypes and graphs."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.losses import dice_loss, mse_loss, npair_loss, weighted_cross_entropy_loss
from semicurv_tf.losses.valid_pixels import keep_valid_pixels

LOSSES = {
    "dice": lambda other, learned, valid=None: dice_loss(other, learned, valid),
    "dice of the batch": lambda other, learned, valid=None: dice_loss(other, learned, valid, reduction="batch"),
    "cross-entropy": weighted_cross_entropy_loss,
    "weighted cross-entropy": lambda other, learned, valid=None: weighted_cross_entropy_loss(
        other, learned, valid, positive_weight=3.0
    ),
    "npair": lambda other, learned, valid=None: npair_loss(learned, other, valid),
    "npair l2": lambda other, learned, valid=None: npair_loss(learned, other, valid, similarity="l2"),
    "mse": lambda other, learned, valid=None: mse_loss(learned, other, valid),
}


@pytest.fixture(params=LOSSES)
def loss(request):
    return LOSSES[request.param]


@pytest.fixture
def batch(random_maps):
    """(other, learned, valid) float32: 3 images of 6x5, about 40 % of the pixels invalid."""
    other, learned = (random_maps(k, 3, 6, 5, 1).astype(np.float32) for k in (10, 11))
    return other, learned, (random_maps(12, 3, 6, 5, 1) > 0.4).astype(np.float32)


@pytest.mark.parametrize("garbage", [0.0, 7.0, np.nan, np.inf])
def test_invalid_pixels_change_nothing_and_get_no_gradient(loss, batch, garbage):
    other, learned, valid = batch
    expected = float(loss(other, learned, valid))
    other, learned = (np.where(valid > 0, m, np.float32(garbage)) for m in (other, learned))
    learned = tf.constant(learned)
    with tf.GradientTape() as tape:
        tape.watch(learned)
        value = loss(other, learned, valid)
    assert float(value) == expected
    gradient = tape.gradient(value, learned).numpy()
    assert (gradient[valid == 0] == 0).all()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_valid_of_ones_is_no_mask(loss, batch):
    other, learned, valid = batch
    assert float(loss(other, learned, np.ones_like(valid))) == pytest.approx(float(loss(other, learned)), rel=1e-6)
    assert float(loss(other, learned, valid)) != pytest.approx(float(loss(other, learned)), rel=1e-4)


def test_nothing_valid_is_finite_without_gradient(loss, batch):
    other, learned, valid = batch
    learned = tf.constant(learned)
    with tf.GradientTape() as tape:
        tape.watch(learned)
        value = loss(other, learned, np.zeros_like(valid))
    assert np.isfinite(float(value))
    assert (tape.gradient(value, learned).numpy() == 0).all()


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_gradient_is_finite_at_constant_maps(loss, batch, constant):
    learned = tf.fill((3, 6, 5, 1), constant)
    for other in (batch[0], np.full_like(batch[0], constant), np.zeros_like(batch[0])):
        for valid in (None, batch[2]):
            with tf.GradientTape() as tape:
                tape.watch(learned)
                value = loss(other, learned, valid)
            assert np.isfinite(float(value)) and np.isfinite(tape.gradient(value, learned)).all()


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_half_precision_is_reduced_in_float32(loss, dtype):
    # 128x128 values: summed in bfloat16 they would stop growing at 256.
    rng = np.random.default_rng(13)
    other, learned = (tf.cast(rng.uniform(0, 1, (2, 128, 128, 1)), dtype) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch(learned)
        value = loss(other, learned)
    assert value.dtype == tf.float32 and value.shape == ()
    exact = loss(tf.cast(other, tf.float64), tf.cast(learned, tf.float64))
    assert float(value) == pytest.approx(float(exact), rel=1e-5)
    assert tape.gradient(value, learned).dtype == dtype


def test_traces_once_for_any_size(loss, batch):
    spec = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph = tf.function(lambda *maps: loss(*maps), input_signature=[spec] * 3)
    assert float(graph(*batch)) == pytest.approx(float(loss(*batch)), rel=1e-6)
    smaller = [m[:2, :3, :4] for m in batch]
    assert float(graph(*smaller)) == pytest.approx(float(loss(*smaller)), rel=1e-6)
    assert graph.experimental_get_tracing_count() == 1


def test_integer_masks_are_cast_and_kept():
    mask, valid = keep_valid_pixels(np.full((1, 1, 2, 1), 1, np.uint8), mask=np.array([[[[0], [3]]]], np.uint8))
    assert mask.dtype == valid.dtype == tf.float32
    assert mask.numpy().ravel().tolist() == [0, 3]
