import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow
from scipy.spatial import cKDTree

from semicurv_tf.metrics.centreline_match import MATCH_THRESHOLDS, count_matches_at
from semicurv_tf.metrics.nested_matches import most_pairs
from semicurv_tf.metrics.skeleton import skeleton


def flow(first, second, tolerance):
    """By SciPy's maximum flow, from neighbours a tree of points finds."""
    a, b = np.argwhere(first), np.argwhere(second)
    if not len(a) or not len(b):
        return 0
    near = cKDTree(a).query_ball_tree(cKDTree(b), tolerance + 1e-9)
    pairs = np.array([(i, len(a) + j) for i, row in enumerate(near) for j in row], int).reshape(-1, 2)
    source, sink = len(a) + len(b), len(a) + len(b) + 1
    edges = np.concatenate(
        [
            pairs,
            np.stack([np.full(len(a), source), np.arange(len(a))], axis=1),
            np.stack([np.arange(len(b)) + len(a), np.full(len(b), sink)], axis=1),
        ]
    )
    graph = coo_array((np.ones(len(edges), np.int32), edges.T.astype(np.int32)), shape=(sink + 1, sink + 1)).tocsr()
    return maximum_flow(graph, source, sink).flow_value


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 2, 3])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.9])
def test_independent_masks(tolerance, share):
    rng = np.random.default_rng(int(100 * share))
    target = rng.uniform(size=(23, 31)) < 0.3
    masks = rng.uniform(size=(64, 23, 31)) < share * rng.uniform(0.5, 1, size=(64, 1, 1))
    words = sum((mask.astype(np.uint64) << np.uint64(bit) for bit, mask in enumerate(masks)), np.uint64(0))
    found = most_pairs(target, words, 64, tolerance)
    assert found.tolist() == [flow(target, mask, tolerance) for mask in masks]
    assert most_pairs(target, words & np.uint64(7), 3, tolerance).tolist() == found[:3].tolist()


def test_along_a_line_a_pair_more_needs_all_to_move():
    # Each pixel of the mask lies on one of the target, but its first has none to its left: all move by one.
    target, mask = np.zeros((1, 60), bool), np.zeros((1, 60), bool)
    target[0, 1:51] = True
    mask[0, 0:50] = True
    assert most_pairs(target, mask.astype(np.uint64), 1, 1).tolist() == [50]
    mask[0, 50:52] = True
    assert most_pairs(target, mask.astype(np.uint64), 1, 1).tolist() == [50]


def test_nothing_to_pair():
    nothing, everything = np.zeros((4, 5), bool), np.full((4, 5), 5, np.uint64)
    assert most_pairs(nothing, everything, 3, 2).tolist() == [0, 0, 0]
    assert most_pairs(~nothing, everything * np.uint64(0), 3, 2).tolist() == [0, 0, 0]
    assert most_pairs(~nothing, everything, 3, 0).tolist() == [20, 0, 20]


def prediction(kind, rng):
    """A target, and a probability such as networks give: soft lines, some missed and some invented."""
    shape = (84, 96)
    field = gaussian_filter(rng.normal(size=shape), 4)
    target = np.abs(field) < 0.006
    soft = gaussian_filter(target * (gaussian_filter(rng.normal(size=shape), 8) > -0.01).astype(float), 1.2) * 1.5
    soft = soft + gaussian_filter(rng.normal(size=shape), 1.5) * 0.3
    return target, {
        "soft": np.clip(soft, 0, 1).astype(np.float32),
        "doubles": np.clip(soft, 0, 1),
        "sure": 1 / (1 + np.exp(-40 * (soft - 0.4))),
        "hard": (soft > 0.3).astype(np.float32),
        "on_thresholds": np.round(np.clip(soft, 0, 1) * 50) / 50,
        "bytes": np.round(np.clip(soft, 0, 1) * 255).astype(np.float32) / 255,
        "noise": rng.uniform(size=shape),
    }[kind]


@pytest.mark.parametrize("kind", ["soft", "doubles", "sure", "hard", "on_thresholds", "bytes", "noise"])
def test_counts_are_those_of_each_threshold_by_itself(kind):
    rng = np.random.default_rng(11)
    target, probability = prediction(kind, rng)
    valid = gaussian_filter(rng.normal(size=target.shape), 9) > -0.03
    line = skeleton(target & valid)
    counts = count_matches_at(line, probability, valid, 2)
    for threshold, count in zip(MATCH_THRESHOLDS, counts, strict=True):
        predicted = skeleton((probability > threshold) & valid)
        assert tuple(count) == (flow(line, predicted, 2), predicted.sum(), line.sum()), threshold


def test_more_thresholds_than_a_word_has_bits():
    rng = np.random.default_rng(12)
    target, probability = prediction("soft", rng)
    line, valid = skeleton(target), np.ones_like(target)
    thresholds = np.arange(150) / 150
    counts = count_matches_at(line, probability, valid, 2, thresholds)
    for number in (0, 63, 64, 65, 127, 128, 149):
        single = count_matches_at(line, probability, valid, 2, thresholds[number : number + 1])
        assert counts[number].tolist() == single[0].tolist()
        assert counts[number, 1] == skeleton(probability > thresholds[number]).sum()


def test_what_is_not_valid_may_be_anything():
    target = np.eye(9, dtype=bool)
    valid = np.ones_like(target)
    valid[:, 6:] = False
    probability = np.where(valid, target, np.nan)
    counts = count_matches_at(target, probability, valid, 0)
    assert (counts == (6, 6, 9)).all()
    assert count_matches_at(target, probability, valid, 0, thresholds=np.zeros(0)).shape == (0, 3)
