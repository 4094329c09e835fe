import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.metrics.overlap import (
    OverlapCounts,
    batch_iou,
    count_overlap,
    f1,
    iou,
    pool,
    precision,
    recall,
    summarise,
)

TARGET = np.array([[1, 1, 1, 0], [0, 0, 0, 0]])
PROBABILITY = np.array([[0.9, 0.8, 0.1, 0.7], [0.2, 0.5, 0.3, 0.0]])
BOTH_EMPTY, NOTHING_FOUND, NOTHING_THERE = (
    OverlapCounts(0, 0, 0, 9),
    OverlapCounts(0, 0, 4, 5),
    OverlapCounts(0, 4, 0, 5),
)


def test_counts_and_scores_worked_out_by_hand():
    counts = count_overlap(TARGET, PROBABILITY)
    assert counts == (2, 1, 1, 4)  # 0.5 is not above the threshold
    assert iou(counts) == 2 / 4
    assert f1(counts) == 4 / 6
    assert precision(counts) == recall(counts) == 2 / 3


def test_threshold_and_valid():
    valid = np.array([[1, 0, 1, 0], [1, 1, 1, 0]])
    assert count_overlap(TARGET, PROBABILITY, valid) == (1, 0, 1, 3)
    assert count_overlap(TARGET, PROBABILITY, valid, threshold=0.25) == (1, 2, 1, 1)


def test_invalid_pixels_may_hold_anything():
    valid = np.ones(TARGET.shape)
    valid[0, 0] = 0
    garbage = PROBABILITY.copy()
    garbage[0, 0] = np.nan
    assert count_overlap(TARGET, garbage, valid) == count_overlap(TARGET, PROBABILITY, valid) == (1, 1, 1, 4)
    with pytest.raises(ValueError, match="NaN"):
        count_overlap(TARGET, garbage)


@pytest.mark.parametrize("score", [iou, f1, precision, recall])
def test_policy_on_empty_masks(score):
    assert score(BOTH_EMPTY) == 1
    assert score(NOTHING_FOUND) == 0
    assert score(NOTHING_THERE) == 0


def test_one_pixel_and_full_masks():
    one = np.zeros((5, 5, 1))
    one[2, 3] = 1
    full = np.ones((5, 5, 1))
    assert iou(count_overlap(one, one)) == iou(count_overlap(full, full)) == 1
    assert iou(count_overlap(one, full)) == precision(count_overlap(one, full)) == 1 / 25
    assert recall(count_overlap(one, full)) == 1


def test_scores_equal_those_of_sets_of_pixels():
    rng = np.random.default_rng(0)
    target, probability = rng.uniform(size=(30, 40)) > 0.9, rng.uniform(size=(30, 40))
    there, found = set(np.flatnonzero(target)), set(np.flatnonzero(probability > 0.8))
    counts = count_overlap(target, probability, threshold=0.8)
    assert iou(counts) == len(there & found) / len(there | found)
    assert f1(counts) == 2 * len(there & found) / (len(there) + len(found))


def test_summary_of_a_set():
    counts = [OverlapCounts(2, 1, 1, 4), NOTHING_FOUND, BOTH_EMPTY, OverlapCounts(0, 0, 0, 0)]
    summary = summarise(counts)
    assert summary["images"] == 3 and summary["images_without_valid_pixels"] == 1
    assert summary["empty_targets"] == 1 and summary["empty_predictions"] == 2
    assert summary["mean"]["iou"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert summary["mean"]["f1"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert summary["counts"] == {"true_positive": 2, "false_positive": 1, "false_negative": 5, "true_negative": 18}
    assert summary["pooled"]["iou"] == 2 / 8 and summary["pooled"]["f1"] == 4 / 10
    assert summary["pooled"]["precision"] == 2 / 3 and summary["pooled"]["recall"] == 2 / 7
    assert json.loads(json.dumps(summary)) == summary
    assert pool(counts[:2]) == (2, 1, 5, 9)


def test_summary_of_nothing_is_refused():
    for counts in ([], [OverlapCounts(0, 0, 0, 0)]):
        with pytest.raises(ValueError, match=f"Received: {len(counts)} images"):
            summarise(counts)


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        count_overlap(TARGET, PROBABILITY[..., None])


def test_batch_iou_is_the_mean_of_the_images_scores():
    rng = np.random.default_rng(1)
    target = (rng.uniform(size=(6, 7, 9, 1)) > 0.8).astype(np.float32)
    probability = rng.uniform(size=(6, 7, 9, 1)).astype(np.float32)
    valid = (rng.uniform(size=(6, 7, 9, 1)) > 0.3).astype(np.float32)
    target[0] = probability[0] = 0  # both empty: 1
    target[1] = 0  # the target alone: 0
    spec = tf.TensorSpec([None, None, None, 1], tf.float32)
    graph = tf.function(batch_iou, input_signature=[spec] * 3)
    expected = np.mean([iou(count_overlap(*maps)) for maps in zip(target, probability, valid, strict=True)])
    assert float(graph(target, probability, valid)) == pytest.approx(expected, abs=1e-6)
    expected = np.mean([iou(count_overlap(*maps, threshold=0.2)) for maps in zip(target, probability, strict=True)])
    assert float(batch_iou(target, probability, threshold=0.2)) == pytest.approx(expected, abs=1e-6)


def test_evaluation_starts_without_tensorflow():
    code = "import sys, semicurv_tf.metrics.overlap; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
