import numpy as np
import pytest
from skimage.measure import label
from skimage.metrics import adapted_rand_error as rand_error_of_labels

from semicurv_tf.metrics.adapted_rand import adapted_rand_error, count_pairs

rng = np.random.default_rng(0)


def score(target, predicted, valid=None):
    valid = np.ones(target.shape, bool) if valid is None else valid
    return adapted_rand_error(count_pairs(target, predicted, valid))


def pairs_one_by_one(target, predicted, valid):
    true_cells, cells = (label(~mask & valid, connectivity=1).ravel() for mask in (target, predicted))
    places = np.flatnonzero(true_cells)
    both = ours = theirs = 0
    for a in places:
        for b in places:
            if a != b:
                same_true, same = true_cells[a] == true_cells[b], cells[a] == cells[b] > 0
                both, ours, theirs = both + (same_true and same), ours + same, theirs + same_true
    return both, ours, theirs


def test_worked_out_by_hand():
    """Two cells of 3 and 2 pixels, whose wall was missed: one cell of 5 counted pixels."""
    target, nothing = np.array([[0, 0, 0, 1, 0, 0]], bool), np.zeros((1, 6), bool)
    pairs = count_pairs(target, nothing, np.ones((1, 6), bool))
    np.testing.assert_array_equal(pairs, [3 * 2 + 2 * 1, 5 * 4, 3 * 2 + 2 * 1])
    assert adapted_rand_error(pairs) == pytest.approx(1 - 2 * 8 / 28)
    # A wall too many through the larger cell: its pixel stands alone.
    split = np.array([[0, 1, 0, 1, 0, 0]], bool)
    np.testing.assert_array_equal(count_pairs(target, split, np.ones((1, 6), bool)), [2, 2, 8])
    # Only the wall's width differs, which costs its pixels alone; the true wall's pixels count nowhere.
    assert score(target, np.array([[0, 0, 1, 1, 0, 0]], bool)) == pytest.approx(1 - 2 * 4 / (4 + 8))


def test_against_counting_pairs_and_against_scikit_image():
    for share in (0.2, 0.4, 0.6):
        target, predicted = (rng.uniform(size=(8, 9)) < share for _ in range(2))
        valid = rng.uniform(size=(8, 9)) > 0.1
        assert tuple(count_pairs(target, predicted, valid)) == pairs_one_by_one(target, predicted, valid)
        true_cells = label(~target, connectivity=1)
        cells = label(~predicted, connectivity=1)
        alone = np.where(cells == 0, cells.max() + 1 + np.arange(cells.size).reshape(cells.shape), cells)
        assert score(target, predicted) == pytest.approx(rand_error_of_labels(true_cells, alone)[0])


def test_cells_are_joined_over_edges_only():
    wall = np.eye(4, dtype=bool)  # a wall over corners separates the two sides
    assert score(wall, wall) == 0
    assert score(wall, np.zeros((4, 4), bool)) > 0


def test_empty_and_full_masks():
    nothing, everything = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    assert score(nothing, nothing) == 0
    assert score(everything, everything) == score(everything, nothing) == 0  # no cell in the target: nothing to count
    assert score(nothing, everything) == 1
