"""Pseudo-labels: the student learns the mask that its teacher draws (Lee 2013; Sohn et al. 2020, FixMatch).

The teacher sees the image as it is (`teacher_view: plain`), the student a strongly changed view: what the teacher
finds under easy conditions, the student must find under hard ones.
"""

import tensorflow as tf

from semicurv_tf.losses import dice_loss
from semicurv_tf.methods.teacher_term import TeacherTerm

FOREGROUND = 0.5  # the teacher's probability above which a pixel is foreground, as at inference


class PseudoLabel(TeacherTerm):
    """Dice of the student against the teacher's mask, over the pixels where the teacher is confident."""

    loss_name = "pseudo_label"

    def compare(self, student, teacher, student_valid, teacher_valid):
        """Dice over the batch."""
        confident = tf.cast(tf.abs(2.0 * teacher - 1.0) >= self.method.confidence, tf.float32)
        mask = tf.cast(teacher > FOREGROUND, tf.float32)
        # Over the batch: Dice of an image whose pseudo-label is empty would not object to what the student draws there.
        return dice_loss(mask, student, student_valid * teacher_valid * confident, reduction="batch")
