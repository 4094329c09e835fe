"""Faults of `evaluate` that are said before any image is predicted."""

from types import SimpleNamespace

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.evaluation.open_run import OpenRun
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
