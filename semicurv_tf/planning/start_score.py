"""What the network that a training begins with makes of the labelled images, before it has learned from them."""

from collections.abc import Sequence

import numpy as np

from semicurv_tf.config import Config
from semicurv_tf.data.dense_window import densest_window
from semicurv_tf.data.load import Dataset
from semicurv_tf.metrics.network_scores import make_predictor
from semicurv_tf.metrics.overlap import count_overlap, summarise
from semicurv_tf.models.build import build_network
from semicurv_tf.training.start import RANDOM, load_network

IMAGES = 4  # evenly spread: enough to tell 10 % from 40 %, and done in seconds
WINDOW_PX = 768  # of a larger image, the window of this side with the most foreground


def score_of_start(config: Config, dataset: Dataset, labelled: Sequence[int]) -> float | None:
    """IoU of the start over labelled images, at one scale and threshold 0.5, in [0, 1]; their pixels are pooled.

    Args:
        config: with `model.start`.
        dataset: the images at the size at which they are seen.
        labelled: positions of those training images whose masks are learned from; no other mask is looked at.

    Returns:
        None where the weights begin at random, or no mask shows a structure.

    Raises:
        UserError: the weights do not fit the network.
    """
    if config.model.start == RANDOM or not labelled:
        return None
    network = build_network(config.model, dataset.channels, *dataset.statistics())
    load_network(network, config.model.start)
    predict = make_predictor(network)
    counts = []
    for place in sorted({*np.linspace(0, len(labelled) - 1, IMAGES).astype(int)}):
        arrays = dataset.train.read(labelled[place])
        target = (arrays["mask"][..., 0] == 1) & (arrays["valid"][..., 0] == 1)
        if target.any():
            window = densest_window(target, WINDOW_PX)
            probability = predict(arrays["image"][window][None].astype(np.float32)).numpy()[0]
            counts.append(count_overlap(arrays["mask"][window] == 1, probability, arrays["valid"][window]))
    return float(summarise(counts)["pooled"]["iou"]) if counts else None
