"""One step on several replicas equals the step on one replica with the whole batch (the global batch).

A replica is a device that computes a step on its equal share of the batch. What a loss, layer or method needs of the
other replicas it gets here, inside `strategy.run`; anywhere else there is one replica, and every function hands back
what it was given, with no operation added.

How a method uses it:
- A loss that is a mean over images or pixels needs nothing: shares are equal, so the mean of the replicas' means is
  the mean, and `descend` and `train_step` take it.
- A loss that is a ratio of sums takes `total` of each sum first: Dice over the batch, means over valid pixels.
- A loss that compares images takes `gather` of the others' maps, and `first_image` for where its own begin in it.
- Random numbers of each image are drawn for the whole batch, `positions(...).total` of them, and `take` picks this
  replica's: what an image gets does not depend on the replica it lies on.
- Gradients go through `methods.descent.descend`, which adds them up over the replicas, then clips, then applies.

`total` and `gather` are differentiable; the gradient is that of the sum of all replicas' losses, which `descend`
divides by their number.
"""

from typing import NamedTuple

import tensorflow as tf


class Positions(NamedTuple):
    """Where this replica's images stand in the global batch."""

    total: int  # images of the global batch
    rows: tf.Tensor | None  # position of each image of this replica; None: these are all images, in order

    def take(self, values):
        """The rows of this replica's images, of values `(total, ...)`."""
        return values if self.rows is None else tf.gather(values, self.rows)


def count() -> int:
    """The number of replicas that share a step; 1 outside `strategy.run`."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def index():
    """This replica's number, from 0: a scalar int32 tensor, or 0 where there is one replica."""
    if count() == 1:
        return 0
    return tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int32)


def total(values):
    """Adds up a tensor, or each tensor of a nest, over the replicas."""
    if count() == 1:
        return values
    return _all_reduce(tf.distribute.ReduceOp.SUM, values)


def mean(values):
    """The mean over the replicas of a tensor, or of each tensor of a nest."""
    if count() == 1:
        return values
    return _all_reduce(tf.distribute.ReduceOp.MEAN, values)


def gather(maps):
    """All replicas' maps: `(images of a replica, ...)` to `(images of all, ...)`, in the replicas' order."""
    if count() == 1:
        return maps
    # Each replica puts its maps into their places among zeros and all are added up: exact, and the graph of an
    # `all_gather`, which first asks for every replica's shape, takes several times longer to build.
    own = tf.shape(maps)[0]
    first = index() * own
    padding = [[first, own * (count() - 1) - first], *([[0, 0]] * (maps.shape.rank - 1))]
    gathered = total(tf.pad(maps, padding))
    images, *rest = maps.shape
    gathered.set_shape([None if images is None else images * count(), *rest])
    return gathered


def first_image(maps):
    """Where this replica's `maps` begin in `gather(maps)`; an integer, or a scalar int32 tensor."""
    return index() * tf.shape(maps)[0] if count() > 1 else 0


def positions(*counts: int) -> Positions:
    """Where this replica's images stand in the global batch.

    Args:
        *counts: images of this replica of each kind, e.g. labelled and unlabelled. The global batch holds all
            replicas' images of the first kind, then all of the second.

    Example:
        >>> positions(2, 3)  # on replica 1 of 2: total 10, rows [2, 3, 7, 8, 9]
        Positions(total=5, rows=None)
    """
    rows, first = [], 0
    for images in counts:
        rows.append(first + index() * images + tf.range(images))
        first += images * count()
    return Positions(first, None if count() == 1 else tf.concat(rows, axis=0))


def _all_reduce(operation, values):
    # A tensor from outside the step is one object on all replicas, which the reduction would refuse.
    values = tf.nest.map_structure(tf.identity, values)
    return tf.distribute.get_replica_context().all_reduce(operation, values)
