"""The built-in network: weights learned from drawn images, their card, and what they know without a label."""

from semicurv_tf.weights.builtin import BUILT_IN, Weights, read_weights, write_weights
from semicurv_tf.weights.start import built_in_network, load_start

__all__ = ["BUILT_IN", "Weights", "built_in_network", "load_start", "read_weights", "write_weights"]
