"""One step of pre-training: views, standardisation, Dice and cross-entropy, Adam, averaged weights."""

import math
from typing import Any

import keras
import tensorflow as tf

from semicurv_tf.augment.colour import colour_view
from semicurv_tf.augment.geometric import sample_transforms
from semicurv_tf.augment.photometric import photometric_view
from semicurv_tf.augment.randomness import draw, purpose_seed
from semicurv_tf.geometry import affine
from semicurv_tf.geometry.warp import warp
from semicurv_tf.losses import dice_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.fused_adam import FusedAdam
from semicurv_tf.methods.moving_average import average_weight, move_average
from semicurv_tf.metrics.overlap import batch_iou
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.pretraining.settings import VIEWS, PretrainingSettings
from semicurv_tf.weights.blend import standardised
from semicurv_tf.weights.start import load_start

WARM_UP = 200  # steps over which the rate rises, so that the first gradients do not decide
GRADIENT_CLIP = 1.0  # of each value


class PretrainingLearner:
    """A network that learns drawn curves; its weights and their average are what a checkpoint keeps.

    `student`, `teacher`, `optimizer` and `other_variables` are named as `training.checkpoints` wants them.
    """

    def __init__(self, settings: PretrainingSettings, steps: int):
        keras.utils.set_random_seed(settings.seed)
        self.settings, self.steps = settings, steps
        self.student, self.teacher = _network(settings), _network(settings)
        self.teacher.set_weights(self.student.get_weights())
        self.optimizer = FusedAdam(_rate(settings, steps))
        self.optimizer.build(self.student.trainable_variables)
        self.other_variables: list[tf.Variable] = []

    def begin(self) -> dict[str, Any] | None:
        """Takes the weights that a new run starts from; returns their card, None where they are random."""
        if not self.settings.start:
            return None
        weights = load_start(self.student, self.settings.start, colours=True)
        self.teacher.set_weights(self.student.get_weights())
        return weights.card

    @tf.function(autograph=False)  # one graph per stage: crops of two sizes in one graph would have no known size
    def train_step(self, image, mask):
        """One step.

        Args:
            image: `(batch, size, size, 3)` uint8.
            mask: `(batch, size, size, 1)` uint8, 0 or 1.

        Returns:
            Scalars by name.
        """
        settings = self.settings
        step = tf.cast(self.optimizer.iterations, tf.int32)
        seed = lambda purpose: purpose_seed(settings.seed, step, f"pretraining {purpose}")
        image, target = self._view(tf.cast(image, tf.float32), tf.cast(mask, tf.float32), seed)
        image = standardised(image, seed("statistics"))
        with tf.GradientTape() as tape:
            probability = tf.sigmoid(self.student(image, training=True))
            dice = dice_loss(target, probability, reduction="batch")
            entropy = weighted_cross_entropy_loss(target, probability, positive_weight=1.0)
            loss = dice + entropy
        descend(self.optimizer, tape, loss, self.student.trainable_variables, GRADIENT_CLIP)
        rest = 1.0 - average_weight(step, settings.average)
        for average, current in zip(self.teacher.weights, self.student.weights):
            move_average(average, current.value, rest)
        iou = batch_iou(tf.cast(target > 0.5, tf.float32), probability, tf.ones_like(target))
        return {"loss": loss, "dice": dice, "cross_entropy": entropy, "iou": iou}

    def _view(self, image, mask, seed):
        count, size = image.shape[0], image.shape[1]
        turned = draw(seed("turned"), 0, [count]) < self.settings.turned_only
        quarters = tf.floor(draw(seed("turned"), 1, [count], 0.0, 4.0)) * (math.pi / 2)
        upright = affine.compose(
            affine.flip(draw(seed("turned"), 2, [count]) < 0.5, tf.zeros([count], tf.bool)),
            affine.rotation(quarters * (180.0 / math.pi)),
        )
        upright = affine.about_centre(upright, size, size)
        free = sample_transforms(VIEWS, count, size, size, seed("geometric"))
        transform = tf.where(turned[:, None, None], upright, free)
        both = warp(tf.concat([image, mask], -1), transform)
        image, mask = both[..., :3], both[..., 3:]
        image = colour_view(image, VIEWS.colour, seed("colour"))
        return photometric_view(image, VIEWS.photometric, seed("photometric")), mask


def _network(settings: PretrainingSettings):
    network = ResidualUNet(
        widths=settings.widths,
        encoding="none",
        momentum=settings.momentum,
        mean=[0.0] * 3,
        standard_deviation=[1.0] * 3,
    )
    network.build((None, None, None, 3))
    return network


def _rate(settings: PretrainingSettings, steps: int):
    """The learning rate by step: a short rise, held, and a cosine to 0."""
    decay_from = steps * (1.0 - settings.decay)

    class Rate(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            step = tf.cast(step, tf.float32)
            rise = tf.minimum((step + 1.0) / WARM_UP, 1.0)
            done = tf.clip_by_value((step - decay_from) / max(steps - decay_from, 1.0), 0.0, 1.0)
            return settings.learning_rate * rise * 0.5 * (1.0 + tf.cos(math.pi * done))

        def get_config(self):
            return {"steps": steps}

    return Rate()
