"""How much a committee of predictions disagrees: student and teacher, each on several views of an image."""

from collections.abc import Callable, Sequence

import numpy as np

from semicurv_tf.geometry.orientations import COUNT, orient, orient_back

_TINY = 1e-7  # below any probability that float32 tells from 0


def committee(predictors: Sequence[Callable[[np.ndarray], np.ndarray]], image: np.ndarray, views: int) -> np.ndarray:
    """The predictions of each network on each view, turned back to the image's own pose.

    Args:
        predictors: map uint8 `(height, width, channels)` to probabilities `(height, width)`: the student, and the
            teacher where there is one.
        image: uint8 `(height, width, channels)`.
        views: 1 to 8, the first of the flips and quarter turns of `geometry.orientations`: exact, so that what
            differs is what the networks say.

    Returns:
        float32 `(networks x views, height, width)`.
    """
    if not 1 <= views <= COUNT:
        raise ValueError(f"Expected 1 to {COUNT} views. Received: views={views}")
    members = []
    for number in range(views):
        view = np.asarray(orient(image[None], number))[0]
        for predict in predictors:
            members.append(np.asarray(orient_back(predict(view)[None, ..., None], number))[0, ..., 0])
    return np.stack(members)


def disagreement(members: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence of a committee at each pixel: the entropy of its mean less its mean entropy.

    Zero where all say the same, however unsure they are: an edge that is a grey pixel wide is doubted by all, and a
    label of it teaches nothing. At most ln 2. (Query by committee, McCallum & Nigam 1998, ICML; the same sum as the
    mutual information of BALD, Houlsby et al. 2011, Eq. 2.)

    Args:
        members: probabilities `(members, height, width)`.

    Returns:
        float32 `(height, width)`, in nats.
    """
    spread = _entropy(members.mean(axis=0, dtype=np.float64)) - np.mean([_entropy(one) for one in members], axis=0)
    return np.maximum(spread, 0).astype(np.float32)


def _entropy(probability: np.ndarray) -> np.ndarray:
    p = np.clip(probability.astype(np.float64), _TINY, 1 - _TINY)
    return -(p * np.log(p) + (1 - p) * np.log1p(-p))
