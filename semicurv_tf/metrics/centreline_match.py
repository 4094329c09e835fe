"""Pixels of two centrelines matched one to one within a tolerance, at one threshold or at many.

As in the Berkeley boundary benchmark (Martin, Fowlkes and Malik 2004), prediction and target are thinned and each
pixel is used once. Differs from it: the benchmark minimises the summed distance and counts pairs within 0.0075 of the
image's diagonal; here the number of pairs is the largest there is (a maximum flow, Dinic 1970, by SciPy), and the
tolerance is a stated number of pixels, the same for all image sizes.
"""

import os
from concurrent.futures import ThreadPoolExecutor

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
    found = neighbours >= 0
    # Only pixels that have a neighbour become nodes. SciPy's own bipartite matching can take forever on such graphs
    # (seen on a retina of DRIVE); Dinic's flow with unit capacities finds the same number in O(edges * sqrt(nodes)).
    degrees = np.count_nonzero(found, axis=1)
    degrees = degrees[degrees > 0]
    if not len(degrees):
        return 0
    firsts = neighbours[found]
    used = np.zeros(np.count_nonzero(first), bool)
    used[firsts] = True
    firsts = (np.cumsum(used, dtype=np.int32) - 1)[firsts]
    # The rows of the graph in their order: `second`'s pixels, `first`'s, the source, the sink.
    left, right = len(degrees), np.count_nonzero(used)
    source, sink = left + right, left + right + 1
    lengths = np.concatenate([degrees, np.ones(right, np.int64), [left, 0]])
    ends = np.concatenate([left + firsts, np.full(right, sink, np.int32), np.arange(left, dtype=np.int32)])
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    graph = csr_array((np.ones(len(ends), np.int32), ends, starts), shape=(sink + 1, sink + 1))
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
    foreground = lambda threshold: (probability > threshold) & valid
    areas = np.array([np.count_nonzero(foreground(threshold)) for threshold in thresholds])
    # Masks of rising thresholds lie inside each other: of those with the same area one is counted for all.
    places = np.flatnonzero(np.diff(areas, prepend=-1))

    def counted(place):
        centreline = skeleton(foreground(thresholds[place]))
        return count_matches(target_skeleton, centreline, tolerance_px), np.count_nonzero(centreline)

    # Thinning takes most of the time and runs outside Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for place, found in zip(places, threads.map(counted, places)):
            counts[place:, :2] = found
    return counts
