"""Standardisation by a random blend of an image's own statistics and those of all images.

Once deployed, a network is normalised by the statistics of a dataset, of a folder or of one image, nobody knows
which; what it learns must hold for all of them.
"""

import tensorflow as tf

from semicurv_tf.augment.randomness import draw

MEAN = 120.0  # of the drawn images, raw units, all channels alike
DEVIATION = 40.0
BLACK = 16.0  # raw units: pixels whose channels are all at most this show nothing (around a round field of view),
BLACK_SHARE = (0.02, 0.95)  # where they are such a share of the image: they then count in no statistics
LEAST_DEVIATION = 2.0  # raw units: an image that is flatter shows nothing but its camera's noise


def standardised(image, seed, least_share=0.0):
    """`(image - m) / s` per image and channel, m a weighted mean, s a weighted geometric mean.

    Of the image's own value and one for all images.

    Args:
        image: `(batch, height, width, channels)` float32, raw 0-255.
        seed: `(2,)` int32, of `purpose_seed`.
        least_share: the image's own share is uniform from here to 1.

    Returns:
        Same shape, float32.
    """
    black = tf.cast(tf.reduce_all(image <= BLACK, axis=-1, keepdims=True), tf.float32)
    black_share = tf.reduce_mean(black, axis=[1, 2], keepdims=True)
    around = tf.cast((black_share > BLACK_SHARE[0]) & (black_share < BLACK_SHARE[1]), tf.float32)
    counts = tf.broadcast_to(1.0 - black * around, tf.shape(image))
    mean, variance = tf.nn.weighted_moments(image, [1, 2], counts, keepdims=True)
    deviation = tf.maximum(tf.sqrt(variance), LEAST_DEVIATION)
    share = draw(seed, 0, [tf.shape(image)[0], 1, 1, 1], least_share, 1.0)
    blended_mean = share * mean + (1.0 - share) * MEAN
    blended_deviation = tf.exp(share * tf.math.log(deviation) + (1.0 - share) * tf.math.log(DEVIATION))
    return (image - blended_mean) / blended_deviation
