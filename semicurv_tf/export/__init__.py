"""From a trained network to a SavedModel for TensorFlow Serving, and the check that it answers alike."""
