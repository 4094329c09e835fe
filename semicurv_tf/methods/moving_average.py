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


def move_average(average, goal, rest):
    """Moves a Keras variable by `rest` of its distance to `goal`.

    The TensorFlow variable is changed itself: `keras.Variable.assign_sub` reads, subtracts and writes by a dozen
    operations, for each of the hundred variables of a network.
    """
    variable = average.value
    variable.assign_sub((variable - goal) * rest, read_value=False)


def update_average(teacher, student, step, method: AveragedSettings | TeacherSettings, start=()):
    """Moves the teacher towards the student, in float32; with a start, towards what lies between start and student.

    The average of `s start + (1 - s) student` is `s start + (1 - s)` times the average of the student: the
    weight-space ensemble of Wortsman et al. (2022, "Robust fine-tuning of zero-shot models"), at each step.

    The moving statistics of batch normalisation are averaged too, but with `teacher_statistics: batch`: there they are
    left to the teacher's own passes in training mode.

    Args:
        teacher, student: networks of one architecture.
        step: steps done before this one, scalar integer tensor.
        method: alpha, the choice for the statistics, and s (`start_share`).
        start: variables in the order of the networks' weights; empty where s is 0.
    """
    rest, share = 1.0 - average_weight(step, method.ema_alpha), method.start_share
    for index, (average, current) in enumerate(zip(teacher.weights, student.weights)):
        if current.trainable or method.averages_statistics:
            goal = share * start[index].value + (1.0 - share) * current.value if start else current.value
            move_average(average, goal, rest)
