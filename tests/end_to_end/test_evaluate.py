"""`semicurv-tf evaluate` as a user types it, on a small folder of drawn lines: metrics, thresholds, refusals."""

import json

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.metrics.catalogue import METRICS


def draw(folder, count, seed):
    """Images of dark crossing lines on a grainy ground, with their masks; 40 x 48 pixels."""
    rng = np.random.default_rng(seed)
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for index in range(count):
        mask = np.zeros((40, 48), bool)
        mask[rng.integers(4, 34) :][:3] = mask[:, rng.integers(4, 40) :][:, :2] = True
        image = np.clip(rng.normal(170 - 110 * mask[..., None], 25, (40, 48, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"{folder.name}{index}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "masks" / f"{folder.name}{index}.png")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of a few steps, trained in this process."""
    from rich.console import Console

    from semicurv_tf.config import load_config
    from semicurv_tf.training.train import train

    place = tmp_path_factory.mktemp("evaluated")
    for split, count in (("train", 10), ("validation", 5), ("test", 5)):
        draw(place / "data" / split, count, count)
    settings = {
        "data.dataset": "folder", "data.data_dir": str(place / "data"), "data.cache_dir": str(place / "cache"),
        "data.labels": 0.5,
        "model.widths": [4, 8], "method.name": "supervised", "training.steps": 12, "training.learning_rate": 0.01,
        "training.precision": "float32",
    }  # fmt: skip
    train(load_config(None, settings), place / "run", Console(quiet=True))
    return place / "run"


@pytest.fixture
def evaluate(call_command, run):
    """Calls `semicurv-tf evaluate`; returns what it printed, or its lines of error where it failed."""

    def call(*arguments, expect=0, run=run):
        said = call_command("evaluate", "--run", run, *arguments, expect=expect)
        return (
            said.out if expect == 0 else [line for line in said.err.splitlines() if line.lower().startswith("error:")]
        )

    return call


def test_threshold_is_chosen_then_used_by_all_metrics(evaluate, run):
    said = evaluate("--choose-threshold")
    chosen = json.loads((run / "threshold.json").read_text())
    assert chosen["split"] == "validation" and chosen["images"] == 5 and chosen["score"] >= chosen["score_at_0.5"]
    assert f"threshold {chosen['threshold']:g}" in said and "labelled" not in said

    text = evaluate("--metrics", "all", "--threshold", "chosen", "--tolerance-px", "3")
    name = "test" if chosen["threshold"] == 0.5 else f"test@{chosen['threshold']:g}"
    scores = json.loads((run / "scores.json").read_text())[name]
    assert (
        set(scores["metrics"]) == set(METRICS)
        and scores["tolerance_px"] == 3
        and scores["threshold"] == chosen["threshold"]
    )
    assert scores["metrics"]["iou"]["mean"] == pytest.approx(scores["mean"]["iou"])
    assert scores["metrics"]["f1"]["pooled"] == pytest.approx(scores["pooled"]["f1"])
    assert all(len(each) == len(METRICS) - 1 for each in scores["each"].values())  # ODS is of all images together
    assert np.isclose(
        scores["metrics"]["iou"]["mean"], np.mean([each["iou"] for each in scores["each"].values()]), atol=1e-4
    )
    low, high = scores["metrics"]["iou"]["mean_interval"]
    assert f"{100 * low:.1f} to {100 * high:.1f}" in text and "tolerance" in text and "3 px" in text


def test_a_threshold_of_an_earlier_step_is_taken_by_no_command(run):
    from semicurv_tf.errors import UserError
    from semicurv_tf.training.run_folder import chosen_threshold

    before = (run / "threshold.json").read_text()
    chosen = json.loads(before)
    assert chosen["step"] == 12 and chosen_threshold(run) == chosen["threshold"]
    (run / "threshold.json").write_text(json.dumps({**chosen, "step": 5}))
    with pytest.raises(UserError, match="chosen at step 5, the run is at step 12. Fix:"):
        chosen_threshold(run)
    (run / "threshold.json").write_text(before)


def test_page_has_the_printed_scores_and_pictures_of_all_images(evaluate, tmp_path):
    text = evaluate("--page", tmp_path / "new folder" / "report.html")
    page = (tmp_path / "new folder" / "report.html").read_text(encoding="utf-8")
    assert "report.html" in text and "Average precision" in text and page.count('<figure class="pixels">') == 5
    mean = next(line for line in text.splitlines() if line.startswith("IoU")).split()[2]
    assert f'<td class="">{mean}<' in page or f"<td>{mean}<" in page
    assert "test4" in page and "learning_rate: 0.01" in page and str(tmp_path) not in page


def test_scores_at_one_half_stay_beside_those_at_another_threshold(evaluate, run):
    evaluate("--metrics", "cldice,iou", "--threshold", "0.31")
    text = evaluate()
    scores = json.loads((run / "scores.json").read_text())
    assert {"test", "test@0.31"} <= set(scores) and list(scores["test@0.31"]["metrics"]) == ["cldice", "iou"]
    assert scores["test"]["threshold"] == 0.5 and "metrics" not in scores["test"] and "threshold" not in text


def test_labelled_images_may_be_scored_and_chosen_on(evaluate, run):
    assert "folder labelled, 5 images" in evaluate("--split", "labelled")
    before = (run / "threshold.json").read_bytes()
    said = evaluate("--split", "labelled", "--choose-threshold", "--choose-by", "f1")
    assert "note: these are the labelled training images" in said
    (run / "threshold.json").write_bytes(before)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--metrics", "iou,dise"], ["--metrics", "dise", "cldice", "Fix:"]),
        (["--choose-threshold", "--split", "test"], ["--split test", "never chosen", "Fix:"]),
        (["--choose-threshold", "--metrics", "all"], ["--choose-threshold", "Fix:"]),
        (["--page", "."], ["--page .", "folder", "Fix:"]),
        (["--threshold", "1.5"], ["--threshold", "1.5", "chosen"]),
        (["--tolerance-px", "-1"], ["--tolerance-px", "-1"]),
    ],
)
def test_refusals_are_one_line(evaluate, arguments, words):
    (line,) = evaluate(*arguments, expect=2, run="absent")
    assert all(word in line for word in words), line
