import networkx as nx
import numpy as np
import pytest

from semicurv_tf.metrics.centreline_match import count_matches, count_matches_at
from semicurv_tf.metrics.skeleton import skeleton


def row(shape, at, begin=0, end=None):
    mask = np.zeros(shape, bool)
    mask[at, begin:end] = True
    return mask


def most_pairs(first, second, tolerance):
    """By networkx, from all distances."""
    a, b = np.argwhere(first), np.argwhere(second)
    graph = nx.Graph()
    left, right = [("first", i) for i in range(len(a))], [("second", j) for j in range(len(b))]
    graph.add_nodes_from(left + right)
    distance = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    graph.add_edges_from((left[i], right[j]) for i, j in zip(*np.nonzero(distance <= tolerance)))
    return len(nx.bipartite.hopcroft_karp_matching(graph, left)) // 2


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 2, 3])
def test_is_the_largest_matching(tolerance):
    rng = np.random.default_rng(int(10 * tolerance))
    for share in (0.05, 0.2, 0.5):
        first, second = (rng.uniform(size=(13, 9)) < share for _ in range(2))
        assert count_matches(first, second, tolerance) == most_pairs(first, second, tolerance)


def test_tolerance_is_inclusive_and_in_pixels():
    target = row((9, 12), 2)
    assert count_matches(target, row((9, 12), 4), 2) == 12
    assert count_matches(target, row((9, 12), 4), 1.99) == 0
    assert count_matches(target, row((9, 12), 5), 2) == 0
    assert count_matches(target, row((9, 12), 4, 0, 5), 2) == 5


def test_each_pixel_is_used_once():
    target, double = row((9, 12), 4), row((9, 12), 2) | row((9, 12), 6)
    assert count_matches(target, double, 2) == count_matches(double, target, 2) == 12


def test_greedy_matching_would_find_fewer():
    # a-b-c-d in a row, prediction on b and on e: b must go to a neighbour such that e keeps one.
    target = np.array([[1, 0, 1, 0, 0]], bool)
    predicted = np.array([[0, 1, 0, 1, 0]], bool)
    assert count_matches(target, predicted, 1) == 2


def test_empty_and_full():
    nothing, everything = np.zeros((5, 6), bool), np.ones((5, 6), bool)
    assert count_matches(nothing, everything, 2) == count_matches(everything, nothing, 2) == 0
    assert count_matches(nothing, nothing, 2) == 0
    assert count_matches(everything, everything, 0) == 30


def test_centrelines_of_a_large_net():
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:120, :120]
    net = (np.sin(rows / 5) * np.sin(columns / 7) > 0.05) ^ (rng.uniform(size=(120, 120)) > 0.97)
    moved = np.roll(net, 1, axis=1) ^ (rng.uniform(size=(120, 120)) > 0.97)
    first, second = skeleton(net), skeleton(moved)
    matches = count_matches(first, second, 2)
    assert matches == most_pairs(first, second, 2) > 1000


def test_at_each_threshold_the_predicted_mask_is_thinned():
    rng = np.random.default_rng(5)
    probability = np.round(rng.uniform(size=(20, 24)) + 0.5 * row((20, 24), 8) + 0.5 * row((20, 24), 9), 1) / 2
    target = skeleton(row((20, 24), 8) | row((20, 24), 9))
    valid = rng.uniform(size=(20, 24)) > 0.1
    counts = count_matches_at(target, probability, valid, 1, thresholds=[0.31, 0.32, 0.33, 0.5, 0.9])
    for threshold, count in zip([0.31, 0.32, 0.33, 0.5, 0.9], counts):
        centreline = skeleton((probability > threshold) & valid)
        assert tuple(count) == (count_matches(target, centreline, 1), centreline.sum(), target.sum())
    assert tuple(counts[-1]) == (0, 0, target.sum())
