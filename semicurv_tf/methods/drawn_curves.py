"""Drawn curves over unlabelled images: what is drawn is known, and for the rest stands what the teacher finds.

After FreeCOS (Shi et al., ICCV 2023, "FreeCOS: Self-Supervised Learning from Fractals and Unlabeled Images for
Curvilinear Object Segmentation"), where what an image itself shows counts as background. Here the teacher's
probabilities stand for it, so that an image's own structures are not taught as none.
"""

import tensorflow as tf

from semicurv_tf.augment.overlay import lay_over
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.drawing.overlays import Overlays, draw_overlays
from semicurv_tf.losses import dice_loss
from semicurv_tf.methods.teacher_term import TeacherTerm

COUNT = 512  # drawings, each laid at random places: 25 MB, drawn in seconds


class DrawnCurves(TeacherTerm):
    """Dice of the student against the drawn masks and, elsewhere, the teacher's probabilities."""

    loss_name = "drawn"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        drawn = draw_overlays(self.seed, COUNT, self.method.drawn_kinds)
        self._overlays = Overlays(*map(tf.constant, drawn))

    def targets(self, batch, step):
        """The teacher's, of the images without what is drawn, and 1 on the drawn masks."""
        targets = super().targets(batch, step)
        _, mask = self._laid(batch["unlabelled"]["image"], step)
        # What is drawn is known wherever the image is, also outside the teacher's view.
        valid = tf.where(mask > 0.0, batch["unlabelled"]["valid"], targets["valid"])
        return {"probability": tf.maximum(targets["probability"], mask), "valid": valid}

    def student_batch(self, batch, step):
        """The unlabelled images with curves drawn over them."""
        unlabelled = batch["unlabelled"]
        image, _ = self._laid(unlabelled["image"], step)
        return {**batch, "unlabelled": {**unlabelled, "image": image}}

    def compare(self, student, teacher, student_valid, teacher_valid):
        """Dice over the batch: an image where nothing is found or drawn counts as such."""
        return dice_loss(teacher, student, student_valid * teacher_valid, reduction="batch")

    def _laid(self, image, step):
        return lay_over(image, self._overlays, purpose_seed(self.seed, step, "drawn curves"))
