"""Faults of `evaluate` that are said before any image is predicted."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.open_run import OpenRun, PredictedImage
from semicurv_tf.evaluation.score_run import score_images


@pytest.mark.parametrize("content", ["", "\x00", "[]"])
def test_damaged_scores_are_told_before_the_work_with_what_helps(tmp_path, content):
    folder = tmp_path / "my run"
    folder.mkdir()
    (folder / "scores.json").write_text(content)
    opened = SimpleNamespace(folder=folder, images=lambda split: None, predictions=lambda *_: pytest.fail("predicted"))
    with pytest.raises(UserError, match=r"scores\.json: expected .*Fix: rm '.*/my run/scores\.json': evaluate writes"):
        score_images(opened, "test", None)


@pytest.mark.parametrize(
    ("validation", "labelled", "fix"),
    [
        ([True], ["a"], "--split validation or --split labelled"),
        ([False], ["a"], "--split labelled"),
        (None, [], "label images, and train with them"),
    ],
)
def test_an_absent_split_names_those_that_there_are(validation, labelled, fix):
    store = None if validation is None else SimpleNamespace(labelled=validation)
    run = SimpleNamespace(
        dataset=SimpleNamespace(train=None, validation=store, test=None),
        config=SimpleNamespace(data=SimpleNamespace(dataset="folder")),
        facts={"labelled": labelled},
    )
    with pytest.raises(UserError, match=f"--split test: folder has no test images. Fix: {fix}$"):
        OpenRun.images(run, "test")


def test_scores_that_came_meanwhile_are_kept(tmp_path):
    """Another call scored the validation images while this one was predicting."""
    (tmp_path / "scores.json").write_text('{"train": 1}')
    image = PredictedImage("a", "a", *[np.ones((4, 4, 1))] * 4)

    def predictions(*_):
        (tmp_path / "scores.json").write_text('{"train": 1, "validation": 2}')
        yield image

    opened = SimpleNamespace(
        folder=tmp_path, images=lambda split: SimpleNamespace(indices=[0]), predictions=predictions, tta="none",
        facts={"dataset": "folder", "method": "supervised", "step": 3}, dataset=SimpleNamespace(changes=None),
        config=SimpleNamespace(data=SimpleNamespace(labels=1.0, resize=""), model=SimpleNamespace(tta="none")),
    )  # fmt: skip
    assert score_images(opened, "test", None)["mean"]["iou"] == 1
    known = json.loads((tmp_path / "scores.json").read_text())
    assert list(known) == ["train", "validation", "test"] and known["validation"] == 2
