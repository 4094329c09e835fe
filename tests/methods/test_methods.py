"""A step of each method against what the paper says it computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.augment.transplant import with_transplants
from semicurv_tf.config import TrainingConfig, ViewsConfig
from semicurv_tf.geometry.orientations import orient, orient_back
from semicurv_tf.losses import dice_loss, mse_loss, npair_loss
from semicurv_tf.methods import Learner
from semicurv_tf.methods.registry import LOSS_LABELS, METHODS, methods_with
from tests.repeated import repeated

NO_VIEWS = {"views__flip_horizontal": 0.0, "views__rotation_degrees": 0.0, "views__translation": 0.0}
FEW = ["supervised", "mean_teacher", "semicurv", "pseudo_label"]


def weights(network):
    return [np.array(weight.value) for weight in network.weights]


def run(method, batch, steps):
    return method.fit(repeated(batch, steps), verbose=0, shuffle=False).history


@pytest.mark.parametrize("name", METHODS)
def test_step_learns_a_line(make_method, batch, name):
    settings = {"training__learning_rate": 0.5, "training__gradient_clip": None, "model__widths": [4, 8]}
    method = make_method(method__name=name, **settings, **NO_VIEWS)
    step = tf.function(method.train_step, autograph=False)  # twenty steps op by op take longer than the graph to build
    before = step(batch)
    for _ in range(19):
        after = step(batch)
    assert float(after["dice"]) < 0.6 * float(before["dice"])
    # Whatever is neither a loss nor watched otherwise would be missing from the progress.
    assert set(before) - set(LOSS_LABELS) <= {"ramp", "foreground", "student_iou"}


@pytest.mark.parametrize("name", FEW)
def test_same_seed_gives_the_same_weights_and_another_does_not(make_method, batch, name):
    results = []
    for seed in (0, 0, 1):
        method = make_method(method__name=name, training__seed=seed)
        # One seed of initial weights: only views may differ.
        method.student.set_weights(weights(make_method(method__name=name).student))
        for _ in range(3):  # op by op: three graphs would take longer to build
            method.train_step(batch)
        results.append(weights(method.deployed))
    for first, second in zip(results[0], results[1]):
        np.testing.assert_array_equal(first, second)
    assert max(np.abs(first - other).max() for first, other in zip(results[0], results[2])) > 1e-5


def test_losses_without_views_are_those_of_the_formulas(make_method, batch):
    method = make_method(method__name="semicurv", method__consistency_weight=3.0, method__rampup=0.0, **NO_VIEWS)
    images = tf.concat([batch["labelled"]["image"], batch["unlabelled"]["image"]], axis=0)
    before = weights(method.student)
    probability = tf.sigmoid(method.student(images, training=True))
    method.student.set_weights(before)  # the pass above moved the batch statistics
    teacher = tf.sigmoid(method.teacher(batch["unlabelled"]["image"], training=False))
    dice = dice_loss(batch["labelled"]["mask"], probability[:2])
    npair = npair_loss(probability[2:], teacher)
    logs = method.train_step(batch)
    np.testing.assert_allclose(logs["dice"], dice, rtol=1e-4)
    np.testing.assert_allclose(logs["npair"], npair, rtol=1e-4)
    np.testing.assert_allclose(logs["loss"], dice + 3.0 * npair, rtol=1e-4)
    assert logs["ramp"] == 1.0


def test_mean_teacher_compares_by_mean_square_error(make_method, batch):
    method = make_method(method__name="mean_teacher", **NO_VIEWS)
    before = weights(method.student)
    images = tf.concat([batch["labelled"]["image"], batch["unlabelled"]["image"]], axis=0)
    student = tf.sigmoid(method.student(images, training=True))[2:]
    method.student.set_weights(before)
    teacher = tf.sigmoid(method.teacher(batch["unlabelled"]["image"], training=False))
    np.testing.assert_allclose(method.train_step(batch)["mse"], mse_loss(student, teacher), rtol=1e-4)


def test_aligned_prediction_of_a_flip_is_flipped_back(make_method, batch):
    """With a certain flip the loss in the original pose equals the loss of the flipped images and masks."""
    flipped = {part: {name: tensor[:, :, ::-1] for name, tensor in content.items()} for part, content in batch.items()}
    settings = {"method__name": "supervised", **NO_VIEWS}
    plain = make_method(**settings).train_step(flipped)["dice"]
    for pose in ("original", "view"):
        method = make_method(method__loss_pose=pose, **{**settings, "views__flip_horizontal": 1.0})
        np.testing.assert_allclose(method.train_step(batch)["dice"], plain, rtol=1e-4)


def test_pixels_a_view_never_saw_do_not_count(make_method, batch):
    """A mask changed only where the view does not look changes neither loss nor gradient."""
    from semicurv_tf.augment.geometric import sample_transforms
    from semicurv_tf.augment.randomness import purpose_seed
    from semicurv_tf.geometry.warp import seen_by_view

    results = []
    for change in (False, True):
        method = make_method(method__name="supervised", training__learning_rate=0.1)
        transform = sample_transforms(method.random_views.views, 2, 32, 32, purpose_seed(0, 0, "student geometric"))
        seen = seen_by_view(transform, 32, 32)
        assert 0 < float(tf.reduce_mean(1 - seen)) < 0.6
        labelled = dict(batch["labelled"])
        if change:
            labelled["mask"] = tf.where(seen > 0, labelled["mask"], 1 - labelled["mask"])
        loss = method.train_step({"labelled": labelled})["dice"]
        results.append((float(loss), weights(method.student)))
    assert results[0][0] == results[1][0]
    for first, second in zip(results[0][1], results[1][1]):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("statistics", ["averaged", "batch"])
def test_teacher_is_the_moving_average(make_method, batch, statistics):
    """alpha_t = min(1 - 1/(t+1), alpha): 0, 1/2, then alpha = 0.6; in NumPy beside the method."""
    method = make_method(method__ema_alpha=0.6, method__teacher_statistics=statistics, training__learning_rate=0.3)
    average = weights(method.teacher)
    trained = [weight.trainable for weight in method.student.weights]
    for alpha in (0.0, 0.5, 0.6, 0.6):
        method.train_step(batch)
        average = [alpha * old + (1 - alpha) * new for old, new in zip(average, weights(method.student))]
        for is_trained, expected, actual in zip(trained, average, weights(method.teacher)):
            if is_trained or statistics == "averaged":
                np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    moved = [
        np.abs(expected - actual).max()
        for is_trained, expected, actual in zip(trained, average, weights(method.teacher))
        if not is_trained
    ]
    # On batch statistics the teacher keeps the statistics of its own passes.
    assert (max(moved) > 1e-2) == (statistics == "batch")


@pytest.mark.parametrize("name", ["supervised", "mean_teacher"])
def test_a_share_of_the_start_stays_in_the_average(make_method, batch, name):
    """0.3 of the start and 0.7 of the student's moving average, computed apart in NumPy."""
    own = {"method__average_weights": True} if name == "supervised" else {}
    method = make_method(
        method__name=name, method__ema_alpha=0.6, method__start_share=0.3, training__learning_rate=0.3,
        model__start="run", **own,
    )  # fmt: skip
    method.student.set_weights([weight + 0.01 for weight in weights(method.student)])
    method.remember_start()
    start = average = weights(method.student)
    for alpha in (0.0, 0.5, 0.6, 0.6):
        method.train_step(batch)
        average = [alpha * old + (1 - alpha) * new for old, new in zip(average, weights(method.student))]
    for first, learned, actual in zip(start, average, weights(method.teacher), strict=True):
        np.testing.assert_allclose(actual, 0.3 * first + 0.7 * learned, rtol=1e-4, atol=1e-6)


def test_nothing_of_random_weights_stays(make_method, batch):
    method = make_method(method__name="mean_teacher", method__start_share=0.5)
    assert method.method.start_share == 0.0 and not method.other_variables


def test_a_saved_learner_remembers_its_start(make_method, batch, tmp_path):
    method = make_method(
        method__name="supervised", method__average_weights=True, method__start_share=0.5, model__start="run"
    )
    method.train_step(batch)
    method.save(tmp_path / "learner.keras")
    again = keras.saving.load_model(tmp_path / "learner.keras")
    method.train_step(batch), again.train_step(batch)
    for one, another in zip(weights(method.teacher), weights(again.teacher), strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-4, atol=1e-6)


def test_supervised_deploys_its_student_or_the_average_where_asked(make_method, batch):
    plain = make_method(method__name="supervised")
    assert plain.teacher is None and plain.deployed is plain.student
    averaged = make_method(method__name="supervised", method__average_weights=True, method__ema_alpha=0.9)
    run(averaged, batch, 3)
    assert averaged.deployed is averaged.teacher
    image = batch["labelled"]["image"]
    np.testing.assert_array_equal(averaged(image), averaged.teacher(image, training=False))
    assert np.abs(averaged(image) - averaged.student(image, training=False)).max() > 1e-6


def test_gradient_values_are_clipped(make_method, batch):
    method = make_method(method__name="supervised", training__learning_rate=1.0, training__gradient_clip=1e-4)
    before = weights(method.student)
    method.train_step(batch)
    for weight, old in zip(method.student.weights, before):
        if weight.trainable:
            assert np.abs(np.array(weight.value) - old).max() <= 1.001e-4


def test_wbce_and_l2_are_choices(make_method, batch):
    method = make_method(
        method__name="semicurv", method__supervised_loss="wbce", method__similarity="l2", method__rampup=0.0
    )
    logs = method.train_step(batch)
    np.testing.assert_allclose(logs["loss"], logs["wbce"] + logs["npair"], rtol=1e-5)


def test_bfloat16_losses_are_float32_and_close(make_method, batch):
    from semicurv_tf.config import load_config
    from semicurv_tf.methods import build_method

    settings = {"model.widths": [4, 8], "method.rampup": 0.0}
    narrow = build_method(load_config(None, settings), 3, [128.0] * 3, [64.0] * 3, 20, "mixed_bfloat16")
    wide = make_method(method__rampup=0.0, model__widths=[4, 8])
    narrow.student.set_weights(weights(wide.student))
    narrow.teacher.set_weights(weights(wide.teacher))
    narrow.compile(optimizer="sgd", jit_compile=False)
    narrow_logs, wide_logs = narrow.train_step(batch), wide.train_step(batch)
    for name in ("dice", "npair"):
        assert narrow_logs[name].dtype == tf.float32
        np.testing.assert_allclose(narrow_logs[name], wide_logs[name], rtol=0.05)


def test_pseudo_label_by_hand(make_method):
    """Probabilities 0.9, 0.6, 0.2, 0.1 of the teacher; below confidence 0.5 the second does not count."""
    method = make_method(method__name="pseudo_label", method__confidence=0.5)
    row = lambda *values: tf.constant(values, tf.float32, shape=(1, 1, 4, 1))
    loss = method.term.compare(row(0.5, 0.5, 0.5, 0.0), row(0.9, 0.6, 0.2, 0.1), row(1, 1, 1, 1), row(1, 1, 1, 0))
    # Counted: the first (foreground) and the third (background): 1 - 2 * 0.5 / (1 + 0.5 + 0.5).
    np.testing.assert_allclose(loss, 0.5, atol=1e-6)


def test_plain_teacher_sees_the_image_as_it_is_over_orientations(make_method, batch):
    settings = {"method__name": "mean_teacher", "method__teacher_view": "plain", "views__translation": 0.3}
    method = make_method(method__teacher_orientations=8, **settings)
    targets = method.term.targets(batch, tf.constant(0))
    image = batch["unlabelled"]["image"].numpy()
    total = 0.0
    for turns in range(4):
        for flipped in (False, True):
            view = np.rot90(image, turns, axes=(1, 2))
            view = view[:, :, ::-1] if flipped else view
            probability = tf.sigmoid(method.teacher(np.ascontiguousarray(view), training=False)).numpy()
            probability = probability[:, :, ::-1] if flipped else probability
            total = total + np.rot90(probability, -turns, axes=(1, 2))
    np.testing.assert_allclose(targets["probability"], total / 8, rtol=1e-4)
    np.testing.assert_array_equal(targets["valid"], batch["unlabelled"]["valid"])


def test_the_teacher_sees_several_scales(make_method, batch):
    from semicurv_tf.geometry.scales import blended

    settings = {"method__name": "mean_teacher", "method__teacher_view": "plain", "method__teacher_scales": (1.0, 2.0)}
    method = make_method(**settings)
    image = batch["unlabelled"]["image"]
    see = lambda image: tf.sigmoid(method.teacher(image, training=False))
    large = tf.image.resize(image, [64, 64], antialias=True)
    expected = blended(tf.stack([see(image), tf.image.resize(see(large), [32, 32])]))
    found = method.term.targets(batch, tf.constant(0))["probability"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert method.method.passes == 3 + 5  # the student's; once as it is, and four times its pixels


@pytest.mark.parametrize(
    ("name", "statistics"),
    [(name, "joint") for name in ("mean_teacher", "cutmix", "semicurv", "tcsm", "vat", "pseudo_label")]
    + [("mean_teacher", "separate"), ("mean_teacher", "moving")],
)
def test_a_step_without_a_labelled_image_is_the_terms_alone(make_method, batch, name, statistics):
    method = make_method(method__name=name, method__batch_statistics=statistics, training__learning_rate=0.1)
    none = {key: array[:0] for key, array in batch["labelled"].items()}
    before = weights(method.student)
    reports = method.train_step({"labelled": none, "unlabelled": batch["unlabelled"]})
    assert "dice" not in reports and "student_iou" not in reports
    # At the first step the ramp is low, but its gradient is not zero.
    assert np.isfinite(float(reports["loss"]))
    changed = [np.abs(old - new).max() for old, new in zip(before, weights(method.student))]
    assert max(changed) > 0
    moving = [
        np.abs(old - new.value).max() for old, new in zip(before, method.student.weights) if "moving_mean" in new.path
    ]
    assert (max(moving) == 0) == (statistics == "moving")


def test_separate_statistics_normalise_labelled_images_as_in_supervised_learning(make_method, batch):
    """With the weight of the unlabelled loss at 0 the step is the supervised one, except for the moving statistics."""
    alone = make_method(method__name="supervised", **NO_VIEWS)
    apart = make_method(
        method__name="semicurv", method__batch_statistics="separate", method__consistency_weight=0.0, **NO_VIEWS
    )
    joint = make_method(method__name="semicurv", method__consistency_weight=0.0, **NO_VIEWS)
    for other in (apart, joint):
        other.student.set_weights(weights(alone.student))
    batch["unlabelled"]["image"] += 60.0  # another light, which joint statistics mix in
    alone_dice, apart_dice, joint_dice = (float(method.train_step(batch)["dice"]) for method in (alone, apart, joint))
    np.testing.assert_allclose(apart_dice, alone_dice, rtol=1e-6)
    assert abs(joint_dice - alone_dice) > 1e-4
    for one, other in zip(alone.student.trainable_variables, apart.student.trainable_variables):
        np.testing.assert_allclose(np.array(one.value), np.array(other.value), rtol=1e-4, atol=1e-6)


def test_moving_statistics_are_those_of_supervised_learning(make_method, batch):
    """Weight 0: the whole step is the supervised one, moving statistics included, whatever unlabelled images show."""
    alone = make_method(method__name="supervised", **NO_VIEWS)
    both = make_method(
        method__name="semicurv", method__batch_statistics="moving", method__consistency_weight=0.0, **NO_VIEWS
    )
    both.student.set_weights(weights(alone.student))
    batch["unlabelled"]["image"] += 60.0
    assert float(alone.train_step(batch)["dice"]) == pytest.approx(float(both.train_step(batch)["dice"]), rel=1e-6)
    for one, other in zip(weights(alone.student), weights(both.student)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_moving_statistics_normalise_unlabelled_images_as_deployed(make_method, batch):
    method = make_method(method__name="mean_teacher", method__batch_statistics="moving", **NO_VIEWS)
    run(method, batch, 3)
    before = weights(method.student)
    method.student(batch["labelled"]["image"], training=True)  # the labelled images of the step come first
    deployed = tf.sigmoid(method.student(batch["unlabelled"]["image"], training=False))
    teacher = tf.sigmoid(method.teacher(batch["unlabelled"]["image"], training=False))
    method.student.set_weights(before)
    np.testing.assert_allclose(method.train_step(batch)["mse"], mse_loss(deployed, teacher), rtol=1e-3)


@pytest.mark.parametrize("name", ["mean_teacher", "cutmix", "tcsm", "vat", "cgan"])
def test_a_step_without_unlabelled_images_is_supervised(make_method, batch, name):
    averaged = {"method__average_weights": True}
    own = averaged if name in methods_with("average_weights") else {}
    alone = make_method(method__name="supervised", training__learning_rate=0.3, **averaged)
    method = make_method(method__name=name, method__unlabelled_from=0.5, training__learning_rate=0.3, **own)
    method.student.set_weights(weights(alone.student))
    method.teacher.set_weights(weights(alone.teacher))
    labelled = {"labelled": batch["labelled"]}
    for _ in range(2):
        expected, actual = alone.train_step(labelled), method.train_step(labelled)
    assert set(expected) == set(actual)
    for one, other in zip(weights(alone.deployed), weights(method.deployed)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert set(method.train_step(batch)) > set(expected)


def test_the_ramp_begins_with_the_unlabelled_images(make_method):
    method = make_method(steps=100, method__unlabelled_from=0.6, method__rampup=0.5)
    # Over the 40 steps left it rises for 20: at step 60 e^-10, at 70 e^-2.5, at 80 1.
    np.testing.assert_allclose([method.rise(step) for step in (60, 70, 80, 99)], np.exp([-10, -2.5, 0, 0]), rtol=1e-5)


@pytest.mark.parametrize("name", ["mean_teacher", "cutmix"])
def test_soft_pseudo_labels_by_hand(make_method, name):
    """Cross-entropy against 0.9 and 0.2, predicted 0.5 and 0.4; the third pixel is not valid."""
    method = make_method(method__name=name, method__pixel_loss="cross_entropy")
    row = lambda *values: tf.constant(values, tf.float32, shape=(1, 1, 3, 1))
    loss = method.term.compare(row(0.5, 0.4, 0.0), row(0.9, 0.2, 0.1), row(1, 1, 1), row(1, 1, 0))
    np.testing.assert_allclose(loss, (np.log(2) - 0.2 * np.log(0.4) - 0.8 * np.log(0.6)) / 2, rtol=1e-5)


def test_the_log_tells_which_pixel_loss(make_method, batch):
    assert "mse" in make_method(method__name="mean_teacher").train_step(batch)
    assert "cross_entropy" in make_method(method__name="mean_teacher", method__pixel_loss="cross_entropy").train_step(
        batch
    )


def test_teacher_in_an_orientation_sees_all_eight_over_the_steps(make_method, batch):
    """Each step's target is the prediction in one orientation; over the steps all eight come."""
    method = make_method(method__name="mean_teacher", method__teacher_view="orientation")
    image = batch["unlabelled"]["image"]
    predict = lambda view: tf.sigmoid(method.teacher(view, training=False))
    eight = [orient_back(predict(orient(image, number)), number) for number in range(8)]
    drawn = set()
    for step in range(40):
        target = method.term.targets(batch, tf.constant(step))["probability"]
        distances = [float(np.abs(target - each).max()) for each in eight]
        assert min(distances) < 1e-5
        drawn.add(int(np.argmin(distances)))
    assert drawn == set(range(8))


@pytest.mark.parametrize("name", ["supervised", "mean_teacher", "cutmix", "vat", "cgan"])
def test_transplants_lie_on_whole_unlabelled_images(make_method, batch, name):
    """What the student sees of the labelled images are the transplants, from the step on that has unlabelled ones."""
    method = make_method(method__name=name, method__transplants=1.0)
    step = tf.constant(3)
    seen = method.student_batch(batch, step, method.term)
    expected = with_transplants(batch["labelled"], batch["unlabelled"], 1.0, purpose_seed(0, 3, "transplants"))
    assert float(tf.reduce_min(expected["valid"])) == 0.0
    for key in ("image", "mask", "valid"):
        np.testing.assert_array_equal(seen["labelled"][key], expected[key])
    assert np.isfinite(float(method.train_step(batch)["loss"]))
    assert np.isfinite(float(method.train_step({"labelled": batch["labelled"]})["loss"]))


def test_supervised_learns_from_its_transplants_alone(make_method, batch):
    """The hosts of transplants are nothing to learn from by themselves: no image more in the student's batch."""
    method = make_method(method__name="supervised", method__transplants=1.0, **NO_VIEWS)
    step = tf.constant(0)
    view = method.student_view(method.student_batch(batch, step), step)
    expected = with_transplants(batch["labelled"], batch["unlabelled"], 1.0, purpose_seed(0, 0, "transplants"))
    np.testing.assert_allclose(view["image"], expected["image"], atol=1e-3)


@pytest.mark.parametrize("name", METHODS)
def test_a_keras_user_compiles_and_fits(batch, name):
    """With nothing of this project but the learner: Keras' `fit` over a `tf.data.Dataset` of the documented batches."""
    settings = METHODS[name]()
    # Rescaled, since raw 0-255 would saturate the sigmoid of so small a network.
    student, teacher = (
        keras.Sequential(
            [
                keras.Input((None, None, 3)),
                keras.layers.Rescaling(0.01, -1.0),
                keras.layers.Conv2D(1, 3, padding="same"),
            ]
        )
        for _ in range(2)
    )
    learner = Learner(
        student, teacher if settings.needs_teacher else None, settings, ViewsConfig(), TrainingConfig(), 6
    )
    learner.compile(optimizer=keras.optimizers.Adam(0.01))
    before = weights(learner.deployed)
    batches = repeated(batch)
    history = learner.fit(batches, epochs=2, steps_per_epoch=3, shuffle=False, verbose=0).history
    assert len(history["loss"]) == 2 and np.all(np.isfinite(history["loss"]))
    assert set(settings.losses) - {"cross_entropy"} <= set(history)
    assert int(learner.optimizer.iterations.numpy()) == 6
    assert any(np.abs(old - new).max() > 0 for old, new in zip(before, weights(learner.deployed)))
    assert learner.predict(batch["labelled"]["image"], verbose=0).shape == (2, 32, 32, 1)


def test_which_methods_have_a_teacher_by_themselves():
    assert {name for name, settings in METHODS.items() if settings().needs_teacher} == {
        "mean_teacher", "semicurv", "pseudo_label", "drawn_curves", "cutmix", "tcsm",
    }  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_what_the_registry_says_of_losses_is_what_a_step_reports(make_method, batch, name):
    reported = set(make_method(method__name=name).train_step(batch))
    watched = {"loss", "dice", "student_iou", "foreground", "ramp"}
    assert reported - watched == set(METHODS[name].losses) - {"cross_entropy"}
    assert set(METHODS[name].losses) <= set(LOSS_LABELS)
