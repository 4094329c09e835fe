import numpy as np
import pytest

from semicurv_tf.metrics.aiu import AIU_THRESHOLDS, aiu, f1_at, iou_at
from semicurv_tf.metrics.levels import count_levels
from semicurv_tf.metrics.overlap import count_overlap, f1, iou


def test_worked_out_by_hand():
    # IoU 1/2 at 0.01 ... 0.19 (19 thresholds), 1 at 0.20 ... 0.59 (40), 0 from 0.60 on (40).
    levels = count_levels(np.array([True, False]), np.array([0.6, 0.2]))
    assert aiu(levels) == pytest.approx((19 * 0.5 + 40) / 99)


def test_is_the_mean_of_the_scores_of_the_masks():
    rng = np.random.default_rng(0)
    images = [(rng.uniform(size=(9, 7)) > 0.6, rng.uniform(size=(9, 7)).astype(np.float32)) for _ in range(3)]
    levels = np.stack([count_levels(target.ravel(), probability.ravel()) for target, probability in images])
    for score, at in ((iou, iou_at), (f1, f1_at)):
        expected = [
            [score(count_overlap(*image, threshold=threshold)) for threshold in AIU_THRESHOLDS.tolist()]
            for image in images
        ]
        np.testing.assert_allclose(at(levels, AIU_THRESHOLDS), expected)
    np.testing.assert_allclose(aiu(levels), iou_at(levels, AIU_THRESHOLDS).mean(axis=1))


def test_empty_masks():
    nothing = np.zeros(4, bool)
    assert aiu(count_levels(nothing, np.zeros(4))) == 1
    assert aiu(count_levels(nothing, np.ones(4))) == 0
    assert aiu(count_levels(~nothing, np.zeros(4))) == 0
    # Empty from 0.50 on: right there, wrong before.
    assert aiu(count_levels(nothing, np.full(4, 0.5))) == pytest.approx(50 / 99)
