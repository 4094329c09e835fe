"""A batch over and over, for Keras' `fit`."""

import tensorflow as tf


def repeated(batch, count: int | None = None) -> tf.data.Dataset:
    """The batch `count` times, or without end.

    Without the thread that tunes: the end of `fit` would wait for it, idle for seconds.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensors(batch).repeat(count).with_options(options)
