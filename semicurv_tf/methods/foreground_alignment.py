"""Distribution alignment: as much foreground in unlabelled images as in labelled masks (Berthelot et al. 2020).

A teacher that learned from one photograph may find next to nothing in photographs that look different. The images are
drawn alike, so their shares of foreground should agree on average; the teacher's odds are scaled until they do.
"""

import keras
import tensorflow as tf

from semicurv_tf import replicas

MEMORY = 0.95  # of the moving shares: about the last 20 steps
LARGEST_RATIO = 10.0  # by which odds are scaled at most, up or down
EPSILON = 1e-5


class ForegroundAlignment:
    """Keeps the moving shares of foreground and scales probabilities.

    Attributes:
        shares: variable `(2,)`: of the labelled masks and of the teacher's probabilities; (0, 0) before the first step.
    """

    def __init__(self):
        self.shares = keras.Variable([0.0, 0.0], trainable=False, aggregation="mean", name="foreground_shares")

    def __call__(self, probability, valid, mask, mask_valid):
        """The probabilities with aligned odds, `(batch, height, width, 1)`.

        Args:
            probability: the teacher's of unlabelled images, `(batch, height, width, 1)` float32.
            valid: its valid pixels, same shape.
            mask, mask_valid: of the labelled images of the step.
        """
        sums = [mask * mask_valid, mask_valid, probability * valid, valid]
        labelled, labelled_pixels, found, pixels = replicas.total([tf.reduce_sum(each) for each in sums])
        now = tf.stack([tf.math.divide_no_nan(labelled, labelled_pixels), tf.math.divide_no_nan(found, pixels)])
        old = tf.convert_to_tensor(self.shares.value)
        shares = tf.where(tf.reduce_all(old == 0.0), now, MEMORY * old + (1.0 - MEMORY) * now)
        self.shares.assign(shares)
        return scale_odds(probability, odds(shares[0]) / odds(shares[1]))


def odds(share):
    """share / (1 - share), kept off 0 and infinity."""
    return (share + EPSILON) / (1.0 - share + EPSILON)


def scale_odds(probability, ratio):
    """The probability whose odds are `ratio` times those of `probability`; the ratio is cut to 1/10 to 10."""
    ratio = tf.clip_by_value(ratio, 1.0 / LARGEST_RATIO, LARGEST_RATIO)
    return ratio * probability / (ratio * probability + 1.0 - probability)
