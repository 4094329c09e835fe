"""An operation of the served graph that may fail on the bytes of strangers, without failing its batch.

TensorFlow's decoders raise on damaged images, and what is raised fails the whole request, and with it the requests of
other clients that the server merged into it. Nothing but a dataset can ignore an error inside a graph.
"""

from collections.abc import Callable

import tensorflow as tf


def or_otherwise(function: Callable, argument: tf.Tensor, otherwise: tf.Tensor) -> tf.Tensor:
    """`function(argument)`, or `otherwise` where that fails.

    Args:
        function: of one tensor, traced; without state.
        argument: what it is given.
        otherwise: of the type of what it gives.

    Returns:
        One of the two; its shape holds what theirs have in common.
    """
    plain = tf.autograph.experimental.do_not_convert(function)
    made = tf.data.Dataset.from_tensors(argument).map(plain).ignore_errors()
    # The first element of the two is taken as it is. `reduce` would have the dataset's graph rewritten and the function
    # optimised at each call, which took a second for the decoders; this takes a millisecond.
    return made.concatenate(tf.data.Dataset.from_tensors(otherwise)).take(1).get_single_element()
