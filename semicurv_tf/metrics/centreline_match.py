"""Pixels of two centrelines matched one to one within a tolerance, at one threshold or at many.

As in the Berkeley boundary benchmark (Martin, Fowlkes and Malik 2004), prediction and target are thinned and each
pixel is used once. Differs from it: the benchmark minimises the summed distance and counts pairs within 0.0075 of the
image's diagonal; here the number of pairs is the largest there is (a maximum flow, Dinic 1970, by SciPy), and the
tolerance is a stated number of pixels, the same for all image sizes.
"""

import numpy as np

from semicurv_tf.metrics.skeleton import skeleton

# Of ODS and OIS: 0.5 is one of them.
MATCH_THRESHOLDS = np.arange(1, 50) / 50


def count_matches(first, second, tolerance_px):
    """The most pairs of a pixel of `first` and one of `second`, each used once, no farther apart than the tolerance.

    Args:
        first, second: (height, width) bool, of one shape.
        tolerance_px: largest distance of two pixel centres, inclusive, at least 0.

    Returns:
        int.

    Example:
        >>> count_matches(np.array([[1, 1, 0, 0]], bool), np.array([[0, 0, 0, 1]], bool), 2)
        1
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    reach = int(tolerance_px)
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    near = row**2 + column**2 <= tolerance_px**2
    # `first`'s pixels by number, with a rim so that no neighbour falls off the image.
    number = np.full(np.add(first.shape, 2 * reach), -1, np.int32)
    number[reach : reach + first.shape[0], reach : reach + first.shape[1]][first] = np.arange(np.count_nonzero(first))
    rows, columns = np.nonzero(second)
    neighbours = number[rows[:, None] + row[near] + reach, columns[:, None] + column[near] + reach]
    seconds, _ = np.nonzero(neighbours >= 0)
    if not len(seconds):
        return 0
    # Only pixels that have a neighbour become nodes. SciPy's own bipartite matching can take forever on such graphs
    # (seen on a retina of DRIVE); Dinic's flow with unit capacities finds the same number in O(edges * sqrt(nodes)).
    firsts, seconds = neighbours[neighbours >= 0], np.unique(seconds, return_inverse=True)[1]
    firsts = np.unique(firsts, return_inverse=True)[1]
    left, right = seconds.max() + 1, firsts.max() + 1
    source, sink = left + right, left + right + 1
    begins = np.concatenate([seconds, np.full(left, source), left + np.arange(right)])
    ends = np.concatenate([left + firsts, np.arange(left), np.full(right, sink)])
    graph = csr_array((np.ones(len(begins), np.int32), (begins, ends)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(graph, source, sink, method="dinic").flow_value)


def count_matches_at(target_skeleton, probability, valid, tolerance_px, thresholds=MATCH_THRESHOLDS):
    """Matched pixels of the centrelines at each threshold.

    Args:
        target_skeleton: (height, width) bool, the target's centreline.
        probability: (height, width) float, 0 to 1; foreground is where it exceeds the threshold.
        valid: (height, width) bool; the prediction counts there only.
        tolerance_px: as in `count_matches`.
        thresholds: in [0, 1), ascending.

    Returns:
        (thresholds, 3) int64: matched pixels, pixels of the predicted centreline, of the target's.
    """
    counts = np.zeros((len(thresholds), 3), np.int64)
    counts[:, 2] = np.count_nonzero(target_skeleton)
    area = None
    for place, threshold in enumerate(thresholds):
        predicted = (probability > threshold) & valid
        same_mask = np.count_nonzero(predicted) == area  # masks of rising thresholds lie inside each other
        if same_mask:
            counts[place] = counts[place - 1]
            continue
        area = np.count_nonzero(predicted)
        centreline = skeleton(predicted)
        counts[place, :2] = count_matches(target_skeleton, centreline, tolerance_px), np.count_nonzero(centreline)
    return counts
