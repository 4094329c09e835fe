import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.losses.dice import DELTA, DiceLoss, DiceSums, dice_from_sums, dice_loss, dice_sums


def maps(*rows):
    """Each row of numbers as one image of height 1."""
    return np.array(rows, np.float32)[:, None, :, None]


def literal_dice(target, probability, valid, delta):
    """Eq. 10 as it is printed, in float64, over the valid pixels of one map."""
    keep = valid.astype(bool).ravel()
    y, g = target.ravel()[keep].astype(float) + delta, probability.ravel()[keep].astype(float) + delta
    return 1 - 2 * (g @ y) / (np.abs(g).sum() + np.abs(y).sum())


def test_value_worked_out_by_hand():
    # 2 * 0.5 / (0.5 + 0.25 + 1) = 4 / 7
    assert float(dice_loss(maps([1, 0, 0]), maps([0.5, 0.25, 0]))) == pytest.approx(3 / 7, abs=1e-6)


def test_image_reduction_averages_losses_and_batch_reduction_pools_pixels():
    target, probability = maps([1, 0, 0, 0], [1, 1, 1, 1]), maps([0, 0, 0, 1], [1, 1, 1, 1])
    assert float(dice_loss(target, probability)) == pytest.approx((1 + 0) / 2, abs=1e-6)
    assert float(dice_loss(target, probability, reduction="batch")) == pytest.approx(1 - 2 * 4 / (5 + 5), abs=1e-6)


@pytest.mark.parametrize("delta", [DELTA, 0.1])
def test_follows_the_printed_equation_with_its_delta(random_maps, delta):
    target = (random_maps(0, 1, 6, 5, 1) > 0.7).astype(np.float32)
    probability, valid = random_maps(1, 1, 6, 5, 1), (random_maps(2, 1, 6, 5, 1) > 0.4).astype(np.float32)
    expected = literal_dice(target, probability, valid, delta)
    assert float(dice_loss(target, probability, valid, delta)) == pytest.approx(expected, abs=1e-12)


def test_soft_valid_weighs_the_sums():
    # intersection 0.5 * 1 * 1, total 0.5 * (1 + 1) + 1 * (1 + 0)
    loss = dice_loss(maps([1, 0]), maps([1, 1]), valid=maps([0.5, 1]))
    assert float(loss) == pytest.approx(1 - 2 * 0.5 / 2, abs=1e-6)


def test_empty_full_and_one_pixel_masks():
    empty, full = np.zeros((1, 128, 128, 1), np.float32), np.ones((1, 128, 128, 1), np.float32)
    one = empty.copy()
    one[0, 3, 5, 0] = 1
    assert float(dice_loss(empty, empty)) == pytest.approx(1, abs=1e-6)  # Eq. 10 gives 1 - delta
    assert float(dice_loss(empty, full)) == pytest.approx(1, abs=1e-6)
    assert float(dice_loss(full, full)) == pytest.approx(0, abs=1e-6)
    assert float(dice_loss(one, one)) == pytest.approx(128 * 128 * DELTA, rel=0.01)
    assert float(dice_loss(one, empty)) == pytest.approx(1, abs=1e-6)


def test_image_without_valid_pixels_costs_nothing_and_gets_no_gradient():
    probability = tf.constant(maps([0.5, 0.5], [0.5, 0.5]))
    valid = maps([0, 0], [1, 1])
    with tf.GradientTape() as tape:
        tape.watch(probability)
        loss = dice_loss(maps([1, 0], [1, 0]), probability, valid)
    assert float(loss) == pytest.approx(0.5 / 2, abs=1e-6)
    gradient = tape.gradient(loss, probability).numpy()
    assert (gradient[0] == 0).all() and (gradient[1] != 0).all()


@pytest.mark.parametrize("reduction", ["image", "batch"])
def test_gradient_equals_central_differences(random_maps, assert_gradient, reduction):
    target = (random_maps(3, 2, 3, 4, 1) > 0.6).astype(float)
    valid = random_maps(4, 2, 3, 4, 1)
    assert_gradient(lambda g: dice_loss(target, g, valid, reduction=reduction), random_maps(5, 2, 3, 4, 1))


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("mask", [0.0, 1.0])
def test_gradient_is_finite_at_constant_predictions(value, mask):
    probability = tf.fill((2, 8, 8, 1), value)
    with tf.GradientTape() as tape:
        tape.watch(probability)
        loss = dice_loss(tf.fill((2, 8, 8, 1), mask), probability)
    assert np.isfinite(tape.gradient(loss, probability)).all()


def test_sums_of_parts_give_the_dice_of_the_whole(random_maps):
    target, probability = random_maps(6, 4, 5, 5, 1), random_maps(7, 4, 5, 5, 1)
    halves = [dice_sums(target[k : k + 2], probability[k : k + 2]) for k in (0, 2)]
    added = DiceSums(*(tf.reduce_sum(a) + tf.reduce_sum(b) for a, b in zip(*halves, strict=True)))
    whole = dice_loss(target, probability, reduction="batch")
    assert float(dice_from_sums(added)) == pytest.approx(float(whole), abs=1e-12)


def test_keras_class_takes_the_valid_mask_as_sample_weight_and_round_trips():
    loss = DiceLoss(delta=1e-5, reduction="batch", name="overlap")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert isinstance(again, DiceLoss)
    assert again.get_config() == {"name": "overlap", "delta": 1e-5, "reduction": "batch", "from_logits": False}
    target, probability, valid = maps([1, 0, 1]), maps([0.5, 0.25, 0]), maps([1, 1, 0])
    assert float(again(target, probability, sample_weight=valid)) == pytest.approx(3 / 7, abs=1e-4)


def test_keras_fit_leaves_invalid_pixels_out():
    model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid", kernel_initializer="zeros")])
    model.compile(loss=DiceLoss(), jit_compile=False)
    target, valid = maps([1, 0, 1]), maps([1, 1, 0])
    loss = model.evaluate(maps([1, 2, 3]), target, sample_weight=valid, verbose=0)
    assert loss == pytest.approx(1 - 2 * 0.5 / (1 + 1), abs=1e-6)


def test_unknown_reduction_and_shapes_are_refused():
    with pytest.raises(ValueError, match="reduction='pixel'"):
        dice_loss(maps([1.0]), maps([1.0]), reduction="pixel")
    with pytest.raises(ValueError, match=r"target.shape=\(1, 1, 2\)"):
        dice_loss(np.zeros((1, 1, 2), np.float32), maps([0.0, 0.0]))
    with pytest.raises(ValueError, match="one shape"):
        dice_loss(maps([1.0, 0.0]), maps([1.0, 0.0]), valid=maps([1.0]))


def test_without_delta_empty_maps_stay_finite():
    probability = tf.zeros((1, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(probability)
        loss = dice_loss(probability.numpy(), probability, delta=0.0)
    assert float(loss) == 1
    assert np.isfinite(tape.gradient(loss, probability)).all()


def test_logits_are_taken_as_logits_and_not_as_probabilities():
    target, logits = maps([1, 0, 1]), maps([np.log(3), -np.log(3), 0])  # probabilities 3/4, 1/4, 1/2
    loss = DiceLoss(from_logits=True)
    assert float(loss(target, logits)) == pytest.approx(1 - 2 * 1.25 / (2 + 1.5), abs=1e-6)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss)).from_logits
    half = DiceLoss(from_logits=True)(target, tf.cast(logits, tf.float16))
    assert half.dtype == tf.float32 and float(half) == pytest.approx(float(loss(target, logits)), abs=1e-3)


@pytest.mark.parametrize("wrong", [-0.5, 1.5])
def test_logits_without_saying_so_are_refused(wrong):
    target, logits = maps([1, 0, 1]), maps([0.5, wrong, 0.5])
    said = r"Expected y_pred of DiceLoss in \[0, 1\]. Received: values outside, as logits have. Fix: from_logits=True"
    with pytest.raises(ValueError, match=said):
        DiceLoss()(target, logits)
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        tf.function(DiceLoss())(target, logits)
    # What does not count may be anything.
    valid = maps([1, 0, 1])
    assert float(DiceLoss()(target, logits, valid)) == float(dice_loss(target, logits, valid))
    assert np.isfinite(float(DiceLoss()(target, maps([0.5, 1.0005, 0.5]))))
