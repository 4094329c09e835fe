"""What is reported: pure functions of masks and probabilities. Only `network_scores` imports TensorFlow."""
