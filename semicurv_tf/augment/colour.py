"""Colour views: another light, another camera, another patient.

Differs from the paper, which has geometric views only. Images of one dataset differ most in brightness, contrast
and tint; two labelled images show two of them.
"""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import draw

SHIFT = 64.0  # raw units at strength 1

# Each change has a part that all channels share and a part of each channel's own, relative to the shared one.
OWN_GAMMA = 0.3
OWN_CONTRAST = 0.5
OWN_SHIFT = 0.5


def colour_view(image, strength, seed, places=None):
    """Changes gamma, contrast and brightness of each image and channel by random amounts.

    log gamma, log contrast and shift / SHIFT are sums of a part that the channels share, uniform in +- strength, and
    a part of each channel's own, uniform in +- strength times the `OWN_` share.

    Args:
        image: `(batch, height, width, channels)` float32, raw 0-255.
        strength: in [0, 1); 0 returns `image` itself. 0.4 changes gamma by up to e^0.52 = 1.7.
        seed: `(2,)` int32, of `purpose_seed`.
        places: `replicas.Positions` of the images in the global batch; None: they are of one kind.

    Returns:
        Same shape, float32, clipped to 0-255.
    """
    if strength == 0:
        return image
    places = places or replicas.positions(tf.shape(image)[0])

    def amount(number, own):
        # Drawn for all images of the global batch: a replica's images get what they would get anywhere.
        shared = draw(seed, 2 * number, [places.total, 1, 1, 1], -strength, strength)
        each = draw(seed, 2 * number + 1, [places.total, 1, 1, image.shape[-1]], -strength, strength)
        return places.take(shared + own * each)

    return change_colour(
        image, tf.exp(amount(0, OWN_GAMMA)), tf.exp(amount(1, OWN_CONTRAST)), SHIFT * amount(2, OWN_SHIFT)
    )


def change_colour(image, gamma, contrast, shift):
    """`m + contrast (255 (image / 255)^gamma - m) + shift`, m the mean over the pixels; clipped to 0-255.

    Args:
        image: `(batch, height, width, channels)` float32, raw 0-255.
        gamma, contrast, shift: broadcastable to `(batch, 1, 1, channels)`; the shift in raw units.
    """
    # From 0.0255 on: the slope of a power has no bound at 0.
    bent = 255.0 * tf.pow(tf.clip_by_value(image / 255.0, 1e-4, 1.0), gamma)
    mean = tf.reduce_mean(bent, axis=(1, 2), keepdims=True)
    return tf.clip_by_value(mean + contrast * (bent - mean) + shift, 0.0, 255.0)
