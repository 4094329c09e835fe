"""A program for the tests: twenty steps of methods on N devices, or as a worker under TF_CONFIG; writes what came out.

    python -m tests.training.replica_steps OUTPUT.npz --devices N --jobs JSON

JSON lists what to run, one after another: {"label", "method", "steps", "settings"}. Devices can be set once a process,
before TensorFlow starts: hence a program, and one for all jobs, since starting it costs more than most of them.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json

import click
import keras
import numpy as np
import tensorflow as tf

from semicurv_tf.config import load_config
from semicurv_tf.layers import FusedBatchNormalization
from semicurv_tf.methods import Learner
from semicurv_tf.training.devices import open_devices
from semicurv_tf.training.loop import run_steps
from semicurv_tf.training.task import read_task

LENGTH, IMAGES, SIZE = 20, 4, 24  # LENGTH: of the schedules


def two_layers():
    """A network with batch normalisation that is traced in a moment."""
    image = keras.Input((SIZE, SIZE, 3))
    features = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(image / 255.0 - 0.5)
    features = keras.ops.relu(FusedBatchNormalization(momentum=0.9)(features))
    return keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(features))


def images(step):
    """The global batch of a step: lines, noise, and pixels that do not count."""
    rng = np.random.default_rng(step)
    mask = np.zeros((2 * IMAGES, SIZE, SIZE, 1), "float32")
    for image in mask:
        image[rng.integers(2, SIZE - 4) :][:2] = 1
    image = (80 + 120 * mask + rng.normal(0, 30, (2 * IMAGES, SIZE, SIZE, 3))).clip(0, 255).astype("float32")
    valid = (rng.random(mask.shape) < 0.9).astype("float32")
    labelled = {"image": image[:IMAGES], "mask": mask[:IMAGES], "valid": valid[:IMAGES]}
    return {"labelled": labelled, "unlabelled": {"image": image[IMAGES:], "valid": valid[IMAGES:]}}


def shares(devices, steps):
    """The parts of this process's replicas, replica after replica, step after step."""
    share = IMAGES // devices.replicas
    for step in range(steps):
        for replica in devices.mine:
            rows = slice(replica * share, (replica + 1) * share)
            yield tf.nest.map_structure(lambda every, rows=rows: tf.constant(every[rows]), images(step))


def run(label, name, settings, devices, steps):
    """Losses of each step, the first step's gradients, and the weights after the last."""
    common = {
        "method.name": name,
        **({"method.rampup": 0.0} if name != "supervised" else {}),
        "views.flip_vertical": 0.5,
        "model.widths": [4, 8],
    }
    config = load_config(None, {**common, **settings})
    keras.utils.set_random_seed(0)
    with devices.strategy.scope():
        teacher = two_layers() if config.method.needs_teacher else None
        method = Learner(two_layers(), teacher, config.method, config.views, config.training, LENGTH)
        method.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9))
    value = lambda variable: tf.convert_to_tensor(variable.value).numpy()
    flat = lambda variables: np.concatenate([value(variable).ravel() for variable in variables])
    before, reports = flat(method.student.trainable_variables), []
    for report, _ in run_steps(method, shares(devices, steps), devices, 0):
        reports.append(report)
        if len(reports) == 1:
            # Of SGD's first step: the learning rate times the clipped gradient.
            gradient = (before - flat(method.student.trainable_variables)) / 0.05
    names = [key for key in reports[0] if key not in ("step", "seconds", "learning_rate")]
    losses = {f"{label} {key}": np.array([report[key] for report in reports]) for key in names}
    networks = [method.student] + ([] if method.teacher is None else [method.teacher])
    changed = [flat(each.weights) for each in networks] + (
        [flat(method.other_variables)] if method.other_variables else []
    )
    return losses | {f"{label} gradient": gradient, f"{label} weights": np.concatenate(changed)}


@click.command()
@click.argument("output")
@click.option("--devices", default=1)
@click.option("--jobs", required=True)
def main(output, devices, jobs):
    """Run and write."""
    opened = open_devices(devices, read_task())
    found = {}
    for job in json.loads(jobs):
        found |= run(job["label"], job["method"], job["settings"], opened, job["steps"])
    if opened.task.chief:
        np.savez(output, **found)


if __name__ == "__main__":
    main()
