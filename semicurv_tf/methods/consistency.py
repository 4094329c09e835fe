"""Learning from unlabelled images: the student agrees with its teacher about two views of an image.

Both predictions are warped back to the original pose and compared there (Xu et al. 2022, Fig. 2).
"""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.config import MethodConfig
from semicurv_tf.geometry.orientations import COUNT as ORIENTATIONS
from semicurv_tf.geometry.orientations import in_orientation, mean_over_orientations
from semicurv_tf.geometry.warp import unwarp
from semicurv_tf.losses import mse_loss, npair_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.foreground_alignment import ForegroundAlignment
from semicurv_tf.methods.supervised import Supervised


class ConsistencyMethod(Supervised):
    """Adds `gamma * consistency` to the supervised loss; subclasses say how two aligned maps are compared."""

    loss_name: str
    uses_unlabelled = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.alignment = ForegroundAlignment() if self.method.align_foreground else None

    @property
    def other_variables(self):
        return [self.alignment.shares] if self.alignment else []

    @staticmethod
    def needs_teacher(method: MethodConfig) -> bool:
        """Always: the teacher gives the targets."""
        return True

    def compare(self, student, teacher, student_valid, teacher_valid):
        """The consistency loss of aligned probabilities, `(batch, height, width, 1)` each; a scalar.

        Of the whole batch, or a mean over this replica's share of it.
        """
        raise NotImplementedError

    def compare_pixels(self, student, teacher, valid):
        """`pixel_loss` over the valid pixels; maps as of `compare`, in any pose."""
        if self.method.pixel_loss == "cross_entropy":
            return weighted_cross_entropy_loss(teacher, student, valid, positive_weight=1.0)
        return mse_loss(student, teacher, valid)

    def prepare(self, batch, step):
        """The teacher's predictions, in the original pose, and where the teacher saw."""
        fixed = self._targets(batch, step)
        if self.alignment is None:
            return fixed
        labelled = batch["labelled"]
        return {**fixed, "probability": self.alignment(**fixed, mask=labelled["mask"], mask_valid=labelled["valid"])}

    def _targets(self, batch, step):
        unlabelled = batch["unlabelled"]
        if self.method.teacher_view == "plain":
            return {"probability": self.teach(unlabelled["image"]), "valid": unlabelled["valid"]}
        if self.method.teacher_view == "orientation":
            seed = purpose_seed(self.training_config.seed, step, "teacher orientation")
            number = tf.random.stateless_uniform([], seed, 0, ORIENTATIONS, tf.int32)
            probability = in_orientation(self.teach, unlabelled["image"], number)
            return {"probability": probability, "valid": unlabelled["valid"]}
        view = self.random_view(unlabelled["image"], step, "teacher")
        return {
            "probability": unwarp(self.teach(view["image"]), view["transform"]),
            "valid": unlabelled["valid"] * view["seen"],
        }

    def teach(self, image):
        """The teacher's probabilities of images, `(batch, height, width, 1)` float32, without gradient."""
        # "batch": in training mode, as the authors' code; "averaged": in inference mode.
        in_training_mode = self.method.teacher_statistics == "batch"

        def predict(image):
            return tf.sigmoid(tf.cast(self.teacher(image, training=in_training_mode), tf.float32))

        return tf.stop_gradient(mean_over_orientations(predict, image, self.method.teacher_orientations))

    def losses(self, batch, view, fixed, probability, step):
        losses, weights, reports = super().losses(batch, view, fixed, probability, step)
        losses[self.loss_name] = self.unlabelled_loss(batch, view, fixed, probability)
        rise = self.rise(step)
        weights[self.loss_name] = self.method.consistency_weight * rise
        reports["ramp"] = rise
        # Of the teacher on unlabelled images: collapse shows here first.
        reports["foreground"] = tf.reduce_mean(tf.cast(fixed["probability"] > 0.5, tf.float32))
        return losses, weights, reports

    def unlabelled_loss(self, batch, view, fixed, probability):
        """The consistency loss, a scalar; arguments as of `losses`."""
        labelled = batch["labelled"]["image"].shape[0]
        aligned = unwarp(probability[labelled:], view["transform"][labelled:])
        seen = batch["unlabelled"]["valid"] * view["seen"][labelled:]
        return self.compare(aligned, fixed["probability"], seen, fixed["valid"])


class MeanTeacher(ConsistencyMethod):
    """Mean square error between student and teacher (Tarvainen & Valpola 2017; Xu et al. 2022, Eq. 2), pixel by pixel.

    With `pixel_loss: cross_entropy` the student learns the teacher's probabilities as soft pseudo-labels (Xie et al.
    2020, Noisy Student). Cross-entropy is linear in its target: with `teacher_view: orientation` the student learns, over
    the steps, the teacher's mean over eight orientations, for the price of one.
    """

    @property
    def loss_name(self):
        """As the log calls it."""
        return self.method.pixel_loss

    def compare(self, student, teacher, student_valid, teacher_valid):
        return self.compare_pixels(student, teacher, student_valid * teacher_valid)


class SemiCurv(ConsistencyMethod):
    """N-pair consistency: nearer to one's own teacher map than to the others' (Xu et al. 2022, Eq. 5)."""

    loss_name = "npair"

    def compare(self, student, teacher, student_valid, teacher_valid):
        # The other replicas' teacher maps are negatives too.
        return npair_loss(
            student,
            replicas.gather(teacher),
            student_valid,
            similarity=self.method.similarity,
            temperature=self.method.temperature,
            teacher_valid=replicas.gather(teacher_valid),
            positive_offset=replicas.first_image(teacher),
        )
