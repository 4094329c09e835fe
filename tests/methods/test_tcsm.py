"""TCSM: transforms move pixels onto pixels, and the loss is taken in the view's pose."""

import numpy as np
import tensorflow as tf

from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.geometry.warp import warp
from semicurv_tf.methods.tcsm import quarter_turns


def test_without_scaling_the_transforms_are_the_eight_orientations():
    image = np.random.default_rng(0).normal(size=(6, 6)).astype("float32")
    transforms = quarter_turns(64, 6, 6, 1.0, purpose_seed(0, 0, "test"))
    views = warp(tf.tile(image[None, ..., None], [64, 1, 1, 1]), transforms).numpy()[..., 0]
    eight = [np.rot90(flipped, turns) for flipped in (image, image[:, ::-1]) for turns in range(4)]
    found = {min(range(8), key=lambda k: np.abs(view - eight[k]).max()) for view in views}
    assert found == set(range(8))
    assert max(min(np.abs(view - one).max() for one in eight) for view in views) < 1e-5


def test_scaling_is_log_uniform_between_its_bounds():
    transforms = quarter_turns(2000, 9, 9, 1.5, purpose_seed(0, 0, "test")).numpy()
    size = np.sqrt(np.abs(np.linalg.det(transforms)))
    assert size.min() >= 1 / 1.5 - 1e-5 and size.max() <= 1.5 + 1e-5
    assert abs(np.log(size).mean()) < 0.02


def test_loss_compares_the_view_with_the_transformed_teacher(make_method, batch):
    method = make_method(method__name="tcsm", method__tcsm_scale=1.3)
    targets = method.term.targets(batch, 0)
    view = method.student_view(batch, 0, method.term)
    probability = tf.random.stateless_uniform((5, 32, 32, 1), [1, 2])
    loss = method.term.unlabelled_loss(batch, view, targets, probability)
    transform = view["transform"][2:]
    target, valid = (
        warp(targets["probability"], transform).numpy(),
        warp(batch["unlabelled"]["valid"], transform).numpy(),
    )
    expected = np.sum(valid * (probability[2:].numpy() - target) ** 2) / valid.sum()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_labelled_images_get_the_usual_views(make_method, batch):
    semicurv, tcsm = make_method(method__name="semicurv"), make_method(method__name="tcsm", method__tcsm_scale=1.0)
    usual = semicurv.student_view(batch, 3, semicurv.term)["transform"]
    own = tcsm.student_view(batch, 3, tcsm.term)["transform"].numpy()
    np.testing.assert_array_equal(own[:2], usual[:2])
    np.testing.assert_allclose(np.abs(own[2:, :2, :2]).sum(axis=-1), 1, atol=1e-6)  # axes onto axes
