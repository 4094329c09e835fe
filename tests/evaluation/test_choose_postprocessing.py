"""The choice of threshold and steps, on drawn probabilities whose remedy is known."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from semicurv_tf.cli.evaluate import evaluate
from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.evaluation import choose_postprocessing as choosing
from semicurv_tf.evaluation.choose_postprocessing import Finish, Held, choose_postprocessing, mean_scores, search
from semicurv_tf.evaluation.open_run import OpenRun
from semicurv_tf.evaluation.score_run import key, require_mask_metrics, score_images
from semicurv_tf.metrics.betti import betti_errors
from semicurv_tf.metrics.cldice import cldice, count_cldice
from semicurv_tf.metrics.skeleton import skeleton
from semicurv_tf.postprocessing.finish import finished_mask
from semicurv_tf.postprocessing.settings import PostProcessing
from semicurv_tf.training.run_folder import chosen_postprocessing
from tests.evaluation.test_choose_threshold import QUIET, Store


def broken_lines(seed):
    """Lines with gaps of 6 px where the probability is 0.2; specks of 0.9, and a field of 0.3, that are none."""
    rng = np.random.default_rng(seed)
    target = np.zeros((60, 100), np.uint8)
    percent = np.full((60, 100), 2, np.uint8)
    percent[52:58, 10:70] = 30  # no low threshold fills the gaps unpunished
    for row in (15, 45):
        target[row - 1 : row + 2, 5:95] = 1
        percent[row - 1 : row + 2, 5:95] = 90
        for gap in rng.choice(np.arange(15, 85, 12), 3, replace=False):
            percent[row - 1 : row + 2, gap : gap + 6] = 20
    for _ in range(8):
        row, column = rng.integers(24, 36), rng.integers(2, 96)
        percent[row, column : column + 2] = 90
    return percent, target, np.ones((60, 100), np.uint8)


@pytest.fixture
def opened(tmp_path):
    def make(validation=True):
        stores = [Store([broken_lines(seed) for seed in seeds]) for seeds in ((0, 1), (2, 3, 4), (5, 6))]
        dataset = SimpleNamespace(
            train=stores[0], validation=stores[1] if validation else None, test=stores[2], new=None, changes=None
        )
        facts = {"labelled": ["1.png"], "step": 7, "dataset": "drawn", "method": "supervised"}
        return OpenRun(tmp_path, Config(), facts, dataset, lambda image: image / np.float32(100))

    return make


def test_gaps_are_bridged_and_specks_left_out(opened):
    run = opened()
    chosen = choose_postprocessing(run, None, "cldice", QUIET)
    assert chosen == json.loads((run.folder / "threshold.json").read_text())
    assert (chosen["split"], chosen["metric"], chosen["images"], chosen["step"]) == ("validation", "cldice", 3, 7)
    assert chosen["before"]["betti0_error"] > 5 and chosen["after"]["betti0_error"] == 0
    assert chosen["after"]["cldice"] > 0.99 > chosen["before"]["cldice"]
    steps = chosen_postprocessing(run.folder, 7)
    assert steps.smallest_component_px and (steps.bridge_px or steps.hysteresis_low)
    text = choosing.describe(chosen, run)
    assert "highest mean clDice on 3 validation images" in text and "Betti-0 error" in text


def test_scores_by_hand():
    """The means are those of the metrics' own functions on the finished masks."""
    finish = Finish(0.5, PostProcessing(bridge_px=8, smallest_component_px=10))
    held, expected = [], []
    for seed in (0, 1):
        percent, target, valid = broken_lines(seed)
        held.append(Held(str(seed), target > 0, percent / 100, valid > 0))
        mask = finished_mask(percent / 100, 0.5, finish.steps)
        counts = count_cldice(target > 0, mask, skeleton(target > 0), skeleton(mask))
        overlap = np.count_nonzero(mask & (target > 0)) / np.count_nonzero(mask | (target > 0))
        expected.append([overlap, cldice(counts), *betti_errors(target > 0, mask)])
    found = mean_scores(held, finish, choosing.REPORTED)
    assert list(found.values()) == pytest.approx(np.mean(expected, axis=0))


def test_what_gains_nothing_stays_off():
    before, after = search(lambda finish: 1 - abs(finish.threshold - 0.3) - 0.01 * bool(finish.steps))
    assert before == after == Finish(0.3)


def test_a_gain_below_the_least_is_none():
    gain = lambda finish: 0.5 + (choosing.LEAST_GAIN / 2) * (finish.steps.bridge_px == 8)
    assert search(gain)[1] == Finish(0.5)
    gain = lambda finish: 0.5 + 2 * choosing.LEAST_GAIN * (finish.steps.bridge_px == 8)
    assert search(gain)[1] == Finish(0.5, PostProcessing(bridge_px=8))


def test_steps_and_threshold_are_found_together():
    """The best threshold alone is 0.5; with hysteresis another one is."""

    def score(finish):
        if finish.steps.hysteresis_low is None:
            return 0.5 - 0.1 * abs(finish.threshold - 0.5)
        return 0.6 - 0.1 * abs(finish.threshold - 0.8) - 0.1 * abs(finish.steps.hysteresis_low - 0.25)

    before, after = search(score)
    assert before == Finish(0.5) and after.threshold == 0.8 and after.steps.hysteresis_low < 0.8


def test_labelled_images_where_there_are_no_others(opened):
    run = opened(validation=False)
    chosen = choose_postprocessing(run, None, "iou", QUIET)
    assert chosen["split"] == "labelled" and chosen["images"] == 1
    assert "labelled training images" in choosing.describe(chosen, run)


@pytest.mark.parametrize("split", ["test", "new"])
def test_never_on_images_of_results(opened, split):
    run = opened()
    with pytest.raises(UserError, match="is never chosen"):
        choose_postprocessing(run, split, "iou", QUIET)
    assert not list(run.folder.iterdir())


def test_many_images_are_thinned(opened, monkeypatch):
    monkeypatch.setattr(choosing, "MOST_PIXELS", 2 * 60 * 100)
    run = opened()
    chosen = choose_postprocessing(run, None, "iou", QUIET)
    assert chosen["images"] == 2 and chosen["of_images"] == 3
    assert "(of 3, evenly spread)" in choosing.describe(chosen, run)


def test_test_images_are_scored_with_the_steps(opened):
    run = opened()
    choose_postprocessing(run, None, "cldice", QUIET)
    steps = choosing.chosen_steps(run)
    scores = score_images(run, "test", QUIET, ("cldice", "betti0_error"), 0.5, steps=steps)
    held = [Held("", target > 0, percent / 100, valid > 0) for percent, target, valid in map(broken_lines, (5, 6))]
    found = mean_scores(held, Finish(0.5, steps), ("cldice", "betti0_error"))
    assert {name: scores["metrics"][name]["mean"] for name in found} == pytest.approx(found)
    known = json.loads((run.folder / "scores.json").read_text())
    assert list(known) == ["test+postprocessing"] and known["test+postprocessing"]["postprocessing"]["bridge_px"] >= 0


def test_keys_of_scores():
    assert (key("test", 0.5), key("test", 0.42, steps=True)) == ("test", "test@0.42+postprocessing")


def test_metrics_of_probabilities_are_refused():
    assert require_mask_metrics(("iou", "ods", "cldice"), asked_for_all=True) == ("iou", "cldice")
    with pytest.raises(UserError, match=r"found ods, which need probabilities. Fix: --metrics iou"):
        require_mask_metrics(("iou", "ods"), asked_for_all=False)


def test_none_was_chosen(opened):
    run = opened()
    with pytest.raises(UserError, match=r"--postprocessing chosen: .* Fix: semicurv-tf evaluate"):
        choosing.chosen_steps(run)
    (run.folder / "threshold.json").write_text(json.dumps({"threshold": 0.4, "step": 7}))
    with pytest.raises(UserError, match="holds no post-processing"):
        choosing.chosen_steps(run)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--choose", "postprocessing", "--metrics", "iou"), "--choose postprocessing: expected no --metrics"),
        (("--choose", "postprocessing", "--choose-threshold"), "expected no --choose postprocessing beside it"),
        (("--choose", "postprocessing", "--split", "test"), "never chosen on the images"),
        (("--choose", "threshold", "--choose-by", "cldice"), "--choose-by cldice: is for --choose postprocessing"),
        (("--choose-threshold", "--choose-by", "cldice"), "--choose-by cldice"),
        (("--postprocessing", "chosen", "--threshold", "0.4"), "--postprocessing chosen: expected no --page"),
        (("--postprocessing", "chosen", "--page", "a.html"), "--postprocessing chosen: expected no --page"),
        (("--postprocessing", "chosen", "--choose", "threshold"), "Fix: choose first"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, said):
    result = CliRunner().invoke(evaluate, ["--run", str(tmp_path), *options])
    assert isinstance(result.exception, UserError) and said in str(result.exception)
