"""CutMix: boxes, partners, and the mixed target."""

import numpy as np
import tensorflow as tf

from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.losses import mse_loss
from semicurv_tf.methods.cutmix import partner, paste, random_boxes

NO_VIEWS = {"views__geometric": False}


def boxes(area=0.5, count=200, height=32, width=48):
    return random_boxes(count, height, width, area, purpose_seed(0, 1, "test")).numpy()[..., 0]


def test_boxes_are_rectangles_of_the_asked_area():
    for box in boxes():
        rows, columns = box.any(axis=1), box.any(axis=0)
        np.testing.assert_array_equal(box, rows[:, None] & columns[None, :])
        for side in (rows, columns):
            assert np.count_nonzero(np.diff(side.astype(int), prepend=0, append=0)) == 2  # one stretch
        assert abs(box.mean() - 0.5) < 0.03


def test_boxes_lie_everywhere():
    share = boxes(count=1000).mean(axis=0)
    assert share.min() > 0 and abs(share.mean() - 0.5) < 0.01


def test_partner_is_the_next_image_and_the_box_is_its():
    maps = tf.constant([1.0, 2.0, 3.0], shape=(3, 1, 1, 1)) * tf.ones((3, 1, 2, 1))
    inside = tf.constant([False, True], shape=(1, 1, 2, 1))
    np.testing.assert_array_equal(np.squeeze(paste(maps, partner(maps), inside)), [[1, 2], [2, 3], [3, 1]])


def test_target_is_the_mix_of_the_teachers_predictions(make_method, batch):
    method = make_method(method__name="cutmix", method__teacher_view="plain", **NO_VIEWS)
    batch["unlabelled"]["image"] = batch["unlabelled"]["image"] * tf.constant([0.3, 1.0, 1.6])[:, None, None, None]
    image = batch["unlabelled"]["image"]
    box = random_boxes(3, 32, 32, 0.5, purpose_seed(0, 0, "cutmix"))
    mixed = tf.where(box, tf.roll(image, -1, axis=0), image)
    teacher = tf.sigmoid(method.teacher(image, training=False))
    target = tf.where(box, tf.roll(teacher, -1, axis=0), teacher)
    before = method.student.get_weights()
    student = tf.sigmoid(method.student(tf.concat([batch["labelled"]["image"], mixed], axis=0), training=True))[2:]
    method.student.set_weights(before)
    np.testing.assert_allclose(method.train_step(batch)["cutmix"], mse_loss(student, target), rtol=1e-4)
