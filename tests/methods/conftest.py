"""A small method on a small batch, so that a step takes milliseconds."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import load_config
from semicurv_tf.layers import FusedBatchNormalization
from semicurv_tf.methods import build_method

SMALL = {"model.widths": [4, 8], "training.precision": "float32"}
SIZE = 32


@pytest.fixture(autouse=True)
def few_drawings(monkeypatch):
    """Of those that `drawn_curves` lays over images."""
    monkeypatch.setattr("semicurv_tf.methods.drawn_curves.COUNT", 6)


def two_layers(model, channels, mean, standard_deviation, dtype="float32", seed=0, times_smaller=1):
    """In place of `build_network`: two convolutions and a batch normalisation, which a step passes in no time."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((None, None, channels))
    features = keras.layers.Rescaling(1 / standard_deviation[0], -mean[0] / standard_deviation[0])(image)
    features = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(features)
    features = keras.ops.relu(FusedBatchNormalization(momentum=0.9)(features))
    return keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(features))


@pytest.fixture
def make_method(monkeypatch):
    """Builds a compiled method from dotted settings; on a network of two layers where they name no other `model`."""

    def make(steps=20, **settings):
        settings = {key.replace("__", "."): value for key, value in settings.items()}
        config = load_config(None, {**SMALL, **settings})
        with monkeypatch.context() as patch:
            if not any(key.startswith("model.") for key in settings):
                patch.setattr(importlib.import_module("semicurv_tf.methods.build"), "build_network", two_layers)
            method = build_method(config, 3, [128.0] * 3, [64.0] * 3, steps)
        method.compile(optimizer=keras.optimizers.SGD(config.training.learning_rate))
        return method

    return make


@pytest.fixture
def batch():
    """Two labelled and three unlabelled images with a bright line each."""
    rng = np.random.default_rng(0)

    def part(count):
        mask = np.zeros((count, SIZE, SIZE, 1), "float32")
        for index in range(count):
            mask[index, 5 + 6 * index : 8 + 6 * index] = 1
        image = 90 + 100 * mask + rng.normal(0, 10, (count, SIZE, SIZE, 3))
        ones = np.ones_like(mask)
        return {"image": tf.constant(image, tf.float32), "mask": tf.constant(mask), "valid": tf.constant(ones)}

    unlabelled = part(3)
    del unlabelled["mask"]
    return {"labelled": part(2), "unlabelled": unlabelled}
