"""The supervised loss reaches side outputs; the other losses use the fused output alone."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.losses import dice_loss, mse_loss

NO_VIEWS = {"views__geometric": False}
WIDTHS = [4, 4, 8, 8, 8]


def weights(network):
    return [np.array(weight.value) for weight in network.weights]


def outputs(method, image):
    return tf.sigmoid(method.student(image, training=True, sides=True)).numpy()


@pytest.fixture
def make(make_method):
    """A method with the named network whose side outputs differ: theirs begin alike, at 0."""

    def make(network, **settings):
        method = make_method(model__name=network, model__widths=WIDTHS, **settings)
        generator = np.random.default_rng(0)
        for head in method.student.side_heads:
            head.kernel.assign(generator.normal(0, 0.5, head.kernel.shape))
        if method.teacher is not None:
            method.teacher.set_weights(method.student.get_weights())
        return method

    return make


@pytest.mark.parametrize("network", ["hed", "fphbn"])
def test_sides_add_their_supervised_losses(make, batch, network):
    method = make(network, method__name="supervised", method__side_weight=0.5, **NO_VIEWS)
    maps, mask = outputs(method, batch["labelled"]["image"]), batch["labelled"]["mask"].numpy()
    expected = 0.0
    for side in range(1, 6):
        deeper = np.abs(maps[..., side + 1 : side + 2] - mask) if network == "fphbn" and side < 5 else 0.0
        weight = 1.0 + deeper + np.zeros_like(mask)
        both = np.sum(weight * (maps[..., side : side + 1] + mask), axis=(1, 2, 3))
        expected += np.mean(1 - 2 * np.sum(weight * maps[..., side : side + 1] * mask, axis=(1, 2, 3)) / both)
    logs = method.train_step(batch)
    np.testing.assert_allclose(logs["sides"], expected, rtol=1e-4)
    np.testing.assert_allclose(logs["dice"], dice_loss(mask, maps[..., :1]), rtol=1e-4)
    np.testing.assert_allclose(logs["loss"], logs["dice"] + 0.5 * logs["sides"], rtol=1e-5)


def test_a_side_learns_though_the_fusion_ignores_it(make, batch):
    for weight, moves in ((1.0, True), (0.0, False)):
        method = make("hed", method__name="supervised", method__side_weight=weight, **NO_VIEWS)
        method.student.fuse.kernel.assign(tf.zeros((1, 1, 5, 1)))
        before = weights(method.student.side_heads[4])
        method.train_step(batch)
        assert np.any(weights(method.student.side_heads[4])[0] != before[0]) == moves


def test_consistency_compares_the_fused_output(make, batch):
    method = make("hed", method__name="mean_teacher", **NO_VIEWS)
    images = tf.concat([batch["labelled"]["image"], batch["unlabelled"]["image"]], axis=0)
    student = outputs(method, images)[2:, ..., :1]
    teacher = tf.sigmoid(method.teacher(batch["unlabelled"]["image"], training=False))
    assert teacher.shape[-1] == 1
    logs = method.train_step(batch)
    np.testing.assert_allclose(logs["mse"], mse_loss(student, teacher), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("name", ["semicurv", "cutmix", "tcsm", "vat", "cgan", "pseudo_label"])
def test_every_method_takes_a_network_with_sides(make, batch, name):
    logs = make("fphbn", method__name=name, method__batch_statistics="separate").train_step(batch)
    assert all(np.isfinite(value) for value in logs.values()) and 0 < logs["sides"] < 5.0001
