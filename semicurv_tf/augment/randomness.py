"""Stateless random seeds: a number drawn depends on (seed, step, purpose) and on nothing else.

So a resumed run draws what the uninterrupted one would have drawn, and no generator has a state
to save.
"""

import zlib

import tensorflow as tf


def purpose_seed(seed, step, purpose: str):
    """The seed of one purpose at one step.

    Args:
        seed: the run's seed, an integer.
        step: of the training, a number or scalar integer tensor.
        purpose: what the numbers are for, e.g. "student_view"; different purposes are independent.

    Returns:
        `(2,)` int32, for `tf.random.stateless_*`.
    """
    run = tf.constant([seed, zlib.crc32(purpose.encode()) & 0x7FFFFFFF], tf.int32)
    return tf.random.experimental.stateless_fold_in(run, tf.cast(step, tf.int32))


def draw(seed, index: int, shape, low=0.0, high=1.0):
    """Uniform float32 numbers in [low, high): the `index`-th independent draw of a purpose's seed."""
    return tf.random.stateless_uniform(shape, tf.random.experimental.stateless_fold_in(seed, index), low, high)
