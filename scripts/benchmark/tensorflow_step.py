"""This project's training step as a run does it: its own loop over its own batches."""

import keras
import tensorflow as tf

from benchmark.images import DrawnImages
from benchmark.pace import Done
from benchmark.trace import Trace, name_parts
from semicurv_tf.config import load_config
from semicurv_tf.data.pipeline import training_batches
from semicurv_tf.recipes import recipe_or_file
from semicurv_tf.training.devices import Devices
from semicurv_tf.training.loop import run_steps
from semicurv_tf.training.train import compiled_method

ENDLESS = 10**6


def run(pace_of, precision, settings):
    """Trains at the given pace until it says to stop.

    Args:
        pace_of: makes the `Pace`, given a profiler.
        precision: "float32" or "bfloat16".
        settings: `step`, `threads`, `labelled` and `unlabelled` images per step.
    """
    tf.config.threading.set_intra_op_parallelism_threads(settings["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(settings["threads"])
    name_parts()
    images = {"training.batch_labelled": settings["labelled"]}
    if settings["step"] == "recipe":
        config = load_config(recipe_or_file("default"), images)
    else:
        config = load_config(None, {**images, "training.batch_unlabelled": settings["unlabelled"]})
    unlabelled = settings["unlabelled"] if config.method.reads_unlabelled else 0
    facts = {
        "channels": 3,
        "mean": [127.5],
        "standard_deviation": [64.0],
        "steps": config.training.epochs,
        "precision": {"name": precision},
    }
    method = compiled_method(config, facts)
    store = DrawnImages()
    batches = training_batches(
        store,
        store.labelled_indices,
        store.unlabelled_indices,
        batch_labelled=settings["labelled"],
        batch_unlabelled=unlabelled,
        crop=None,
        seed=0,
        first_step=0,
        steps=ENDLESS,
    )
    parameters = sum(int(tf.size(variable.value)) for variable in method.student.trainable_variables)
    facts = {"version": f"TensorFlow {tf.__version__}, Keras {keras.__version__}", "parameters": parameters}
    try:
        pace = pace_of(Trace())
        pace.begin(facts)
        for _ in run_steps(method, batches, Devices(tf.distribute.get_strategy()), 0):
            pace.step_done()
    except Done:
        return
