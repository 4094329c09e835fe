"""How long a run is, and how the weight of the unlabelled loss and the learning rate change over it."""

import math

from semicurv_tf.config import TrainingConfig
from semicurv_tf.methods.settings import MethodSettings


def steps_of_run(training: TrainingConfig, labelled: int) -> int:
    """The length of a run in steps.

    `training.steps` wins. Otherwise epochs are counted as the paper does: one epoch cycles the
    labelled images once (Xu et al. 2022, Sect. III-G).

    Args:
        training: the `training` section.
        labelled: number of labelled images.
    """
    if training.steps is not None:
        return training.steps
    return training.epochs * steps_of_epoch(training, labelled)


def steps_of_epoch(training: TrainingConfig, labelled: int) -> int:
    """Steps that cycle the labelled images once, 1 where there is none; arguments as for `steps_of_run`."""
    return max(1, math.ceil(labelled / training.batch_labelled))


def first_unlabelled_step(method: MethodSettings, steps: int) -> int:
    """Steps done before the first with unlabelled images, in a run of `steps` steps; the last has them in any case."""
    return min(round(method.unlabelled_from * steps), steps - 1)


def ramp(step, rampup_steps):
    """The rise of the unlabelled loss: `exp(-10 (min(T, T_rp) / T_rp - 1)^2)` (Xu et al. 2022, III-G).

    Args:
        step: T, scalar integer tensor; steps stand for epochs, the ratio is the same.
        rampup_steps: T_rp, a number; 0 gives 1 from the start.

    Returns:
        Scalar float32 in [e^-10, 1].
    """
    import tensorflow as tf

    if rampup_steps <= 0:
        return tf.constant(1.0)
    progress = tf.minimum(tf.cast(step, tf.float32) / float(rampup_steps), 1.0)
    return tf.exp(-10.0 * (progress - 1.0) ** 2)


def learning_rate(training: TrainingConfig, steps: int):
    """The learning rate as a function of the step.

    `halving` halves it at half the run, as the paper does every 500 of 1000 epochs; `cosine` lets it
    fall to 0 at the end, and once before with `restart`; `constant` keeps it.

    Returns:
        A number, or a `keras.optimizers.schedules.LearningRateSchedule`.
    """
    import keras

    schedules = keras.optimizers.schedules
    if training.schedule == "halving":
        return schedules.ExponentialDecay(training.learning_rate, math.ceil(steps / 2), 0.5, staircase=True)
    if training.schedule == "cosine":
        first = min(round(training.restart * steps), steps - 1)
        to_the_end = schedules.CosineDecay(training.learning_rate, steps - first)
        if not first:
            return to_the_end
        return _one_after_the_other(schedules.CosineDecay(training.learning_rate, first), to_the_end, first)
    return training.learning_rate


def _one_after_the_other(before, after, first: int):
    """A schedule that follows `before` for `first` steps, then `after` from its beginning."""
    import keras
    import tensorflow as tf

    class Restarted(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return tf.where(step < first, before(step), after(tf.maximum(step - first, 0)))

        def get_config(self):
            return {"before": before, "after": after, "first": first}

    return Restarted()
