import keras
import numpy as np
import pytest

from semicurv_tf.export.from_run import export_network
from semicurv_tf.models import ResidualUNet

CARD = {"threshold": 0.5, "size": None, "max_pixels": 100_000, "max_batch": 3, "precision": "float32"}


def random_network(channels: int, seed: int = 0, encoding: str = "sinusoid") -> ResidualUNet:
    """A tiny network whose batch statistics are far from 0 and 1, so that folding has work to do."""
    keras.utils.set_random_seed(seed)
    network = ResidualUNet(
        widths=(4, 6, 8), encoding=encoding, mean=[110.0] * channels, standard_deviation=[50.0] * channels
    )
    network.build((None, None, None, channels))
    generator = np.random.default_rng(seed)
    for weight in network.weights:
        if len(weight.shape) == 1:
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    head = network.head.bias
    image = generator.uniform(0, 255, (1, 64, 64, channels)).astype(np.float32)
    head.assign(head - float(np.median(network(image))))  # masks that are neither empty nor full
    return network


@pytest.fixture(scope="session")
def network():
    return random_network(3)


@pytest.fixture(scope="session")
def exported(network, tmp_path_factory):
    """A version folder with three channels and any size."""
    models = tmp_path_factory.mktemp("models") / "semicurv"
    return export_network(network, models, {**CARD, "channels": 3, "dataset": "synthetic"}).version


@pytest.fixture(scope="session")
def exported_grey(tmp_path_factory):
    """One channel and a fixed size, 32 x 48."""
    models = tmp_path_factory.mktemp("grey") / "semicurv"
    return export_network(random_network(1), models, {**CARD, "channels": 1, "size": (32, 48)}).version
