"""Learning from labelled images, and by a method's term from unlabelled ones too: `train_step` is the whole of it."""

from typing import cast

import keras
import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.augment.transplant import with_transplants
from semicurv_tf.config import TrainingConfig, ViewsConfig
from semicurv_tf.geometry.warp import unwarp, warp
from semicurv_tf.losses import dice_loss, weighted_cross_entropy_loss
from semicurv_tf.methods.descent import descend
from semicurv_tf.methods.moving_average import update_average
from semicurv_tf.methods.random_views import RandomViews
from semicurv_tf.methods.registry import METHODS, term_class
from semicurv_tf.methods.schedule import first_unlabelled_step, ramp
from semicurv_tf.methods.settings import MethodSettings, UnlabelledSettings
from semicurv_tf.metrics.overlap import batch_iou


@keras.saving.register_keras_serializable("semicurv_tf")
class Learner(keras.Model):
    """A student that learns by a method, each step in fresh random views; compile it, and `fit` it or hand it to a run.

    Args:
        student: the network that the optimizer changes, built: from raw images to logits. Its weights are the start of
            which `method.start_share` stays in the teacher, until `remember_start` is called with others.
        teacher: its moving average, same architecture; None makes one of the student's configuration where the method
            keeps one (see `MethodSettings.needs_teacher`).
        method: settings of a method, or a name from `semicurv_tf.methods.registry.METHODS`; they say which term is
            added.
        views, training: sections of the configuration.
        steps: length of the run, in steps: what ramps and schedules are shares of.

    Raises:
        ValueError: an unknown method, or a student without variables.

    A batch is `{"labelled": {"image", "mask", "valid"}, "unlabelled": {"image", "valid"}}`: `(batch, height, width,
    channels)` float32, images raw 0-255, masks 0 or 1, valid 1 where a pixel counts. A batch without `"unlabelled"` is
    learned as supervised learning does, which itself needs them for transplants alone; one with no labelled image
    (batch 0) is learned by the term alone. On several replicas each has its share of the batch, and a step is that of
    the whole batch: see `semicurv_tf.replicas`.

    Saved as a `.keras` file it keeps its settings, student, teacher and optimizer; what a term learns beside them (the
    discriminator of `cgan`) is in a run's checkpoint alone. `deployed` is the network to save for others.

    Example:
        learner = Learner(student, method="semicurv", steps=100)
        learner.compile(keras.optimizers.Adam(1e-3), loss=DiceLoss(from_logits=True), metrics=[IoU(from_logits=True)])
        learner.fit(batches, steps_per_epoch=100, shuffle=False)  # a tf.data.Dataset of such batches
        learner.evaluate(images, masks)  # of the deployed network
        learner(images)  # logits of the deployed network
    """

    def __init__(
        self,
        student,
        teacher=None,
        method: MethodSettings | str = "semicurv",
        views: ViewsConfig = ViewsConfig(),
        training: TrainingConfig = TrainingConfig(),
        steps: int = 1000,
    ):
        method = _settings(method)
        if not student.built:
            raise ValueError("Expected a built student. Received: no variables yet. Fix: student.build(shape)")
        if teacher is None and method.needs_teacher:
            teacher = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(student))
        super().__init__(name=method.name)
        self.student = student
        self.teacher = teacher
        self.method = method
        self.training_config = training
        self.steps = steps
        self.random_views = RandomViews(views, training.seed)
        term = term_class(method)
        self.term = None if term is None else term(student, teacher, method, self.random_views, training.seed)
        if teacher is not None:
            # Not frozen by `trainable = False`, which would put its batch normalisation into inference
            # mode for good: the optimizer is given the student's variables only.
            teacher.set_weights(student.get_weights())
        self._start: list[keras.Variable] = []
        if getattr(method, "start_share", 0.0):
            for index, weight in enumerate(student.weights):
                kept = self.add_weight(weight.shape, "zeros", weight.dtype, trainable=False, name=f"start_{index}")
                self._start.append(kept)
            self.remember_start()
        self.built = True

    def remember_start(self):
        """Takes the student's weights as those of which `method.start_share` stays in the teacher."""
        for kept, weight in zip(self._start, self.student.weights):
            kept.assign(weight)

    def train_step(self, batch):
        """One step; returns its losses and what the watchers look at, as scalars."""
        step = tf.cast(self.optimizer.iterations, tf.int32)
        # Before `method.unlabelled_from` a batch has no unlabelled images, and the step is the supervised one.
        term = self.term if "unlabelled" in batch else None
        targets = None if term is None else term.targets(batch, step)
        batch = self.student_batch(batch, step, term)
        view = self.student_view(batch, step, term)
        with tf.GradientTape() as tape:
            logits = self.student_logits(view["image"], self._apart(batch, term))
            outputs = tf.sigmoid(tf.cast(logits, tf.float32))
            probability, sides = outputs[..., :1], outputs[..., 1:]
            weighted, reports = self.supervised_loss(batch, view, probability)
            if term is not None:
                rise = self.rise(step)
                weight = self.method.consistency_weight * rise
                weighted |= term.losses(batch, view, targets, probability, weight)
                reports |= {"ramp": rise, "foreground": term.foreground(batch, targets, probability)}
            if self._side_outputs:
                weighted["sides"] = (self.method.side_weight, self.side_loss(batch, view, sides))
            total = tf.add_n([weight * loss for weight, loss in weighted.values()])
        descend(self.optimizer, tape, total, self.student.trainable_variables, self.training_config.gradient_clip)
        if self.teacher is not None:
            update_average(self.teacher, self.student, step, self.method, self._start)
        if term is not None:
            reports |= term.learn_beside(batch, view, tf.stop_gradient(probability))
        losses = {name: loss for name, (_, loss) in weighted.items()}
        return replicas.mean({"loss": total, **losses, **reports})

    def student_batch(self, batch, step, term=None):
        """The batch as the student gets it: with transplants where `method.transplants` asks for them."""
        if self.method.transplants and "unlabelled" in batch:
            seed = purpose_seed(self.training_config.seed, step, "transplants")
            labelled = with_transplants(batch["labelled"], batch["unlabelled"], self.method.transplants, seed)
            batch = {**batch, "labelled": labelled}
        return batch if term is None else term.student_batch(batch, step)

    def student_view(self, batch, step, term=None):
        """Random views of all images that the student sees: one pass over labelled and unlabelled together."""
        if term is None:
            return self.random_views(batch["labelled"]["image"], step, "student")
        images = [batch["labelled"]["image"], batch["unlabelled"]["image"]]
        counts = [part.shape[0] for part in images]
        view = self.random_views(tf.concat(images, axis=0), step, "student", counts, term.transforms)
        return term.student_view(view, counts[0], step)

    def student_logits(self, image, apart: int | None = None):
        """Logits of all views, in training mode: that of the deployed output first, then those of the side outputs.

        Batch normalisation sees them together, or with `batch_statistics: separate` those of labelled images in one
        pass and those of unlabelled images in another: a labelled image is then normalised as in supervised learning.
        With `moving` unlabelled images are normalised by the moving statistics, which only labelled images change.

        Args:
            image: of the views, `(images, height, width, channels)`.
            apart: how many of them, at the beginning, are of labelled images and are seen apart; None: all together.
        """
        sides = {"sides": True} if self._side_outputs else {}
        if apart is None:
            return self.student(image, training=True, **sides)
        as_deployed = cast(UnlabelledSettings, self.method).batch_statistics == "moving"
        if not apart:
            return self.student(image, training=not as_deployed, **sides)
        first, rest = image[:apart], image[apart:]
        logits = [self.student(first, training=True, **sides), self.student(rest, training=not as_deployed, **sides)]
        return tf.concat(logits, axis=0)

    def supervised_loss(self, batch, view, probability):
        """The supervised loss as `{name: (weight, loss)}`, and other reported scalars.

        Args:
            batch: as `student_batch` returned it.
            view: `image`, `transform` and `seen` of all images that the student sees, labelled first.
            probability: of the student, in the view, `(images, height, width, 1)` float32.
        """
        if not batch["labelled"]["image"].shape[0]:
            return {}, {}
        target, aligned, valid = self._in_loss_pose(batch, view, probability)
        loss = self._compare(target, aligned, valid)
        reports = {
            "student_iou": batch_iou(target, aligned, valid),
            "foreground": tf.reduce_mean(tf.cast(probability > 0.5, tf.float32)),
        }
        return {self.method.supervised_loss: (1.0, loss)}, reports

    def side_loss(self, batch, view, sides):
        """Deep supervision: the supervised loss of each side output, added up (Xie & Tu 2015, Eq. 1, all weights 1).

        Args:
            batch, view: as for `supervised_loss`.
            sides: probabilities `(images, height, width, side outputs)`, the labelled images first.
        """
        target, aligned, valid = self._in_loss_pose(batch, view, sides)
        counted = valid * self.student.side_weights(aligned, target)
        maps = zip(*(tf.split(values, self._side_outputs, axis=-1) for values in (aligned, counted)))
        return tf.add_n([self._compare(target, side, weight) for side, weight in maps])

    def rise(self, step):
        """The share of the unlabelled losses' weights at a step: a ramp that begins with the unlabelled images."""
        first = first_unlabelled_step(self.method, self.steps)
        return ramp(step - first, (self.steps - first) * self.method.rampup)

    @property
    def deployed(self):
        """The network one deploys: the teacher where there is one."""
        return self.student if self.teacher is None else self.teacher

    def call(self, image, training=False):
        """Logits `(batch, height, width, 1)` of the deployed network, always in inference mode."""
        return self.deployed(image, training=False)

    def compile(self, optimizer="adam", jit_compile=False, **options):
        """As in Keras; the optimizer gets its variables at once, so that a checkpoint can be put into them.

        XLA is off by default: it makes a step about three times slower on CPUs and has no kernel for the warp on GPUs.
        """
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **options)
        self.optimizer.build(self.student.trainable_variables)

    def get_metrics_result(self):
        """Of the compiled metrics, which `evaluate` and validation count; a training step reports its own scalars."""
        try:
            return super().get_metrics_result()
        except ValueError:  # Keras makes their variables when it first counts them, and `fit` asks before
            return {}

    def get_config(self):
        """Returns the constructor's arguments, the networks' configurations among them."""
        networks = {"student": self.student, "teacher": self.teacher}
        sections = {"method": self.method, "views": self.random_views.views, "training": self.training_config}
        return {
            **{name: keras.saving.serialize_keras_object(network) for name, network in networks.items()},
            **{name: section.model_dump(mode="json") for name, section in sections.items()},
            "steps": self.steps,
        }

    @classmethod
    def from_config(cls, config):
        """A learner of `get_config`; its weights are those of fresh networks."""
        # Each section alone: a learner has no section `model`, beside which some of their keys are checked.
        method = METHODS[config["method"]["name"]].model_validate(config["method"])
        views = ViewsConfig.model_validate(config["views"])
        training = TrainingConfig.model_validate(config["training"])
        networks = [keras.saving.deserialize_keras_object(config[name]) for name in ("student", "teacher")]
        return cls(*networks, method, views, training, config["steps"])

    def build_from_config(self, config):
        """Nothing is left to build: the networks come built."""

    def get_compile_config(self):
        """As in Keras, which asks for it where `compile` is overridden."""
        return super().get_compile_config()

    def compile_from_config(self, config):
        """Compiles as the learner was that was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def other_variables(self) -> list:
        """Variables beside networks and optimizer that a step changes, for the checkpoint."""
        return [*self._start, *([] if self.term is None else self.term.variables)]

    @property
    def _side_outputs(self) -> int:
        # Any Keras model can be a student; those without side outputs need not say so.
        return getattr(self.student, "side_outputs", 0)

    def _apart(self, batch, term) -> int | None:
        """How many labelled images batch normalisation sees apart from the unlabelled ones; None: all together."""
        together = term is None or cast(UnlabelledSettings, self.method).batch_statistics == "joint"
        return None if together else batch["labelled"]["image"].shape[0]

    def _in_loss_pose(self, batch, view, probability):
        """Mask, probabilities and valid pixels of the labelled images, where the supervised loss is taken."""
        labelled = batch["labelled"]
        count = tf.shape(labelled["image"])[0]
        transform, in_view = view["transform"][:count], probability[:count]
        if self.method.loss_pose == "original":
            return labelled["mask"], unwarp(in_view, transform), labelled["valid"] * view["seen"][:count]
        return warp(labelled["mask"], transform), in_view, warp(labelled["valid"], transform)

    def _compare(self, target, probability, valid):
        if self.method.supervised_loss == "dice":
            return dice_loss(target, probability, valid, reduction=self.method.dice_over)
        # `wbce`: the classes weigh the same in each batch, whatever their pixels.
        return weighted_cross_entropy_loss(target, probability, valid)


def _settings(method: MethodSettings | str) -> MethodSettings:
    if not isinstance(method, str):
        return method
    if method not in METHODS:
        raise ValueError(f"Expected method to be one of {', '.join(METHODS)}. Received: method={method!r}")
    return METHODS[method](name=method)
