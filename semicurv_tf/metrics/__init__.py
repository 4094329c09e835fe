"""What is reported: pure functions of masks and probabilities. TensorFlow is not imported here."""
