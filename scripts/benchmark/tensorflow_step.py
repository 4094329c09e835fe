"""This project's training step as a run does it: `fit` over the project's own batches."""

import keras
import tensorflow as tf

from benchmark.images import DrawnImages
from benchmark.pace import Done
from benchmark.trace import Trace, name_parts
from semicurv_tf.config import load_config
from semicurv_tf.data.pipeline import training_batches
from semicurv_tf.training.train import compiled_method

ENDLESS = 10**6


def run(pace_of, precision, settings):
    """Trains at the given pace until it says to stop.

    Args:
        pace_of: makes the `Pace`, given a profiler.
        precision: "float32" or "bfloat16".
        settings: `threads`, `labelled` and `unlabelled` images a step.
    """
    tf.config.threading.set_intra_op_parallelism_threads(settings["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(settings["threads"])
    name_parts()
    config = load_config(
        None,
        {"training.batch_labelled": settings["labelled"], "training.batch_unlabelled": settings["unlabelled"]},
    )
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
        batch_unlabelled=settings["unlabelled"],
        crop=None,
        seed=0,
        first_step=0,
        steps=ENDLESS,
    )
    parameters = sum(int(tf.size(variable.value)) for variable in method.student.trainable_variables)
    facts = {"version": f"TensorFlow {tf.__version__}, Keras {keras.__version__}", "parameters": parameters}
    try:
        method.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[_AtPace(pace_of(Trace()), facts)])
    except Done:
        return


class _AtPace(keras.callbacks.Callback):
    """Holds `fit` between blocks of steps."""

    def __init__(self, pace, facts):
        super().__init__()
        self._pace, self._facts = pace, facts

    def on_train_begin(self, logs=None):
        self._pace.begin(self._facts)

    def on_train_batch_end(self, batch, logs=None):
        self._pace.step_done()
