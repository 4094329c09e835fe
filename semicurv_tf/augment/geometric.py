"""Geometric views: random affine transforms of Eq. 3 (Xu et al. 2022, Sect. III-C)."""

import math

import tensorflow as tf

from semicurv_tf.augment.randomness import draw
from semicurv_tf.config import ViewsConfig
from semicurv_tf.geometry import affine


def sample_transforms(views: ViewsConfig, batch: int, height, width, seed):
    """One random transform per image: flip, shear, scale, rotation about the centre, then translation.

    Args:
        views: ranges and probabilities.
        batch: number of transforms.
        height, width: of the images in pixels, numbers or scalar tensors.
        seed: `(2,)` int32, of `purpose_seed`.

    Returns:
        `(batch, 3, 3)` float32, source to transformed points.
    """
    if not views.geometric:
        return tf.eye(3, batch_shape=[batch])
    one_each = [batch]
    symmetric = lambda index, limit: draw(seed, index, one_each, -limit, limit)
    log_scale = math.log(views.scale)
    scale = tf.exp(symmetric(2, log_scale))
    about_centre = affine.compose(
        affine.flip(draw(seed, 0, one_each) < views.flip_horizontal, draw(seed, 1, one_each) < views.flip_vertical),
        affine.shear(symmetric(3, views.shear_degrees), tf.zeros(one_each)),
        affine.scaling(scale, scale),
        affine.rotation(symmetric(4, views.rotation_degrees)),
    )
    shift = affine.translation(
        symmetric(5, views.translation) * tf.cast(width, tf.float32),
        symmetric(6, views.translation) * tf.cast(height, tf.float32),
    )
    return affine.compose(affine.about_centre(about_centre, height, width), shift)
