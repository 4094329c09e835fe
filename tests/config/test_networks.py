"""The list of networks agrees with the networks."""

import inspect

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.config.networks import NETWORKS
from semicurv_tf.models.build import _PARAMETERS


@pytest.mark.parametrize("name", NETWORKS)
def test_what_the_registry_says_of_a_network_is_what_its_class_takes(name):
    network = NETWORKS[name]
    kind, model = network.load(), load_config(None, {"model.name": name}).model
    parameters = inspect.signature(kind.__init__).parameters
    assert {_PARAMETERS.get(key, key) for key in network.arguments} <= set(parameters)
    assert (kind.side_outputs > 0) == network.side_outputs
    assert hasattr(kind, "load_trunk") == network.published_trunk
    for key in ("widths", "encoding", "trunk"):
        assert getattr(model, key) == getattr(network, key)
        assert (key in network.arguments) == (getattr(network, key) is not None)
