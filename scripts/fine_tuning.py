"""Fine-tuning that keeps what the start knows: a low rate, a cosine, averaged weights, drawn images in the batch."""

import keras
import numpy as np
import tensorflow as tf

from semicurv_tf.augment.colour import colour_view
from semicurv_tf.augment.geometric import sample_transforms
from semicurv_tf.augment.photometric import photometric_view
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.config import ViewsConfig
from semicurv_tf.geometry.warp import warp
from semicurv_tf.losses import dice_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.fused_adam import FusedAdam
from semicurv_tf.methods.moving_average import average_weight, move_average
from semicurv_tf.weights.blend import DEVIATION, LEAST_DEVIATION, MEAN

# Those of the landed recipes.
VIEWS = ViewsConfig(flip_vertical=0.5, colour=0.4, photometric=1.0)
AVERAGE = 0.99  # weight of the old average


class FineTuning:
    """A network that starts from weights and learns a few labelled images.

    Args:
        network: built, with its start.
        rate: of Adam, lowered to 0 by a cosine over `steps`.
        steps: length.
        seed: of the views.
        statistics: "batch": batch normalisation by the batch's statistics, whose moving average is deployed; "moving":
            by the start's moving statistics, which then never change.
        cross_entropy: weight of the cross-entropy beside Dice.
    """

    def __init__(
        self, network, rate: float, steps: int, seed: int, statistics: str = "batch", cross_entropy: float = 0.0
    ):
        self.student, self.deployed = network, keras.models.clone_model(network)
        if not self.deployed.built:
            self.deployed.build((None, None, None, network.channels))
        self.deployed.set_weights(network.get_weights())
        self.seed, self.in_training_mode, self.cross_entropy = seed, statistics == "batch", cross_entropy
        self.optimizer = FusedAdam(keras.optimizers.schedules.CosineDecay(rate, steps))
        self.optimizer.build(network.trainable_variables)
        self._graph = tf.function(self._step, reduce_retracing=True, autograph=False)
        self._predict = tf.function(
            lambda image: tf.sigmoid(self.deployed(image, training=False)), reduce_retracing=True
        )

    def train_step(self, labelled: dict, drawn: dict | None = None):
        """One step on the labelled images of a batch, and on drawn ones beside them; returns the loss."""
        if drawn is not None:
            labelled = {key: tf.concat([labelled[key], drawn[key]], 0) for key in ("image", "mask", "valid")}
        return self._graph(labelled["image"], labelled["mask"], labelled["valid"])

    def predict(self, image):
        """Probabilities (height, width) of a raw image (height, width, channels), by the averaged weights."""
        return np.asarray(self._predict(tf.constant(image[None], tf.float32)))[0, ..., 0]

    def _step(self, image, mask, valid):
        step = tf.cast(self.optimizer.iterations, tf.int32)
        seed = lambda purpose: purpose_seed(self.seed, step, f"fine-tuning {purpose}")
        height, width = image.shape[1], image.shape[2]
        transform = sample_transforms(VIEWS, image.shape[0], height, width, seed("geometric"))
        view = colour_view(warp(image, transform), VIEWS.colour, seed("colour"))
        view = photometric_view(view, VIEWS.photometric, seed("photometric"))
        target, valid = warp(mask, transform), warp(valid, transform)
        with tf.GradientTape() as tape:
            probability = tf.sigmoid(self.student(view, training=self.in_training_mode))
            loss = dice_loss(target, probability, valid, reduction="batch")
            if self.cross_entropy:
                loss += self.cross_entropy * weighted_cross_entropy_loss(
                    target, probability, valid, positive_weight=1.0
                )
        descend(self.optimizer, tape, loss, self.student.trainable_variables)
        rest = 1.0 - average_weight(step, AVERAGE)
        for average, current in zip(self.deployed.weights, self.student.weights):
            move_average(average, current.value, rest)
        return loss


def drawn_like(pool: dict, random: np.random.Generator, count: int, mean, deviation):
    """Drawn images as a dataset's network sees them: standardised by a blend, then in the dataset's own raw units.

    Args:
        pool: `image` (n, side, side, 3) uint8 and `mask` (n, side, side) uint8.
        random: of the step.
        count: number of images.
        mean, deviation: (channels,), of the dataset.

    Returns:
        `image`, `mask`, `valid`, float32 tensors; the image has as many channels as `mean`.
    """
    chosen = random.integers(0, len(pool["image"]), count)
    image = pool["image"][chosen].astype(np.float32)
    if len(mean) != image.shape[-1]:
        image = np.repeat(image.mean(-1, keepdims=True), len(mean), axis=-1)
    share = random.uniform(0, 1, (count, 1, 1, 1))
    own_mean = image.mean((1, 2), keepdims=True)
    own_deviation = np.maximum(image.std((1, 2), keepdims=True), LEAST_DEVIATION)
    centre = share * own_mean + (1 - share) * MEAN
    spread = np.exp(share * np.log(own_deviation) + (1 - share) * np.log(DEVIATION))
    shown = np.clip((image - centre) / spread * deviation + mean, 0, 255).astype(np.float32)
    mask = pool["mask"][chosen].astype(np.float32)[..., None]
    return {"image": tf.constant(shown), "mask": tf.constant(mask), "valid": tf.ones_like(mask)}
