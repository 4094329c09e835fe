"""Supervised learning on random views: the baseline, and what every other method builds on."""

import keras
import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.colour import colour_view
from semicurv_tf.augment.geometric import sample_transforms
from semicurv_tf.augment.photometric import photometric_view
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.augment.transplant import with_transplants
from semicurv_tf.config import MethodConfig, TrainingConfig, ViewsConfig
from semicurv_tf.geometry.warp import seen_by_view, unwarp, warp
from semicurv_tf.losses import dice_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.moving_average import update_average
from semicurv_tf.metrics.overlap import batch_iou
from semicurv_tf.training.schedules import first_unlabelled_step, ramp


class Supervised(keras.Model):
    """Learns from the labelled images alone, each step in fresh random views.

    Args:
        student: the network that the optimizer changes.
        teacher: its moving average, same architecture, or None.
        method, views, training: sections of the configuration.
        steps: length of the run, in steps.

    A batch is `{"labelled": {"image", "mask", "valid"}}`, and for the methods with a consistency loss, and for transplants,
    also `"unlabelled": {"image", "valid"}`: `(batch, height, width, channels)` float32, images raw 0-255. On several
    replicas each has its share of it, and a step is that of the whole batch: see `semicurv_tf.replicas`.
    `uses_unlabelled` says which of the two a method learns from.
    """

    uses_unlabelled = False

    def __init__(
        self, student, teacher, method: MethodConfig, views: ViewsConfig, training: TrainingConfig, steps: int
    ):
        super().__init__(name=method.name)
        self.student = student
        self.teacher = teacher
        self.method = method
        self.views = views
        self.training_config = training
        self.steps = steps
        if teacher is not None:
            # Not frozen by `trainable = False`, which would put its batch normalisation into inference
            # mode for good: the optimizer is given the student's variables only.
            teacher.set_weights(student.get_weights())
        self.built = True

    @staticmethod
    def needs_teacher(method: MethodConfig) -> bool:
        """Whether the method keeps a moving average of its student."""
        return method.average_weights

    @property
    def deployed(self):
        """The network one deploys: the teacher where there is one."""
        return self.student if self.teacher is None else self.teacher

    def call(self, image, training=False):
        """Logits `(batch, height, width, 1)` of the deployed network, always in inference mode."""
        return self.deployed(image, training=False)

    def train_step(self, batch):
        """One step; returns its losses and what the watchers look at, as scalars."""
        step = tf.cast(self.optimizer.iterations, tf.int32)
        # Before `method.unlabelled_from` there are no unlabelled images: every method then learns as this one does.
        own = type(self) if self._has_both(batch) else Supervised
        fixed = own.prepare(self, batch, step)
        batch = own.student_batch(self, batch, step)
        view = own.student_view(self, batch, step)
        with tf.GradientTape() as tape:
            outputs = tf.sigmoid(tf.cast(own.student_logits(self, batch, view["image"]), tf.float32))
            probability, sides = outputs[..., :1], outputs[..., 1:]
            losses, weights, reports = own.losses(self, batch, view, fixed, probability, step)
            if self._side_outputs:
                losses["sides"], weights["sides"] = self.side_loss(batch, view, sides), self.method.side_weight
            total = tf.add_n([weights[name] * loss for name, loss in losses.items()])
        descend(self.optimizer, tape, total, self.student.trainable_variables, self.training_config.gradient_clip)
        if self.teacher is not None:
            update_average(self.teacher, self.student, step, self.method)
        reports |= own.learn_beside(self, batch, view, tf.stop_gradient(probability))
        return replicas.mean({"loss": total, **losses, **reports})

    def prepare(self, batch, step):
        """What a step needs that no gradient flows through; nothing here."""
        return None

    def student_batch(self, batch, step):
        """The batch as the student gets it; here as it is, but for transplants where `method.transplants` asks for them."""
        if not self.method.transplants or "unlabelled" not in batch:
            return batch
        seed = purpose_seed(self.training_config.seed, step, "transplants")
        labelled = with_transplants(batch["labelled"], batch["unlabelled"], self.method.transplants, seed)
        return {**batch, "labelled": labelled}

    def learn_beside(self, batch, view, probability):
        """What learns beside the student, from the student's predictions of this step; returns reported scalars."""
        return {}

    @property
    def other_variables(self):
        """Variables beside networks and optimizer that a step changes, for the checkpoint; none here."""
        return []

    def losses(self, batch, view, fixed, probability, step):
        """The named losses, their weights, and other reported scalars.

        Args:
            batch: the batch, as `student_batch` returned it.
            view: `image`, `transform` and `seen` of all images that the student sees, labelled first.
            fixed: what `prepare` returned.
            probability: of the student, in the view, `(images, height, width, 1)` float32.
            step: scalar int32.
        """
        target, aligned, valid = self._in_loss_pose(batch, view, probability)
        loss = self._supervised_loss(target, aligned, valid)
        reports = {
            "student_iou": batch_iou(target, aligned, valid),
            "foreground": tf.reduce_mean(tf.cast(probability > 0.5, tf.float32)),
        }
        return {self.method.supervised_loss: loss}, {self.method.supervised_loss: 1.0}, reports

    def side_loss(self, batch, view, sides):
        """Deep supervision: the supervised loss of each side output, added up (Xie & Tu 2015, Eq. 1, all weights 1).

        Args:
            batch, view: as of `losses`.
            sides: probabilities `(images, height, width, side outputs)`, the labelled images first.
        """
        target, aligned, valid = self._in_loss_pose(batch, view, sides)
        counted = valid * self.student.side_weights(aligned, target)
        maps = zip(*(tf.split(values, self._side_outputs, axis=-1) for values in (aligned, counted)))
        return tf.add_n([self._supervised_loss(target, side, weight) for side, weight in maps])

    def _in_loss_pose(self, batch, view, probability):
        """Mask, probabilities and valid pixels of the labelled images, where the supervised loss is taken."""
        labelled = batch["labelled"]
        count = tf.shape(labelled["image"])[0]
        transform, in_view = view["transform"][:count], probability[:count]
        if self.method.loss_pose == "original":
            return labelled["mask"], unwarp(in_view, transform), labelled["valid"] * view["seen"][:count]
        return warp(labelled["mask"], transform), in_view, warp(labelled["valid"], transform)

    def rise(self, step):
        """The share of the unlabelled losses' weights that the ramp gives at a step; it begins with the unlabelled images."""
        first = first_unlabelled_step(self.method, self.steps)
        return ramp(step - first, (self.steps - first) * self.method.rampup)

    def student_logits(self, batch, image):
        """Logits of all views, in training mode: that of the deployed output first, then those of the side outputs.

        Batch normalisation sees them together, or with `batch_statistics: separate` those of labelled images in one
        pass and those of unlabelled images in another: a labelled image is then normalised as in supervised learning.
        With `moving` unlabelled images are normalised by the moving statistics, which only labelled images change.
        """
        if self.method.batch_statistics == "joint" or not self._has_both(batch):
            return self._learn_from(image)
        labelled = batch["labelled"]["image"].shape[0]
        as_deployed = self.method.batch_statistics == "moving"
        first, rest = image[:labelled], image[labelled:]
        return tf.concat([self._learn_from(first), self._learn_from(rest, training=not as_deployed)], axis=0)

    @property
    def _side_outputs(self):
        # Any Keras model can be a student; those without side outputs need not say so.
        return getattr(self.student, "side_outputs", 0)

    def _learn_from(self, image, training=True):
        """One pass of the student, with its side outputs where it has any; in training mode by batch statistics."""
        sides = {"sides": True} if self._side_outputs else {}
        return self.student(image, training=training, **sides)

    def student_view(self, batch, step):
        """Random views of all images that the student sees: one pass over labelled and unlabelled together."""
        images = [part["image"] for part in self._student_parts(batch)]
        joined = tf.concat(images, axis=0) if len(images) > 1 else images[0]
        return self.random_view(joined, step, "student", [part.shape[0] for part in images])

    def random_view(self, image, step, purpose, counts=None):
        """A geometric and, where asked for, photometric view of each image.

        Args:
            image: raw images of this replica, `(batch, height, width, channels)`.
            step: scalar int32.
            purpose: what the view is for; views of different purposes are independent.
            counts: how many of the images are of each kind (labelled, unlabelled), where there are several.

        Returns:
            A dict of `image` (same shape), `transform` `(batch, 3, 3)` and `seen` `(batch, height, width, 1)`.
        """
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        seed = self.training_config.seed
        counts = counts or [image.shape[0]]
        places = replicas.positions(*counts)
        drawn = self.draw_transforms(
            counts, places.total, height, width, purpose_seed(seed, step, f"{purpose} geometric")
        )
        transform = places.take(drawn)
        view = warp(image, transform)
        view = colour_view(view, self.views.colour, purpose_seed(seed, step, f"{purpose} colour"), places)
        view = photometric_view(
            view, self.views.photometric, purpose_seed(seed, step, f"{purpose} photometric"), places
        )
        return {"image": view, "transform": transform, "seen": seen_by_view(transform, height, width)}

    def draw_transforms(self, counts, total, height, width, seed):
        """The random transforms of a view, `(total, 3, 3)`: of all images of the global batch, kind after kind.

        Args:
            counts: this replica's images of each kind.
            total: images of the global batch.
            height, width: in pixels.
            seed: of `purpose_seed`.
        """
        return sample_transforms(self.views, total, height, width, seed)

    def _student_parts(self, batch):
        return [batch["labelled"], batch["unlabelled"]] if self._has_both(batch) else [batch["labelled"]]

    def _has_both(self, batch):
        return self.uses_unlabelled and "unlabelled" in batch

    def _supervised_loss(self, target, probability, valid):
        if self.method.supervised_loss == "dice":
            return dice_loss(target, probability, valid, reduction=self.method.dice_over)
        # `wbce`: the classes weigh the same in each batch, whatever their pixels.
        return weighted_cross_entropy_loss(target, probability, valid)
