"""TCSM: transformation-consistent self-ensembling (Li et al. 2020, IEEE TNNLS).

The student predicts a transformed image, the teacher the image itself; the teacher's prediction is transformed
likewise and compared in that pose. Transforms are those that Li et al. use: quarter turns, flips and scaling.
"""

import math

import tensorflow as tf

from semicurv_tf.augment.randomness import draw
from semicurv_tf.geometry import affine
from semicurv_tf.geometry.warp import warp
from semicurv_tf.losses import mse_loss
from semicurv_tf.methods.teacher_term import TeacherTerm


class TCSM(TeacherTerm):
    """Mean square error between the student's view and the teacher's prediction, taken into that view."""

    loss_name = "mse"

    def teach_batch(self, batch, step):
        """The teacher sees the image as it is."""
        unlabelled = batch["unlabelled"]
        return {"probability": self.teach(unlabelled["image"]), "valid": unlabelled["valid"]}

    def transforms(self, usual, labelled, height, width, seed):
        """Labelled images get the usual transforms, unlabelled ones those of Li et al."""
        own = quarter_turns(usual.shape[0], height, width, self.method.tcsm_scale, seed)
        return tf.concat([usual[:labelled], own[labelled:]], axis=0)

    def unlabelled_loss(self, batch, view, targets, probability):
        """The mean square error, in the view."""
        labelled = batch["labelled"]["image"].shape[0]
        transform = view["transform"][labelled:]
        target, valid = warp(targets["probability"], transform), warp(targets["valid"], transform)
        return mse_loss(probability[labelled:], target, valid)


def quarter_turns(count, height, width, scale, seed):
    """One of the eight flips and quarter turns about the centre, and a scaling, for each image.

    Args:
        count: number of transforms.
        height, width: of the images in pixels.
        scale: log-uniform in [1 / scale, scale]; 1 keeps the size.
        seed: `(2,)` int32, of `purpose_seed`.

    Returns:
        `(count, 3, 3)` float32.
    """
    size = tf.exp(draw(seed, 101, [count], -math.log(scale), math.log(scale)))
    turned = affine.compose(
        affine.flip(draw(seed, 102, [count]) < 0.5, tf.fill([count], False)),
        affine.scaling(size, size),
        affine.rotation(90.0 * tf.floor(draw(seed, 103, [count], 0.0, 4.0))),
    )
    return affine.about_centre(turned, height, width)
