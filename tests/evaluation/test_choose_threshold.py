"""The choice of a threshold, on a run that is stood in for by drawn probabilities."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.choose_threshold import best_place, choose_threshold, describe, threshold_of
from semicurv_tf.evaluation.open_run import OpenRun
from semicurv_tf.metrics.overlap import count_overlap, f1, iou

QUIET = None


class Store:
    """A store whose images are their own probabilities in percent."""

    def __init__(self, images):
        self.images = images
        self.names = self.sources = tuple(f"{index}.png" for index in range(len(images)))
        self.shapes = tuple((*target.shape, 1) for _, target, _ in images)
        self.labelled = (True,) * len(images)

    def __len__(self):
        return len(self.images)

    def read(self, index):
        return {key: array[..., None] for key, array in zip(("image", "mask", "valid"), self.images[index])}

    def indices(self, names):
        return [dict(zip(self.names, range(len(self))))[name] for name in names]


def images(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        target = (rng.uniform(size=(12, 14)) > 0.8).astype(np.uint8)
        percent = np.clip(rng.normal(20 + 25 * target, 12), 0, 100).astype(np.uint8)
        yield percent, target, (rng.uniform(size=(12, 14)) > 0.1).astype(np.uint8)


@pytest.fixture
def opened(tmp_path):
    def make(validation=True, labelled=("1.png",)):
        stores = [Store(list(images(6, seed))) for seed in (0, 1, 2)]
        dataset = SimpleNamespace(
            train=stores[0], validation=stores[1] if validation else None, test=stores[2], new=None, changes=None
        )
        facts = {"labelled": list(labelled), "step": 7}
        return OpenRun(tmp_path, Config(), facts, dataset, lambda image: image / np.float32(100))

    return make


def best_by_hand(score, pictures):
    """Thresholds one by one; the images whose probabilities are whole percents, so 0.01-steps are all there is."""
    means = {}
    for threshold in range(1, 100):
        counts = [count_overlap(target, percent, valid, threshold=threshold) for percent, target, valid in pictures]
        means[threshold / 100] = np.mean([score(count) for count in counts])
    best = max(means.values())
    return (
        min((threshold for threshold in means if means[threshold] > best - 1e-9), key=lambda t: abs(t - 0.5)),
        best,
        means[0.5],
    )


@pytest.mark.parametrize("metric, score", [("iou", iou), ("f1", f1)])
def test_the_best_mean_over_validation_images(opened, metric, score):
    run = opened()
    chosen = choose_threshold(run, None, metric, QUIET)
    threshold, best, half = best_by_hand(score, list(images(6, 1)))
    assert chosen == json.loads((run.folder / "threshold.json").read_text())
    assert chosen["threshold"] == threshold and 0.2 < threshold < 0.45
    assert chosen["score"] == pytest.approx(best, abs=1e-4) and chosen["score_at_0.5"] == pytest.approx(half, abs=1e-4)
    assert (chosen["split"], chosen["metric"], chosen["images"], chosen["step"]) == ("validation", metric, 6, 7)
    assert threshold_of("chosen", run) == threshold and threshold_of("0.3", run) == 0.3


@pytest.mark.parametrize("validation, split", [(False, None), (False, "validation"), (True, "labelled")])
def test_labelled_images_where_there_is_no_validation(opened, validation, split):
    run = opened(validation, labelled=("3.png", "1.png", "0.png", "5.png", "2.png"))
    chosen = choose_threshold(run, split, "iou", QUIET)
    pictures = list(images(6, 0))
    assert chosen["threshold"] == best_by_hand(iou, [pictures[place] for place in (3, 1, 0, 5, 2)])[0]
    assert chosen["split"] == "labelled" and chosen["images"] == 5
    text = describe(chosen, run)
    assert "labelled training images" in text and ("has no validation images" in text) == (not validation)


def test_fewer_than_five_images_choose_no_threshold(opened):
    run = opened(validation=False, labelled=("3.png", "1.png"))
    with pytest.raises(
        UserError, match="expected at least 5 labelled images with masks, found 2; 0.5 stays .* Fix: la"
    ):
        choose_threshold(run, None, "iou", QUIET)
    run = opened(labelled=("3.png", "1.png"))
    with pytest.raises(UserError, match="at least 5 labelled images .*found 2.* Fix: --split validation"):
        choose_threshold(run, "labelled", "iou", QUIET)
    assert not (run.folder / "threshold.json").exists()


def test_few_validation_images_give_way_to_the_labelled_ones(opened):
    run = opened(labelled=("3.png", "1.png", "0.png", "5.png", "2.png"))
    few = dataclasses.replace(run, dataset=SimpleNamespace(**{**vars(run.dataset), "validation": Store(run_images(3))}))
    chosen = choose_threshold(few, None, "iou", QUIET)
    assert chosen["split"] == "labelled" and chosen["images"] == 5
    assert "fewer than 5 validation images" in describe(chosen, few)
    with pytest.raises(UserError, match="at least 5 validation images .*found 3.* Fix: --split labelled"):
        choose_threshold(few, "validation", "iou", QUIET)


def run_images(count):
    return list(images(count, 1))


def test_never_on_test_images(opened):
    run = opened()
    with pytest.raises(UserError, match="--split test: a threshold is never chosen") as error:
        choose_threshold(run, "test", "iou", QUIET)
    assert len(error.value.lines) == 1 and not list(run.folder.iterdir())


def test_never_on_new_images(opened):
    with pytest.raises(UserError, match="--new: a threshold is never chosen"):
        choose_threshold(opened(), "new", "iou", QUIET)


def test_of_equal_scores_the_one_nearest_to_a_half():
    scores = np.zeros(99)
    scores[[4, 39, 69]] = 0.8  # 0.05, 0.40, 0.70
    assert best_place(scores) == 39
    assert best_place(np.ones(99)) == 49


def test_a_threshold_of_another_step_or_none_is_refused(opened):
    run = opened()
    with pytest.raises(UserError, match="has no threshold.json.*--choose-threshold"):
        threshold_of("chosen", run)
    (run.folder / "threshold.json").write_text('{"threshold": 0.4, "step": 5}')
    with pytest.raises(UserError, match="chosen at step 5, the run is at step 7"):
        threshold_of("chosen", run)
    (run.folder / "threshold.json").write_text('{"threshold": "low"}')
    with pytest.raises(UserError, match=r"expected a threshold in \(0, 1\), found 'low'"):
        threshold_of("chosen", run)


def test_labelled_images_that_are_gone_are_named(opened):
    with pytest.raises(UserError, match="--split labelled.*9.png"):
        choose_threshold(opened(labelled=("9.png",)), "labelled", "iou", QUIET)


def test_a_network_that_broke_down_is_named(opened):
    run = dataclasses.replace(opened(), predict=lambda image: image * np.float32(np.nan))
    with pytest.raises(UserError, match="output for 0.png is not a number. Fix: .*training.learning_rate"):
        choose_threshold(run, None, "iou", QUIET)
    assert not (run.folder / "threshold.json").exists()
