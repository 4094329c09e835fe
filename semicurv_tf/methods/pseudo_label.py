"""Pseudo-labels: the student learns what its teacher draws (Lee 2013; Sohn et al. 2020, FixMatch).

The teacher sees the image as it is (`teacher_view: plain` or `orientation`), the student a strongly changed view: what
the teacher finds under easy conditions, the student must find under hard ones. Soft pseudo-labels are the teacher's
probabilities (Xie et al. 2020, Noisy Student). Cross-entropy is linear in its target, so with one random orientation a
step the student learns, on average over the steps, the teacher's mean over all eight, for the price of one pass.
"""

import tensorflow as tf

from semicurv_tf.losses import dice_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.consistency import ConsistencyMethod

FOREGROUND = 0.5  # the teacher's probability above which a pixel is foreground, as at inference


class PseudoLabel(ConsistencyMethod):
    """Agreement of the student with the teacher's mask or probabilities, over the pixels where the teacher is confident."""

    loss_name = "pseudo_label"

    def compare(self, student, teacher, student_valid, teacher_valid):
        confident = tf.cast(tf.abs(2.0 * teacher - 1.0) >= self.method.confidence, tf.float32)
        counted = student_valid * teacher_valid * confident
        if self.method.pseudo_labels == "soft":
            return weighted_cross_entropy_loss(teacher, student, counted, positive_weight=1.0)
        mask = tf.cast(teacher > FOREGROUND, tf.float32)
        # Over the batch: Dice of an image whose pseudo-label is empty would not object to what the student draws there.
        return dice_loss(mask, student, counted, reduction="batch")
