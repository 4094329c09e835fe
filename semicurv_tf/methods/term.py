"""What a method adds to supervised learning: the unlabelled term of a `Learner`.

In the order in which a step calls it:

    targets -> student_batch -> transforms -> student_view -> losses, foreground -> learn_beside

A batch is that of `Learner`; it has unlabelled images whenever the term is called. A view is a dict of `image`,
`transform` and `seen`, as `RandomViews` returns it, of all images that the student sees, the labelled ones first. What
the term is called, its settings, the names of its losses and its cost stand in `registry`.
"""

import tensorflow as tf

from semicurv_tf.methods.random_views import RandomViews


class UnlabelledTerm:
    """Learns from unlabelled images; every method but `losses` has a default.

    Args:
        student: the network that the optimizer changes.
        teacher: its moving average, or None.
        method: the method's settings.
        random_views: draws views, beside those that the student gets.
        seed: of the run.
    """

    def __init__(self, student, teacher, method, random_views: RandomViews, seed: int):
        self.student = student
        self.teacher = teacher
        self.method = method
        self.random_views = random_views
        self.seed = seed

    @property
    def variables(self) -> list:
        """What a step changes beside networks and optimizer, for the checkpoint."""
        return []

    def targets(self, batch, step):
        """What the losses compare with and no gradient flows through, from the batch as it was read."""

    def student_batch(self, batch, step):
        """The batch as the student gets it; transplants, where there are any, are done."""
        return batch

    def transforms(self, usual, labelled: int, height, width, seed):
        """The geometric transforms of the student's views, `(images of the global batch, 3, 3)`.

        Args:
            usual: those that the section `views` gives, same shape.
            labelled: how many of them, at the beginning, are of labelled images.
            height, width: in pixels.
            seed: `(2,)` int32, of which the usual ones were drawn.
        """
        return usual

    def student_view(self, view, labelled: int, step):
        """What the student sees: the view, whose `image` may be changed, or hold more images at the end."""
        return view

    def losses(self, batch, view, targets, probability, weight) -> dict:
        """The losses by name, each with its weight: `{name: (weight, loss)}`, scalars float32.

        A loss is that of the whole batch, or a mean over this replica's share of it: see `semicurv_tf.replicas`.

        Args:
            batch: as `student_batch` returned it.
            view: as `student_view` returned it.
            targets: as `targets` returned it.
            probability: of the student, in the view, `(images, height, width, 1)` float32.
            weight: `method.consistency_weight` times the ramp.
        """
        raise NotImplementedError

    def foreground(self, batch, targets, probability):
        """The share of foreground predicted in unlabelled images: a collapse shows here. Arguments as for `losses`."""
        labelled, unlabelled = (batch[part]["image"].shape[0] for part in ("labelled", "unlabelled"))
        return tf.reduce_mean(tf.cast(probability[labelled : labelled + unlabelled] > 0.5, tf.float32))

    def learn_beside(self, batch, view, probability) -> dict:
        """What learns beside the student, from its predictions of this step; returns reported scalars."""
        return {}
