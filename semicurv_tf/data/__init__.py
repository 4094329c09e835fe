"""Datasets of thin, branching structures: catalogue, TFDS builders, splits, batches, checks.

Importing this package makes the builders known to TFDS (`tfds.load("drive128", ...)`), and imports
neither TFDS nor TensorFlow itself. Start at `load.load_dataset` and `pipeline.training_batches`.
"""

from semicurv_tf.data.registration import register_builders

register_builders()
