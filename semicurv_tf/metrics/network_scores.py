"""Scores of a network over images: each image whole, in its own size, thresholded at 0.5."""

import numpy as np
import tensorflow as tf

from semicurv_tf.metrics.overlap import count_overlap, iou


def make_predictor(network):
    """The network as one graph from raw images of any size to probabilities, float32."""

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(image):
        return tf.sigmoid(tf.cast(network(image, training=False), tf.float32))

    return predict


def count_images(predict, batches, progress=None):
    """Overlap counts of every image with a mask.

    Args:
        predict: from `make_predictor`.
        batches: of `evaluation_batches`: dicts of `name`, `image`, `mask`, `valid`, NumPy.
        progress: called with the number of images done after each batch, or None.

    Returns:
        A dict from image name to `OverlapCounts`.
    """
    counts = {}
    for batch in batches:
        probability = np.asarray(predict(tf.convert_to_tensor(batch["image"])))
        for name, target, predicted, valid in zip(batch["name"], batch["mask"], probability, batch["valid"]):
            counts[name] = count_overlap(target, predicted, valid)
        if progress is not None:
            progress(len(counts))
    return counts


def iou_of_images(predict, batches) -> np.ndarray:
    """The IoU of each image, float64 `(images,)` in [0, 1]; its mean is what the paper reports."""
    return np.array([iou(counts) for counts in count_images(predict, batches).values()], np.float64)
