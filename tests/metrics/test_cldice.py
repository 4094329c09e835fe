import numpy as np
import pytest

from semicurv_tf.metrics.cldice import cldice, count_cldice
from semicurv_tf.metrics.skeleton import skeleton


def count(target, predicted):
    return count_cldice(target, predicted, skeleton(target), skeleton(predicted))


def test_worked_out_by_hand():
    """A true line of 12 pixels; the prediction has its first 6, and a false one of 4."""
    target, predicted = np.zeros((9, 12), bool), np.zeros((9, 12), bool)
    target[2] = predicted[2, :6] = predicted[6, :4] = True
    counts = count(target, predicted)
    np.testing.assert_array_equal(counts, [6, 10, 6, 12])
    assert cldice(counts) == pytest.approx(2 * 0.6 * 0.5 / (0.6 + 0.5))


def test_a_thin_line_inside_a_thick_one_is_right_and_a_gap_costs():
    thick = np.zeros((9, 40), bool)
    thick[2:7] = True
    thin = np.zeros((9, 40), bool)
    thin[4] = True
    np.testing.assert_array_equal(count(thick, thin)[:2], [40, 40])
    assert cldice(count(thick, thin)) > 0.95  # the thick line's centreline bends into its corners
    gap = thick.copy()
    gap[:, 15:25] = False
    assert 0.8 < cldice(count(thick, gap)) < 1


def test_policy_on_empty_and_full_masks():
    nothing, everything = np.zeros((5, 5), bool), np.ones((5, 5), bool)
    assert cldice(count(nothing, nothing)) == 1
    assert cldice(count(nothing, everything)) == cldice(count(everything, nothing)) == 0
    assert cldice(count(everything, everything)) == 1


def test_skeleton_keeps_small_pieces_and_is_one_pixel_wide():
    mask = np.zeros((12, 30), bool)
    mask[1:3, 1:3] = mask[1, 8] = mask[5:10, 2:28] = True
    line = skeleton(mask)
    assert line[1:3, 1:3].any() and line[1, 8] and (line <= mask).all()
    assert line[5:10, 8:22].sum(axis=0).tolist() == [1] * 14
