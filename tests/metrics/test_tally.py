import json
from pathlib import Path

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.metrics.catalogue import COUNTS, METRICS, parse_metrics
from semicurv_tf.metrics.overlap import count_overlap, summarise
from semicurv_tf.metrics.tally import Tally

SHARES = [name for name, metric in METRICS.items() if not metric.lower_is_better]
ERRORS = [name for name, metric in METRICS.items() if metric.lower_is_better]


def images(count=5, side=24):
    """Noisy predictions of crossing lines, with an area that is not valid."""
    rng = np.random.default_rng(0)
    for index in range(count):
        target = np.zeros((side, side, 1), np.float32)
        target[5 + index : 7 + index] = target[:, 12:14] = 1
        probability = np.clip(0.6 * target + 0.7 * rng.uniform(size=target.shape) - 0.1, 0, 1).astype(np.float32)
        valid = np.ones_like(target)
        valid[-4:] = 0
        yield f"image {index}", target, probability, valid


def tally_of(metrics, changes=lambda *image: image, **settings):
    tally = Tally(metrics, **settings)
    for image in images():
        tally.add(*changes(*image))
    return tally


def test_a_perfect_prediction_has_the_best_score_everywhere():
    scores = tally_of(METRICS, lambda name, target, _, valid: (name, target, target, valid)).scores()["metrics"]
    for name, metric in METRICS.items():
        best = 0 if metric.lower_is_better else 1
        assert {scores[name]["mean"], scores[name]["pooled"]} <= {best, None}, name
        assert scores[name]["mean"] == best or not metric.per_image
        assert scores[name]["pooled"] == best or not metric.pooled


def test_what_is_not_valid_changes_no_score():
    def garbage(name, target, probability, valid):
        rng = np.random.default_rng(1)
        noise = np.where(rng.uniform(size=target.shape) > 0.5, np.nan, 1)
        return name, np.where(valid > 0, target, 1), np.where(valid > 0, probability, noise).astype(np.float32), valid

    expected, found = tally_of(METRICS), tally_of(METRICS, garbage)
    assert found.scores(resamples=20) == expected.scores(resamples=20) and found.each() == expected.each()


def test_agrees_with_the_scores_of_overlap():
    tally = tally_of(["iou", "f1", "precision", "recall"], threshold=0.4)
    counts = {name: count_overlap(*rest, threshold=0.4) for name, *rest in images()}
    expected = summarise(counts.values())
    found = tally.scores()["metrics"]
    for name in found:
        assert found[name]["mean"] == pytest.approx(expected["mean"][name])
        assert found[name]["pooled"] == pytest.approx(expected["pooled"][name])
    assert [each["iou"] for each in tally.each().values()] == pytest.approx(
        [c[0] / sum(c[:3]) for c in counts.values()]
    )


def test_intervals_hold_the_score_and_are_ready_for_json():
    scores = tally_of(METRICS).scores()
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    for name, entry in scores["metrics"].items():
        for kind in ("mean", "pooled"):
            if entry[kind] is not None:
                low, high = entry[f"{kind}_interval"]
                assert low <= entry[kind] <= high, (name, kind)
    assert scores["metrics"]["ods"]["mean"] is None and 0 < scores["metrics"]["ods"]["threshold"] < 1
    assert scores["metrics"]["ois"]["pooled"] >= scores["metrics"]["ods"]["pooled"]
    curve = scores["curve"]
    assert len(curve["precision"]) == len(curve["recall"]) == len(curve["threshold"]) == 179
    assert curve["threshold"] == sorted(curve["threshold"]) and 0 < curve["threshold"][0] < 1e-6
    at = curve["threshold"].index(0.5)
    assert curve["precision"][at] == pytest.approx(scores["metrics"]["precision"]["pooled"], abs=1e-6)
    assert curve["recall"][at] == pytest.approx(scores["metrics"]["recall"]["pooled"], abs=1e-6)
    assert scores["bootstrap"]["sources"] == 5


def test_pooled_interval_is_that_of_pooled_resamples():
    """One resample at a time: the images written out as often as they were drawn."""
    from semicurv_tf.metrics.bootstrap import interval, resample_weights

    tally = tally_of(METRICS)
    found = tally.scores(resamples=7, seed=2)["metrics"]
    weights = resample_weights(tally.names, 7, 2)
    everything = list(images())
    for name in ("cldice", "average_precision", "ods", "rand_error"):
        scores = []
        for draw in weights:
            again = Tally([name])
            for image, times in zip(everything, draw):
                for _ in range(times):
                    again.add(*image)
            scores.append(again.scores(resamples=1)["metrics"][name]["pooled"])
        assert found[name]["pooled_interval"] == pytest.approx(interval(scores)), name


def test_images_of_one_source_have_no_interval():
    tally = Tally(["iou"])
    for image in images():
        tally.add(*image, source="one photograph")
    entry = tally.scores()["metrics"]["iou"]
    assert entry["mean_interval"] is None and entry["pooled_interval"] is None and entry["mean"] > 0


def test_both_masks_empty():
    tally = Tally(METRICS)
    tally.add("empty", np.zeros((9, 9)), np.zeros((9, 9)))
    each = tally.each()["empty"]
    assert each.pop("average_precision") is None
    assert all(each[name] == 1 for name in SHARES if name in each) and all(each[name] == 0 for name in ERRORS)
    assert tally.scores()["metrics"]["average_precision"]["pooled"] is None


@pytest.mark.parametrize("empty", ["target", "prediction"])
def test_only_one_mask_is_empty(empty):
    line = np.zeros((9, 9))
    line[4] = 1
    nothing = np.zeros((9, 9))
    tally = Tally(METRICS)
    tally.add("x", *((nothing, line) if empty == "target" else (line, nothing)))
    each = tally.each()["x"]
    # With nothing predicted all pixels tie: the area is the share of positives. Without a target there is none.
    ranked = each.pop("average_precision")
    assert ranked is None if empty == "target" else ranked == pytest.approx(1 / 9)
    assert {name: each[name] for name in SHARES if name in each} == {name: 0 for name in SHARES if name in each}
    assert each["betti0_error"] == 1 and each["betti1_error"] == 0 and 0 < each["rand_error"] < 1


def test_full_masks():
    tally = Tally(METRICS)
    tally.add("full", np.ones((9, 9)), np.ones((9, 9)))
    each = tally.each()["full"]
    assert all(each[name] == 1 for name in SHARES if name in each) and all(each[name] == 0 for name in ERRORS)


def test_image_without_a_valid_pixel_counts_nowhere():
    tally = tally_of(["iou", "cldice"])
    expected = tally.scores()
    tally.add("blank", np.ones((9, 9)), np.zeros((9, 9)), np.zeros((9, 9)))
    assert tally.scores() == expected and "blank" not in tally.each()
    with pytest.raises(ValueError, match="at least one image"):
        Tally(["iou"]).scores()


def test_bad_arrays_are_refused():
    for target, probability, word in [
        (np.zeros((3, 4)), np.zeros((4, 3)), "one shape"),
        (np.zeros((2, 3, 4)), np.zeros((2, 3, 4)), "height, width"),
        (np.zeros((3, 4)), np.full((3, 4), np.nan), "NaN"),
    ]:
        with pytest.raises(ValueError, match=word):
            Tally(["iou"]).add("x", target, probability)


def test_names_of_metrics():
    assert parse_metrics("all") == tuple(METRICS)
    assert parse_metrics("clDice, iou,iou") == ("cldice", "iou")
    for text, unknown in (("iou,dicee,ious", "found dicee, ious"), ("", "found none")):
        with pytest.raises(UserError, match=unknown) as error:
            parse_metrics(text)
        assert len(error.value.lines) == 1 and "cldice" in error.value.lines[0]


def test_every_metric_uses_known_counts():
    assert {metric.counts for metric in METRICS.values()} == set(COUNTS)


def test_every_metric_is_in_the_help_and_the_documentation():
    from semicurv_tf.cli.evaluate import EXAMPLES

    documentation = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name in METRICS:
        assert name in EXAMPLES and f"`{name}`" in documentation, name
