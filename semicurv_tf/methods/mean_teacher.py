"""Mean teacher (Tarvainen & Valpola 2017; Xu et al. 2022, Eq. 2), or soft pseudo-labels."""

from semicurv_tf.methods.teacher_term import PixelTerm


class MeanTeacher(PixelTerm):
    """Mean square error between student and teacher, pixel by pixel.

    With `pixel_loss: cross_entropy` the student learns the teacher's probabilities as soft pseudo-labels (Xie et al.
    2020, Noisy Student). Cross-entropy is linear in its target: with `teacher_view: orientation` the student learns,
    over the steps, the teacher's mean over eight orientations, for the price of one.
    """

    @property
    def loss_name(self):
        """As the log calls it."""
        return self.method.pixel_loss
