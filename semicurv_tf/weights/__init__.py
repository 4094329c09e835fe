"""The built-in network: weights learned from drawn images, their card, and what they know without a label.

What loads TensorFlow, `weights.start` and `weights.zero_label`, is imported from there, so that a command may read a
card before it decides how TensorFlow is loaded.
"""

from semicurv_tf.weights.builtin import BUILT_IN, Weights, read_weights, write_weights

__all__ = ["BUILT_IN", "Weights", "read_weights", "write_weights"]
