"""cGAN: adversarial learning for semi-supervised segmentation (Hung et al. 2018, BMVC).

A discriminator learns to tell true masks from predicted ones, pixel by pixel. Predictions must look real to it, on
unlabelled images too; and where an unlabelled prediction looks real, the student learns its own thresholded mask.
"""

import tensorflow as tf

from semicurv_tf.geometry.warp import warp
from semicurv_tf.losses import weighted_cross_entropy_loss
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.fused_adam import FusedAdam
from semicurv_tf.methods.term import UnlabelledTerm
from semicurv_tf.models.discriminator import build_discriminator


class CGAN(UnlabelledTerm):
    """Adds the adversarial losses and the masked self-taught loss (Eq. 3 to 5 of Hung et al.).

    Differs from Hung et al.: the supervised loss is the configuration's, and the unlabelled losses rise over the ramp
    where theirs start after 5000 of 20000 steps. All is compared in the view's pose.
    """

    def __init__(self, student, teacher, method, random_views, seed):
        super().__init__(student, teacher, method, random_views, seed)
        self.discriminator = build_discriminator(seed)
        self.discriminator_optimizer = FusedAdam(method.discriminator_learning_rate, beta_1=0.9, beta_2=0.99)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    @property
    def variables(self):
        """The discriminator's and its optimizer's."""
        return [*self.discriminator.trainable_variables, *self.discriminator_optimizer.variables]

    def losses(self, batch, view, targets, probability, weight):
        """That predictions look real, of labelled and of unlabelled images; and the self-taught loss."""
        method, labelled = self.method, batch["labelled"]["image"].shape[0]
        both = tf.concat([batch[part]["valid"] for part in ("labelled", "unlabelled")], axis=0)
        valid = warp(both, view["transform"])
        realness = tf.sigmoid(self.discriminator(probability))
        real = tf.ones_like(realness)
        on_labelled = mean_cross_entropy(real[:labelled], realness[:labelled], valid[:labelled])
        on_unlabelled = mean_cross_entropy(real[labelled:], realness[labelled:], valid[labelled:])
        taught = self_taught_loss(
            probability[labelled:], realness[labelled:], valid[labelled:], method.self_taught_confidence
        )
        return {
            "adversarial": (method.adversarial_weight, on_labelled),
            "adversarial_unlabelled": (weight * method.adversarial_weight_unlabelled, on_unlabelled),
            "self_taught": (weight * method.self_taught_weight, taught),
        }

    def learn_beside(self, batch, view, probability):
        """One step of the discriminator on true masks and predictions of labelled images; its loss before the step."""
        labelled = batch["labelled"]
        count = labelled["image"].shape[0]
        mask = warp(labelled["mask"], view["transform"][:count])
        valid = warp(labelled["valid"], view["transform"][:count])
        with tf.GradientTape() as tape:
            realness = tf.sigmoid(self.discriminator(tf.concat([mask, probability[:count]], axis=0)))
            loss = mean_cross_entropy(tf.ones_like(mask), realness[:count], valid)
            loss += mean_cross_entropy(tf.zeros_like(mask), realness[count:], valid)
        descend(self.discriminator_optimizer, tape, loss, self.discriminator.trainable_variables)
        return {"discriminator": loss}


def self_taught_loss(probability, realness, valid, confidence):
    """Cross-entropy against one's own thresholded prediction where the discriminator holds it real (Hung et al. Eq. 5).

    Args:
        probability, realness, valid: `(batch, height, width, 1)` float32.
        confidence: pixels whose realness exceeds this count.
    """
    counted = valid * tf.cast(realness > confidence, tf.float32)
    mask = tf.stop_gradient(tf.cast(probability > 0.5, tf.float32))
    return mean_cross_entropy(mask, probability, tf.stop_gradient(counted))


def mean_cross_entropy(target, probability, valid):
    """The plain mean over valid pixels, in nats: both classes weigh what they are."""
    return weighted_cross_entropy_loss(target, probability, valid, positive_weight=1.0)
