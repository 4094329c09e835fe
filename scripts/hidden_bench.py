"""Many trainings of the default recipe on hidden training images, by one graph; what `check_advice.py` and
`check_next.py` stand on. Development looks at the masks of training images, never of test images (docs/protocol.md).
"""

from typing import Any

import numpy as np

HIDDEN_SEED = 12345  # which photographs are hidden, for all trainings of a dataset


class Bench:
    """A dataset with its hidden images, and one network that is set back to the built-in start before each training.

    Compiling the step anew for each would take longer than training.

    Args:
        name, folder: of the dataset.
        steps: length of each training.
        crop: side of the crops in pixels.
        scored: how many training images are hidden from all trainings, to score on; whole photographs of them.
        precision: as of `training.precision`.
    """

    def __init__(self, name: str, folder: str, steps: int, crop: int, scored: int, precision: str = "float32"):
        import tensorflow as tf

        from semicurv_tf.config.load import load_config
        from semicurv_tf.data.load import load_dataset
        from semicurv_tf.data.split import choose_labelled
        from semicurv_tf.metrics.network_scores import make_predictor
        from semicurv_tf.recipes import recipe_or_file
        from semicurv_tf.training.precision import resolve_precision
        from semicurv_tf.training.start import begin
        from semicurv_tf.training.train import compiled_method

        settings: dict[str, Any] = {"data.dataset": name, "data.data_dir": folder, "data.crop": crop, "data.labels": 1}
        settings |= {"training.steps": steps, "training.precision": precision}
        recipe = recipe_or_file("default")
        self.most = load_config(recipe, settings).start_share
        self.config = load_config(recipe, {**settings, "method.start_share": 0.0})
        self.steps, dataset = steps, load_dataset(name, folder)
        self.store = dataset.train
        sources = sorted(set(self.store.sources))
        hidden: set[str] = set()
        for count in range(1, len(sources)):
            hidden = set(choose_labelled(sources, count, HIDDEN_SEED))
            if sum(source in hidden for source in self.store.sources) >= scored:
                break
        numbers = range(len(self.store))
        self.hidden = [index for index in numbers if self.store.sources[index] in hidden][:scored]
        self.pool = [self.store.names[index] for index in numbers if self.store.sources[index] not in hidden]
        mean, deviation = dataset.statistics()
        facts = {"channels": dataset.channels, "mean": mean, "standard_deviation": deviation, "steps": steps}
        self.learner = compiled_method(self.config, {**facts, "precision": resolve_precision(precision)._asdict()})
        begin(self.learner, self.config)
        self.start = self.learner.student.get_weights()
        self.step = tf.function(self.learner.train_step, jit_compile=False, autograph=False)
        self.predict = make_predictor(self.learner.teacher)

    def train(self, names, seed: int):
        """Sets the network back to the start and trains it on these images of the pool.

        Args:
            names: of the labelled images.
            seed: of the batches.
        """
        from semicurv_tf.data.pipeline import training_batches
        from semicurv_tf.planning.choose import share_of_start

        learner, training, labelled = self.learner, self.config.training, self.store.indices(names)
        learner.student.set_weights(self.start)
        learner.teacher.set_weights(self.start)
        for variable in learner.optimizer.variables:
            if variable.name != "learning_rate":
                variable.assign(np.zeros(variable.shape, variable.dtype))
        batches = training_batches(
            self.store, labelled, labelled, batch_labelled=training.batch_labelled, batch_unlabelled=0,
            crop=self.config.data.crop, seed=seed, first_step=0, steps=self.steps,
        )  # fmt: skip
        for batch in batches:
            self.step(batch)
        # `method.start_share` of an average of steps is the same share of its end (methods/moving_average.py).
        share = share_of_start(self.most, len(names))
        end = learner.teacher.get_weights()
        learner.teacher.set_weights([share * a + (1 - share) * b for a, b in zip(self.start, end, strict=True)])

    def score(self) -> dict[str, float]:
        """IoU of each hidden image by the averaged network."""
        from semicurv_tf.data.pipeline import evaluation_batches
        from semicurv_tf.metrics.network_scores import count_images
        from semicurv_tf.metrics.overlap import iou

        counts = count_images(self.predict, evaluation_batches(self.store, 4, self.hidden))
        return {name: round(float(iou(count)), 5) for name, count in counts.items()}
