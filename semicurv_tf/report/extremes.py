"""The worst and the best images of an evaluation, with their errors in colour."""

from typing import NamedTuple

import numpy as np

from semicurv_tf.pictures.error_map import error_map
from semicurv_tf.pictures.rgb import as_rgb, reduced

COUNT = 6  # of each
SIDE_PX = 640  # larger pictures are shown smaller: a page is to be sent by mail


class Extreme(NamedTuple):
    """An image beside its errors: pictures (height, width, 3) uint8 of one size."""

    name: str
    image: np.ndarray
    errors: np.ndarray


def worst_and_best(scores: dict[str, float], count: int = COUNT) -> tuple[list[str], list[str]]:
    """Names of the images with the lowest scores, lowest first, and the highest, highest first; none is in both.

    Args:
        scores: image to score.
        count: of each; of few images half (rounded up) are worst.
    """
    ordered = sorted(scores, key=lambda name: (scores[name], name))
    worst = ordered[: min(count, -(-len(ordered) // 2))]
    return worst, ordered[len(worst) :][::-1][:count]


def pictures(predictions, threshold: float) -> dict[str, Extreme]:
    """Pictures of predicted images.

    Args:
        predictions: of `OpenRun.predictions`.
        threshold: foreground is above it.

    Returns:
        By the images' names.
    """
    found = {}
    for one in predictions:
        valid = one.valid[..., 0] > 0.5
        errors = error_map(one.target[..., 0] > 0.5, (one.probability[..., 0] > threshold) & valid, valid)
        found[one.name] = Extreme(one.name, reduced(as_rgb(one.image), SIDE_PX), reduced(errors, SIDE_PX))
    return found
