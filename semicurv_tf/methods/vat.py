"""VAT: virtual adversarial training with entropy minimisation (Miyato et al. 2018, IEEE TPAMI).

The prediction of an unlabelled image must not change when the image changes a little in the direction that would
change the prediction most; and it must be sure of itself.
"""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.geometry.warp import warp
from semicurv_tf.losses.valid_pixels import keep_valid_pixels
from semicurv_tf.methods.term import UnlabelledTerm

# The step, relative to the adversarial change, over which the direction is found by finite differences (xi).
PROBE = 0.1

EPSILON = 1e-6


class VAT(UnlabelledTerm):
    """Adds the divergence between predictions of a view and of its adversarial change, and the entropy of the former.

    Differs from Miyato et al.: the direction is found in inference mode, so that looking for it leaves the statistics
    of batch normalisation alone; the size of the change is a root mean square over pixels and channels in raw units
    (their 2.5 for 32x32x3 in [0, 1] is 11.5 of 255), so that it does not depend on the image's size.
    """

    def student_view(self, view, labelled, step):
        """The usual views, and those of the unlabelled images once more with the adversarial change."""
        image = view["image"][labelled:]
        changed = image + self._adversarial_change(image, step)
        return {**view, "image": tf.concat([view["image"], changed], axis=0)}

    def losses(self, batch, view, targets, probability, weight):
        """The divergence of the two predictions, and the entropy of the plain one."""
        labelled, unlabelled = (batch[part]["image"].shape[0] for part in ("labelled", "unlabelled"))
        plain, changed = probability[labelled : labelled + unlabelled], probability[labelled + unlabelled :]
        valid = warp(batch["unlabelled"]["valid"], view["transform"][labelled:])
        return {
            "divergence": (weight, divergence(tf.stop_gradient(plain), changed, valid)),
            "entropy": (weight * self.method.entropy_weight, divergence(plain, None, valid)),
        }

    def _adversarial_change(self, image, step):
        """The change of size `vat_size` along the direction that power iteration finds, `(batch, h, w, channels)`."""
        places = replicas.positions(image.shape[0])
        seed = purpose_seed(self.seed, step, "adversarial direction")
        shape = [places.total, *tf.unstack(tf.shape(image))[1:]]
        direction = unit(places.take(tf.random.stateless_normal(shape, seed)))
        predict = lambda image: tf.sigmoid(tf.cast(self.student(image, training=False), tf.float32))
        plain = predict(image)
        for _ in range(self.method.vat_iterations):
            with tf.GradientTape() as tape:
                tape.watch(direction)
                distance = divergence(plain, predict(image + PROBE * self.method.vat_size * direction))
            direction = unit(tape.gradient(distance, direction))
        return self.method.vat_size * tf.stop_gradient(direction)


def divergence(probability, other, valid=None):
    """The mean over pixels of KL(p || q) of two Bernoulli distributions, in nats; with `other` None the entropy of p.

    Args:
        probability: p, `(batch, height, width, 1)` float32.
        other: q, same shape, or None.
        valid: same shape, weights >= 0 of the pixels, or None: all 1. Without a valid pixel the mean is 0.
    """
    if valid is None:
        valid = tf.ones_like(probability)
    probability, valid = keep_valid_pixels(valid, probability=probability)
    mean = lambda cost: tf.math.divide_no_nan(*replicas.total([tf.reduce_sum(valid * cost), tf.reduce_sum(valid)]))
    log = lambda value: tf.math.log(EPSILON + (1.0 - 2.0 * EPSILON) * value)
    entropy = -probability * log(probability) - (1.0 - probability) * log(1.0 - probability)
    if other is None:
        return mean(entropy)
    cross = -probability * log(other) - (1.0 - probability) * log(1.0 - other)
    return mean(cross - entropy)


def unit(change):
    """Each image's change scaled to a root mean square of 1; 0 stays 0."""
    size = tf.sqrt(tf.reduce_mean(tf.square(change), axis=(1, 2, 3), keepdims=True))
    return tf.math.divide_no_nan(change, size)
