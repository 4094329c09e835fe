import numpy as np
import pytest

from semicurv_tf.metrics.levels import count_levels
from semicurv_tf.metrics.precision_recall import average_precision, precision_recall_curve

rng = np.random.default_rng(1)


def exact_average_precision(target, score):
    """From the ranked pixels: the sum over hits of precision when they are found, ties found together."""
    area, recall = 0.0, 0.0
    for threshold in np.unique(score)[::-1]:
        predicted = score >= threshold
        hits = np.sum(predicted & target)
        area += (hits / target.sum() - recall) * hits / predicted.sum()
        recall = hits / target.sum()
    return area


def test_worked_out_by_hand():
    target = np.array([1, 0, 1, 0], bool)
    levels = count_levels(target, np.array([0.9, 0.8, 0.7, 0.1]))
    assert average_precision(levels) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    precision, recall = precision_recall_curve(levels, [0.0, 0.5, 0.75, 0.85, 0.95])
    np.testing.assert_allclose(precision, [2 / 4, 2 / 3, 1 / 2, 1, 0])
    np.testing.assert_allclose(recall, [1, 1, 1 / 2, 1 / 2, 0])


def test_equals_the_exact_area_where_scores_lie_on_thresholds():
    target = rng.uniform(size=400) > 0.7
    score = np.clip(rng.integers(0, 100, 400) + 20 * target, 0, 99) / 100
    assert average_precision(count_levels(target, score)) == pytest.approx(
        exact_average_precision(target, score), abs=1e-12
    )


@pytest.mark.parametrize("scale", [1, 5])
def test_close_to_the_exact_area_for_scores_of_a_network(scale):
    target = rng.uniform(size=3000) > 0.9
    logit = scale * (rng.normal(size=3000) + 2 * target - 2)  # at scale 5 most lie within 1e-4 of 0
    score = (1 / (1 + np.exp(-logit))).astype(np.float32)
    assert average_precision(count_levels(target, score)) == pytest.approx(
        exact_average_precision(target, score), abs=2e-3
    )


def test_many_images_at_once():
    targets = rng.uniform(size=(3, 50)) > 0.5
    levels = np.stack([count_levels(target, rng.uniform(size=50)) for target in targets])
    np.testing.assert_allclose(average_precision(levels), [average_precision(one) for one in levels])


def test_empty_and_full_targets():
    score = rng.uniform(size=50)
    assert np.isnan(average_precision(count_levels(np.zeros(50, bool), score)))
    assert average_precision(count_levels(np.ones(50, bool), score)) == 1
    assert (
        average_precision(count_levels(np.ones(50, bool), np.zeros(50))) == 1
    )  # all tied: precision is the prevalence
    precision, recall = precision_recall_curve(count_levels(np.zeros(50, bool), score * 0.5), [0.2, 0.5])
    assert (precision[0], recall[0]) == (0, 0) and (precision[1], recall[1]) == (1, 1)
