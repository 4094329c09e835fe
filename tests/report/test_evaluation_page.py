"""The page of an evaluation: what stands in it, and what a real browser makes of it."""

import re

import numpy as np
import pytest

from semicurv_tf.config import Config
from semicurv_tf.evaluation.open_run import PredictedImage
from semicurv_tf.metrics.catalogue import METRICS
from semicurv_tf.metrics.overlap import OverlapCounts, summarise
from semicurv_tf.metrics.tally import Tally
from semicurv_tf.report.evaluation_page import evaluation_page
from semicurv_tf.report.extremes import SIDE_PX, pictures, worst_and_best
from tests.report.test_page import Nesting

# Names as users have them: long, and with what HTML takes for itself.
NAMES = [f"a/long_folder_name_without_any_break/<crop>&{index}_of_a_photograph_from_the_road.png" for index in range(7)]


def predictions():
    rng = np.random.default_rng(0)
    for index, name in enumerate(NAMES):
        target = np.zeros((40, 48, 1), np.float32)
        target[8 + 3 * index : 10 + 3 * index] = target[:, 20:22] = 1
        valid = np.ones_like(target)
        valid[:, -4:] = 0
        probability = np.clip((0.3 + 0.1 * index) * target + 0.35 * rng.uniform(size=target.shape), 0, 1).astype(
            np.float32
        )
        yield PredictedImage(
            name, name, 255 * rng.uniform(size=(40, 48, 3)).astype(np.float32), target, probability, valid
        )


def scores_of(metrics=tuple(METRICS)):
    """As `score_images` gives them."""
    tally = Tally(dict.fromkeys(("iou", "f1", *metrics)))
    for one in predictions():
        tally.add(one.name, one.target, one.probability, one.valid, one.source)
    scores = tally.scores(resamples=50)
    about = {"dataset": "folder", "method": "semicurv", "labels": 0.05, "split": "test", "step": 40}
    counts = [OverlapCounts(*map(int, row)) for row in tally.counts("overlap")]
    shown = {name: scores["metrics"][name] for name in metrics}
    return {**about, **summarise(counts), **scores, "metrics": shown, "each": tally.each()}


def write(path, scores, **more):
    found = pictures(predictions(), 0.5)
    names = worst_and_best({name: each["iou"] for name, each in scores["each"].items()})
    worst, best = ([found[name] for name in part] for part in names)
    facts = {"labelled": NAMES[:2], "seed": 0, "versions": {"tensorflow": "2"}, **more}
    config = Config().model_dump(mode="json")
    config["data"]["data_dir"] = "/home/someone/private"
    path.write_text(evaluation_page(scores, worst, best, config, facts, "my & run"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def scores():
    return scores_of()


@pytest.fixture(scope="module")
def path(scores, tmp_path_factory):
    return write(tmp_path_factory.mktemp("page") / "report.html", scores)


def test_holds_every_score_with_its_interval(path, scores):
    text = path.read_text(encoding="utf-8")
    for name, entry in scores["metrics"].items():
        assert METRICS[name].title in text
        factor = 100 if METRICS[name].percent else 1
        for kind in ("mean", "pooled"):
            if entry[kind] is not None:
                low, high = entry[f"{kind}_interval"]
                limits = f'<span class="range">{factor * low:.1f} to {factor * high:.1f}</span>'
                assert f"{factor * entry[kind]:.1f}{limits}" in text, name


def test_well_formed_escaped_and_without_an_address(path):
    text = path.read_text(encoding="utf-8")
    nesting = Nesting()
    nesting.feed(text)
    assert nesting.open == []
    assert "<crop>" not in text and "&lt;crop&gt;&amp;3_of" in text and "my &amp; run" in text
    without_pictures = re.sub(r'src="data:image/[a-z+]+;base64,[^"]*"', "", text)
    assert "//" not in without_pictures and "src=" not in without_pictures and "/home/someone" not in text
    assert all(re.findall(r'<img alt="([^"]*)"', text)) and text.count("<img alt=") == text.count("<img ")


def test_a_page_of_few_metrics_has_no_curve(tmp_path):
    text = write(tmp_path / "report.html", scores_of(("cldice", "betti0_error"))).read_text(encoding="utf-8")
    assert "clDice" in text and "Precision against recall" not in text and "Distribution of the IoU" in text


def test_how_the_threshold_was_chosen_is_told(path, tmp_path, scores):
    assert "0.5, the default" in path.read_text(encoding="utf-8")
    facts = {"threshold_chosen": {"threshold": 0.3, "metric": "iou", "images": 4, "split": "validation"}}
    for value, told in ((0.3, "0.3, the best mean iou on 4 validation images"), (0.4, "0.4, as asked for")):
        changed = write(tmp_path / "report.html", {**scores, "threshold": value}, **facts)
        assert told in changed.read_text(encoding="utf-8")


def test_labelled_images_are_said_to_be_trained_on(tmp_path, scores):
    text = write(tmp_path / "report.html", {**scores, "split": "labelled"}).read_text(encoding="utf-8")
    assert "was trained on these very images" in text


def test_worst_and_best_are_told_apart():
    assert worst_and_best({"a": 0.5, "b": 0.1, "c": 0.9, "d": 0.2, "e": 0.7}, count=2) == (["b", "d"], ["c", "e"])
    assert worst_and_best({"a": 0.5, "b": 0.1, "c": 0.9}) == (["b", "a"], ["c"])
    assert worst_and_best({"a": 0.5}) == (["a"], [])


def test_pictures_show_errors_where_pixels_count_and_large_ones_shrink():
    target, probability, valid = (np.zeros((2 * SIDE_PX, 100, 1), np.float32) for _ in range(3))
    valid[:, :60] = 1
    target[:, 10:20] = probability[:, 10:15] = probability[:, 30:40] = target[:, 70:] = 1
    found = pictures(
        [PredictedImage("x", "x", np.full((2 * SIDE_PX, 100, 1), 130.4), target, probability, valid)], 0.5
    )["x"]
    assert found.image.shape == found.errors.shape == (SIDE_PX, 50, 3) and (found.image == 130).all()
    right, missed, extra, outside, ground = (tuple(found.errors[5, column]) for column in (6, 8, 16, 40, 25))
    assert right == (255, 255, 255) and ground == (0, 0, 0) and outside == (60, 60, 60)
    assert extra[0] > extra[2] and missed[2] > missed[0]


def test_in_a_browser_the_scores_are_there_and_nothing_goes_wrong(browser, path, scores):
    found, console = browser.open(path)
    assert console == []
    for name in ("iou", "cldice"):
        assert f"<b>{100 * scores['metrics'][name]['mean']:.1f} %</b>" in found
    assert found.count("<img ") == 2 * len(NAMES) + 2 and "</footer>" in found


def test_in_a_browser_a_request_to_elsewhere_would_be_seen(browser, path, tmp_path):
    """The control of the test above: the page's own policy refuses it, and the console says so."""
    wrong = tmp_path / "wrong.html"
    wrong.write_text(
        path.read_text(encoding="utf-8").replace("<footer>", '<img src="https://example.invalid/a.png"><footer>')
    )
    _, console = browser.open(wrong)
    assert len(console) == 1 and "example.invalid" in console[0] and "Content Security Policy" in console[0]


@pytest.mark.parametrize("width", [390, 1200])
def test_in_a_browser_nothing_is_wider_than_the_window(browser, path, tmp_path, width):
    assert browser.measure(path, tmp_path, width) == (width, width, "")


def test_in_a_browser_what_is_too_wide_would_be_seen(browser, path, tmp_path):
    wide = tmp_path / "wide.html"
    line = '<p class="wide" style="width:500px;max-width:none">x</p>'
    wide.write_text(path.read_text(encoding="utf-8").replace("<footer>", line + "<footer>"))
    window, whole, beyond = browser.measure(wide, tmp_path, 390)
    assert window == 390 and whole > 500 and beyond == "P.wide"
