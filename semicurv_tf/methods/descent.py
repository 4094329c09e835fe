"""From a loss to changed weights: scale, differentiate, add up over the replicas, clip, apply."""

import keras
import tensorflow as tf

from semicurv_tf import replicas


def descend(optimizer, tape, loss, variables, clip=None):
    """One step of an optimizer down a loss.

    With a `keras.optimizers.LossScaleOptimizer` (float16) gradients are computed scaled and clipped at the scaled
    limit, and the optimizer leaves out a step whose gradients overflow.

    Args:
        optimizer: a Keras optimizer, built for `variables`.
        tape: the `tf.GradientTape` that recorded the loss.
        loss: scalar float32. Its mean over the replicas is minimised: the loss of the whole batch, the same on each
            replica, or a mean over this replica's share.
        variables: what the optimizer changes.
        clip: each gradient value is cut to +- this, once the replicas' gradients are added up; None: none is.
    """
    scale = optimizer.scale_loss(1.0)
    upstream = tf.convert_to_tensor(scale / replicas.count(), tf.float32)
    gradients = tape.gradient(
        loss, variables, output_gradients=upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    gradients = replicas.total(gradients)
    if clip is not None:
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        highest = tf.convert_to_tensor(clip * scale, tf.float32)
        lowest = -highest
        gradients = [_clip(gradient, lowest, highest, keep_infinite=scaled) for gradient in gradients]
    # An optimizer adds up what the replicas hand it, so each hands its share of the sum.
    if replicas.count() > 1:
        gradients = [gradient / replicas.count() for gradient in gradients]
    optimizer.apply(gradients, variables)


def _clip(gradient, lowest, highest, keep_infinite):
    """Cuts values to the limits; infinite ones stay where loss scaling must see the overflow."""
    clipped = tf.clip_by_value(gradient, lowest, highest)
    return tf.where(tf.math.is_inf(gradient), gradient, clipped) if keep_infinite else clipped
