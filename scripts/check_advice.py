"""Whether the interval of `semicurv-tf advise` holds: python scripts/check_advice.py --help.

`ladders` trains networks on nested label sets of 1, 2, 4, ... images and scores each on hidden training images, whose
masks no network sees (docs/protocol.md: never the test set). `table` lets the fit see the lower rungs of such ladders
and counts how often the next rung, twice the labels, lies in the interval that it foretold.
"""

import json
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

HIDDEN_SEED = 12345  # which photographs are hidden, for all ladders of a dataset
SCORED = {"crackforest": 12}  # its images are whole photographs of nine times the pixels of a crop
SCORED_OTHERS = 20
RECIPE_SHARE = 0.35  # the most of the start that the recipe `default` keeps; as much as one of n images, see planning


@click.group()
def main():
    """Measure ladders of nested label sets, and what the fit of `advise` says of them."""


@main.command()
@click.option("--data", "data", multiple=True, required=True, help="NAME=DIR: a dataset with its folder; repeated")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="a JSON file per ladder")
@click.option("--seeds", default=6, show_default=True, help="label seeds per dataset")
@click.option("--rungs", default="1,2,4,8,16,32", show_default=True)
@click.option("--steps", default=60, show_default=True)
def ladders(data, output, seeds, rungs, steps):
    """Train and score one ladder per dataset and seed; what is in OUTPUT already is not done again."""
    output.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in rungs.split(",")]
    benches: dict[str, Bench] = {}
    # Seeds outside, datasets inside: whenever it stops, all datasets have about as many ladders.
    for seed in range(seeds):
        for pair in data:
            name, _, folder = pair.partition("=")
            path = output / f"{name}-seed{seed}.json"
            done = json.loads(path.read_text()) if path.exists() else {"dataset": name, "seed": seed, "steps": steps}
            if all(str(size) in done.get("rungs", {}) for size in sizes):
                continue
            if name not in benches:
                benches[name] = Bench(name, folder, steps)
            for size in sizes:
                if str(size) not in done.setdefault("rungs", {}):
                    done["rungs"][str(size)] = benches[name].rung(size, seed)
                    path.write_text(json.dumps(done))
                    mean = np.mean(list(done["rungs"][str(size)]["each"].values()))
                    click.echo(f"{time.strftime('%H:%M:%S')} {name} seed {seed}: {size} labels, IoU {100 * mean:.1f}")


class Bench:
    """A dataset with its hidden images, and one network that is set back to the built-in start before each training.

    Compiling the step anew for each would take longer than training.

    Args:
        name, folder: of the dataset.
        steps: length of each training.
    """

    def __init__(self, name: str, folder: str, steps: int):
        import tensorflow as tf

        from semicurv_tf.config.load import load_config
        from semicurv_tf.data.load import load_dataset
        from semicurv_tf.data.split import choose_labelled
        from semicurv_tf.metrics.network_scores import make_predictor
        from semicurv_tf.recipes import recipe_or_file
        from semicurv_tf.training.start import begin
        from semicurv_tf.training.train import compiled_method

        settings: dict[str, Any] = {"data.dataset": name, "data.data_dir": folder, "data.crop": 64, "data.labels": 1}
        settings |= {"training.steps": steps, "training.precision": "float32", "method.start_share": 0.0}
        self.config = load_config(recipe_or_file("default"), settings)
        self.steps, dataset = steps, load_dataset(name, folder)
        self.store = dataset.train
        sources = sorted(set(self.store.sources))
        wanted, hidden = SCORED.get(name, SCORED_OTHERS), set()
        for count in range(1, len(sources)):
            hidden = set(choose_labelled(sources, count, HIDDEN_SEED))
            if sum(source in hidden for source in self.store.sources) >= wanted:
                break
        numbers = range(len(self.store))
        self.hidden = [index for index in numbers if self.store.sources[index] in hidden][:wanted]
        self.pool = [self.store.names[index] for index in numbers if self.store.sources[index] not in hidden]
        mean, deviation = dataset.statistics()
        facts = {"channels": dataset.channels, "mean": mean, "standard_deviation": deviation, "steps": steps}
        self.learner = compiled_method(self.config, {**facts, "precision": {"name": "float32"}})
        begin(self.learner, self.config)
        self.start = self.learner.student.get_weights()
        self.step = tf.function(self.learner.train_step, jit_compile=False, autograph=False)
        self.predict = make_predictor(self.learner.teacher)

    def rung(self, size: int, seed: int) -> dict:
        """Trains on `size` images of the seed, scores the hidden ones: {"labels": names, "each": {name: IoU}}."""
        from semicurv_tf.data.pipeline import evaluation_batches, training_batches
        from semicurv_tf.data.split import choose_labelled
        from semicurv_tf.metrics.network_scores import count_images
        from semicurv_tf.metrics.overlap import iou

        learner, training = self.learner, self.config.training
        labelled = self.store.indices(choose_labelled(self.pool, size, seed))
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
        share = min(RECIPE_SHARE, 1 / size)
        end = learner.teacher.get_weights()
        learner.teacher.set_weights([share * a + (1 - share) * b for a, b in zip(self.start, end, strict=True)])
        counts = count_images(self.predict, evaluation_batches(self.store, 4, self.hidden))
        each = {name: round(float(iou(count)), 5) for name, count in counts.items()}
        return {"labels": [self.store.names[index] for index in labelled], "each": each}


if __name__ == "__main__":
    main()
