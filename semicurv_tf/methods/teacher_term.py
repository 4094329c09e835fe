"""Learning from a teacher: the student agrees with its teacher about two views of an image.

Both predictions are warped back to the original pose and compared there (Xu et al. 2022, Fig. 2).
"""

import tensorflow as tf

from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.geometry.orientations import COUNT as ORIENTATIONS
from semicurv_tf.geometry.orientations import in_orientation, mean_over_orientations
from semicurv_tf.geometry.scales import blend_over_scales
from semicurv_tf.geometry.warp import unwarp
from semicurv_tf.losses import mse_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.foreground_alignment import ForegroundAlignment
from semicurv_tf.methods.term import UnlabelledTerm


class TeacherTerm(UnlabelledTerm):
    """Consistency with the teacher; subclasses say how two aligned maps are compared, and what the loss is called."""

    loss_name: str

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.alignment = ForegroundAlignment() if self.method.align_foreground else None

    @property
    def variables(self):
        """What the alignment remembers."""
        return [self.alignment.shares] if self.alignment else []

    def compare(self, student, teacher, student_valid, teacher_valid):
        """The consistency loss of aligned probabilities, `(batch, height, width, 1)` each; a scalar.

        Of the whole batch, or a mean over this replica's share of it.
        """
        raise NotImplementedError

    def targets(self, batch, step):
        """The teacher's predictions, in the original pose, and where the teacher saw: `probability` and `valid`."""
        targets = self.teach_batch(batch, step)
        if self.alignment is None:
            return targets
        labelled = batch["labelled"]
        aligned = self.alignment(**targets, mask=labelled["mask"], mask_valid=labelled["valid"])
        return {**targets, "probability": aligned}

    def teach_batch(self, batch, step):
        """The teacher's predictions of the unlabelled images, before they are aligned with the labelled masks."""
        unlabelled = batch["unlabelled"]
        if self.method.teacher_view == "plain":
            return {"probability": self.teach(unlabelled["image"]), "valid": unlabelled["valid"]}
        if self.method.teacher_view == "orientation":
            seed = purpose_seed(self.seed, step, "teacher orientation")
            number = tf.random.stateless_uniform([], seed, 0, ORIENTATIONS, tf.int32)
            probability = in_orientation(self.teach, unlabelled["image"], number)
            return {"probability": probability, "valid": unlabelled["valid"]}
        view = self.random_views(unlabelled["image"], step, "teacher")
        return {
            "probability": unwarp(self.teach(view["image"]), view["transform"]),
            "valid": unlabelled["valid"] * view["seen"],
        }

    def teach(self, image):
        """The teacher's probabilities of images, `(batch, height, width, 1)` float32, without gradient."""
        # "batch": in training mode, as the authors' code; "averaged": in inference mode.
        in_training_mode = not self.method.averages_statistics

        def at_scale(image):
            return tf.sigmoid(tf.cast(self.teacher(image, training=in_training_mode), tf.float32))

        def predict(image):
            return blend_over_scales(at_scale, image, self.method.teacher_scales)

        return tf.stop_gradient(mean_over_orientations(predict, image, self.method.teacher_orientations))

    def losses(self, batch, view, targets, probability, weight):
        """The consistency loss."""
        return {self.loss_name: (weight, self.unlabelled_loss(batch, view, targets, probability))}

    def unlabelled_loss(self, batch, view, targets, probability):
        """The consistency loss, a scalar; arguments as for `losses`."""
        labelled = batch["labelled"]["image"].shape[0]
        aligned = unwarp(probability[labelled:], view["transform"][labelled:])
        seen = batch["unlabelled"]["valid"] * view["seen"][labelled:]
        return self.compare(aligned, targets["probability"], seen, targets["valid"])

    def foreground(self, batch, targets, probability):
        """Of the teacher: its collapse shows first."""
        return tf.reduce_mean(tf.cast(targets["probability"] > 0.5, tf.float32))


class PixelTerm(TeacherTerm):
    """Compares student and teacher pixel by pixel, by `pixel_loss`."""

    def compare(self, student, teacher, student_valid, teacher_valid):
        """The mean over the pixels that both saw."""
        valid = student_valid * teacher_valid
        if self.method.pixel_loss == "cross_entropy":
            return weighted_cross_entropy_loss(teacher, student, valid, positive_weight=1.0)
        return mse_loss(student, teacher, valid)
