"""The teacher as exponential moving average of the student (Tarvainen & Valpola 2017; Xu et al., III-B)."""

import tensorflow as tf

from semicurv_tf.methods.settings import AveragedSettings, TeacherSettings


def average_weight(step, alpha):
    """The weight of the old average: `min(1 - 1 / (t + 1), alpha)`, so that the first steps count at all.

    Args:
        step: t, steps done so far, counted from 0: the first update copies the student.
        alpha: the weight once warmed up.
    """
    step = tf.cast(step, tf.float32)
    return tf.minimum(1.0 - 1.0 / (step + 1.0), alpha)


def update_average(teacher, student, step, method: AveragedSettings | TeacherSettings):
    """Moves the teacher towards the student, in float32.

    The moving statistics of batch normalisation are averaged too, but with `teacher_statistics: batch`: there they are
    left to the teacher's own passes in training mode.

    Args:
        teacher, student: networks of one architecture.
        step: steps done before this one, scalar integer tensor.
        method: alpha and the choice for the statistics.
    """
    rest = 1.0 - average_weight(step, method.ema_alpha)
    for average, current in zip(teacher.weights, student.weights):
        if current.trainable or method.averages_statistics:
            average.assign_sub((average.value - current.value) * rest)
