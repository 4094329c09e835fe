"""Takes the images that stand for the others: each image shall be like one that is taken or labelled already."""

import numpy as np

MOST_TO_COVER = 4000  # images whose distances are held at once; of more, evenly spaced ones stand for all


def choose_covering(features: np.ndarray, count: int, known: np.ndarray | None = None) -> tuple[list[int], list[float]]:
    """Greedily takes the image that brings all images nearest to one taken, on average (k-median).

    Unlike the k-centre choice (`choose_diverse`), which takes what is farthest, thus what is odd, this takes what is
    typical: "Active learning on a budget: opposite strategies suit high and low budgets", Hacohen et al. 2022, ICML.

    Args:
        features: `(images, features)`.
        count: how many to take; all where there are fewer.
        known: `(labelled, features)` of images that are labelled already, or None.

    Returns:
        Positions of those taken, in order, and the distance of each to the nearest one known or taken before (infinite
        for the first where none are known).
    """
    features = np.asarray(features, np.float32)
    covered = features[:: -(-len(features) // MOST_TO_COVER)]
    between = _distances(features, covered)
    largest = float(between.max(initial=0.0))
    nearest = np.full(len(covered), largest, np.float32)
    to_taken = np.full(len(features), np.inf, np.float32)
    if known is not None:
        nearest = np.minimum(nearest, _distances(covered, known).min(axis=1))
        to_taken = np.minimum(to_taken, _distances(features, known).min(axis=1))
    free = np.ones(len(features), bool)
    taken: list[int] = []
    distances: list[float] = []
    for _ in range(min(count, len(features))):
        left = np.minimum(between, nearest).mean(axis=1)
        # Where nothing is gained any more, the farthest.
        best = int(np.lexsort((-to_taken, left, ~free))[0])
        taken.append(best)
        distances.append(float(to_taken[best]))
        free[best] = False
        nearest = np.minimum(nearest, between[best])
        to_taken = np.minimum(to_taken, _distances(features, features[best : best + 1])[:, 0])
    return taken, distances


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Euclidean, `(of the first, of the second)`, without an array of all differences."""
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))
