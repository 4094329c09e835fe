"""SemiCurv: N-pair consistency of two views (Xu et al. 2022)."""

from semicurv_tf import replicas
from semicurv_tf.losses import npair_loss
from semicurv_tf.methods.teacher_term import TeacherTerm


class SemiCurv(TeacherTerm):
    """Nearer to one's own teacher map than to the others' (Xu et al. 2022, Eq. 5)."""

    loss_name = "npair"

    def compare(self, student, teacher, student_valid, teacher_valid):
        """The N-pair loss; the other replicas' teacher maps are negatives too."""
        return npair_loss(
            student,
            replicas.gather(teacher),
            student_valid,
            similarity=self.method.similarity,
            temperature=self.method.temperature,
            teacher_valid=replicas.gather(teacher_valid),
            positive_offset=replicas.first_image(teacher),
        )
