"""Takes the most telling images without taking one twice in all but name."""

import numpy as np


def choose_diverse(
    scores: np.ndarray, features: np.ndarray, count: int, known: np.ndarray | None = None
) -> tuple[list[int], list[float]]:
    """Greedily takes the image of the largest score times distance to the nearest one taken.

    The first is that of the largest score. With equal scores this is the k-centre greedy choice (Sener & Savarese 2018,
    ICLR, Algorithm 1); the score keeps it from taking what is merely odd. An image that looks exactly like one taken
    has distance 0 and comes last.

    Args:
        scores: `(images,)`, not negative.
        features: `(images, features)`.
        count: how many to take; all where there are fewer.
        known: `(labelled, features)` of images that are labelled already, or None. They do not change which is first.

    Returns:
        Positions of those taken, in order, and the distance of each to the nearest one known or taken before (infinite
        for the first where none are known).
    """
    scores, features = np.asarray(scores, np.float64), np.asarray(features, np.float64)
    nearest = np.full(len(scores), np.inf)
    for centre in [] if known is None else known:
        nearest = np.minimum(nearest, np.linalg.norm(features - centre, axis=1))
    free = np.ones(len(scores), bool)
    taken: list[int] = []
    distances: list[float] = []
    for _ in range(min(count, len(scores))):
        gain = scores * nearest if taken else scores
        # Where nothing is gained any more, by the score.
        order = np.lexsort((-scores, -gain, ~free))
        best = int(order[0])
        taken.append(best)
        distances.append(float(nearest[best]))
        free[best] = False
        nearest = np.minimum(nearest, np.linalg.norm(features - features[best], axis=1))
    return taken, distances
