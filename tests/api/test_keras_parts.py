"""The parts in pipelines of Keras' own: compile, fit, save, load."""

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import semicurv_tf
from semicurv_tf.config import ViewsConfig
from semicurv_tf.geometry import affine
from semicurv_tf.geometry import warp as warping
from semicurv_tf.losses import cross_entropy, dice, mse, npair, pixel_loss, valid_pixels
from semicurv_tf.metrics.overlap import SCORES, count_overlap, summarise
from tests.repeated import repeated

METRICS = {name: getattr(semicurv_tf, name) for name in ("IoU", "F1", "Precision", "Recall")}


def drawn(count=4, side=32):
    """Images with a dark line each, and their masks."""
    random = np.random.default_rng(0)
    images = random.normal(170, 10, (count, side, side, 3)).astype(np.float32)
    masks = np.zeros((count, side, side, 1), np.float32)
    for index in range(count):
        masks[index, 4 * index + 6 : 4 * index + 9] = 1
    return np.where(masks > 0, 60, images).astype(np.float32), masks


def network():
    made = semicurv_tf.ResidualUNet(widths=(4, 8), mean=(160,), standard_deviation=(40,))
    made.build((None, None, None, 3))
    return made


def batches(images, masks, count=2):
    valid = np.ones_like(masks)
    labelled = {"image": images[:2], "mask": masks[:2], "valid": valid[:2]}
    unlabelled = {"image": images[2:], "valid": valid[2:]}
    one = {"labelled": labelled, "unlabelled": unlabelled}
    return repeated(one, count)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("from_logits", [False, True])
def test_metrics_are_the_numbers_of_evaluate(name, pooled, from_logits):
    random = np.random.default_rng(1)
    target = (random.random((6, 9, 7, 1)) > 0.7).astype(np.float32)
    probability = random.uniform(0.05, 0.95, target.shape).astype(np.float32)
    valid = (random.random(target.shape) > 0.3).astype(np.float32)
    target[1] = 0  # nothing there, something found
    target[2], probability[2] = 0, 0.1  # nothing there, nothing found
    probability[3] = 0.1  # something there, nothing found
    valid[4] = 0  # nothing counts
    metric = METRICS[name](threshold=0.4, from_logits=from_logits, pooled=pooled)
    given = np.log(probability / (1 - probability)) if from_logits else probability
    for part in (slice(0, 4), slice(4, 6)):
        metric.update_state(target[part], given[part], sample_weight=valid[part])
    counts = [count_overlap(*each, threshold=0.4) for each in zip(target, probability, valid, strict=True)]
    expected = summarise(counts)["pooled" if pooled else "mean"][name.lower()]
    assert name.lower() in SCORES and float(metric.result()) == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    assert float(metric.result()) == 0
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert (again.threshold, again.from_logits, again.pooled, again.name) == (0.4, from_logits, pooled, name.lower())


def test_a_worked_example():
    metric = semicurv_tf.IoU()
    target = np.array([[1, 1, 0, 0], [0, 0, 0, 0]], np.float32).reshape(2, 1, 4, 1)
    found = np.array([[0.9, 0.2, 0.8, 0.1], [0.1, 0.1, 0.1, 0.1]], np.float32).reshape(2, 1, 4, 1)
    metric.update_state(target, found)  # 1 / 3, and 1: empty and found empty
    assert float(metric.result()) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="threshold=1"):
        semicurv_tf.IoU(threshold=1)


def test_a_network_trained_by_keras_alone_is_saved_and_loaded(tmp_path):
    images, masks = drawn()
    model = network()
    metrics = [METRICS[name](from_logits=True) for name in METRICS]
    model.compile(keras.optimizers.Adam(1e-2), loss=semicurv_tf.DiceLoss(from_logits=True), metrics=metrics)
    history = model.fit(images, masks, sample_weight=np.ones_like(masks), epochs=8, batch_size=2, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.predict(images, verbose=0) == model.predict(images, verbose=0)).all()
    assert again.loss.from_logits and again.loss.reduction == "image"
    measured = again.evaluate(images, masks, return_dict=True, verbose=0)
    logits = model.predict(images, verbose=0)
    counts = [count_overlap(*each) for each in zip(masks, 1 / (1 + np.exp(-logits)), strict=True)]
    assert measured["iou"] == pytest.approx(summarise(counts)["mean"]["iou"], abs=1e-6)


def test_logits_in_fit_are_refused_where_probabilities_are_meant():
    images, masks = drawn(2)
    model = keras.Sequential([keras.layers.Rescaling(1 / 8)])  # values far above 1
    model.compile(loss=semicurv_tf.DiceLoss(), jit_compile=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Fix: from_logits=True"):
        model.evaluate(images[..., :1], masks, verbose=0)


@pytest.mark.parametrize("method", ["supervised", "semicurv", "cutmix"])
def test_a_learner_fits_is_validated_saved_and_loaded(method, tmp_path):
    images, masks = drawn()
    learner = semicurv_tf.Learner(network(), method=method, steps=2, views=ViewsConfig(photometric=0.5))
    assert (learner.teacher is None) == (method == "supervised")
    loss, metrics = semicurv_tf.DiceLoss(from_logits=True), [semicurv_tf.IoU(from_logits=True)]
    learner.compile(keras.optimizers.Adam(1e-3), loss=loss, metrics=metrics)
    before = [weight.copy() for weight in learner.student.get_weights()]
    history = learner.fit(batches(images, masks), validation_data=(images, masks), shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all() and 0 <= history["val_iou"][0] <= 1
    assert any((old != new).any() for old, new in zip(before, learner.student.get_weights(), strict=True))
    learner.save(tmp_path / "learner.keras")
    again = keras.saving.load_model(tmp_path / "learner.keras")
    assert again.method == learner.method and again.steps == 2 and again.random_views.views.photometric == 0.5
    assert (np.asarray(again(images)) == np.asarray(learner(images))).all()
    assert int(again.optimizer.iterations) == 2
    # It goes on as the one that was never saved.
    for each in (learner, again):
        each.fit(batches(images, masks, 1), shuffle=False, verbose=0)
    for one, other in zip(learner.student.get_weights(), again.student.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_learners_that_cannot_be():
    with pytest.raises(ValueError, match="one of supervised, .*Received: method='semi'"):
        semicurv_tf.Learner(network(), method="semi")
    with pytest.raises(ValueError, match="Expected a built student"):
        semicurv_tf.Learner(semicurv_tf.ResidualUNet(widths=(4, 8)))


def test_the_paper_s_consistency_of_two_views_in_a_loop_of_one_s_own():
    """warp, unwarp, seen_by_view and npair_loss as the notebook uses them: the gradient reaches the network."""
    images, _ = drawn()
    model = network()
    transform = affine.about_centre(affine.rotation([20.0] * 4), 32, 32)
    with tf.GradientTape() as tape:
        view = tf.sigmoid(model(semicurv_tf.warp(images, transform), training=True))
        aligned = semicurv_tf.unwarp(view, transform)
        target = tf.sigmoid(model(images, training=False))
        loss = semicurv_tf.npair_loss(aligned, target, semicurv_tf.seen_by_view(transform, 32, 32))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert 0 <= float(loss) < 2 * np.log(4) and any(tf.reduce_max(tf.abs(each)) > 0 for each in gradients)


def test_names_under_which_keras_files_know_the_parts():
    """Part of every saved file: a name that changed would make files unreadable."""
    for part in (semicurv_tf.IoU(), semicurv_tf.DiceLoss(), semicurv_tf.NPairLoss(), semicurv_tf.CoordEncoding()):
        stored = json.loads(json.dumps(keras.saving.serialize_keras_object(part)))
        assert stored["registered_name"] == f"semicurv_tf>{type(part).__name__}"
        assert type(keras.saving.deserialize_keras_object(stored)) is type(part)


@pytest.mark.parametrize(
    "module",
    [affine, warping, cross_entropy, dice, mse, npair, pixel_loss, valid_pixels],
    ids=lambda part: part.__name__,
)
def test_functions_convert_in_a_graph_of_one_s_own(module):
    """What AutoGraph cannot convert warns in every `tf.function` that a user writes around it."""
    own = [each for _, each in inspect.getmembers(module, inspect.isfunction) if each.__module__ == module.__name__]
    assert own and all(callable(tf.autograph.to_graph(each)) for each in own)
