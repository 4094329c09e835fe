"""Runs whose unlabelled images come later: the log, a resumed run, and one that branches off its baseline."""

import numpy as np
import pytest

from semicurv_tf.cli.console import console
from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.images.reader import read_image
from semicurv_tf.study.branch import branch
from semicurv_tf.study.measure import train_to_the_end
from semicurv_tf.training import run_folder
from semicurv_tf.training.checkpoints import newest
from semicurv_tf.training.journal import read_log
from semicurv_tf.training.train import train

COMMON = {
    "data.dataset": "synthetic",
    "data.crop": 32,
    "data.options": {"train": 6, "validation": 2, "test": 2},
    "model.widths": [4, 8],
    "training.steps": 8,
    "training.schedule": "cosine",
    "training.restart": 0.5,
    "training.batch_labelled": 1,
    "training.batch_unlabelled": 2,
    "training.checkpoint_every": 4,
    "training.checkpoints_kept": 3,
    "training.monitor_every": 4,
    "training.precision": "float32",
    "training.pictures_every": 0,
}
SUPERVISED = load_config(None, {**COMMON, "method.name": "supervised", "method.average_weights": True})
LATER = load_config(
    None,
    {
        **COMMON,
        "method.name": "cutmix",
        "method.pixel_loss": "cross_entropy",
        "method.align_foreground": True,
        "method.transplants": 0.5,
        "method.unlabelled_from": 0.5,
        "method.teacher_view": "orientation",
        "method.batch_statistics": "moving",
    },
)


def state(run):
    with np.load(newest(run / run_folder.CHECKPOINTS) / "state.npz") as saved:
        return {name: saved[name] for name in saved.files}


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    """The supervised run that the others branch off; its checkpoints are read, nothing is written."""
    run = tmp_path_factory.mktemp("baseline") / "run"
    train(SUPERVISED, run, console())
    return run


def test_unlabelled_images_come_later_and_a_branch_is_the_run_itself(baseline, tmp_path):
    """One test, since each run costs seconds: whole run, and the branch from the baseline's checkpoint."""
    train(LATER, tmp_path / "whole", console())
    lines = {line["step"]: line for line in read_log(tmp_path / "whole" / run_folder.LOG)}
    assert ["cutmix" in lines[step] for step in sorted(lines) if step in (4, 8)] == [False, True]

    # One row: it, a host, the transplant, its mask, where that counts; 32 px shown as 128, 4 px between, titles above.
    shape = read_image(tmp_path / "whole" / run_folder.TRANSPLANTS, 3).shape
    assert shape == (128 + 36, 5 * 128 + 6 * 4, 3)

    branch(baseline, 4, tmp_path / "branched", LATER)
    train_to_the_end(LATER, tmp_path / "branched", console())
    whole, branched = state(tmp_path / "whole"), state(tmp_path / "branched")
    assert whole.keys() == branched.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(branched[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert any(np.abs(values - state(baseline)[name]).max() > 1e-3 for name, values in whole.items())
    assert run_folder.read_facts(tmp_path / "branched")["method"] == "cutmix"

    other = LATER.model_copy(
        update={"method": LATER.method.model_copy(update={"unlabelled_from": 0.25, "ema_alpha": 0.9})}
    )
    with pytest.raises(UserError) as caught:
        branch(baseline, 3, tmp_path / "other", other)
    faults = "\n".join(caught.value.lines)
    assert "method.ema_alpha" in faults and "method.unlabelled_from: 0.25, step 2" in faults
    assert "no checkpoint of that step" in faults
    assert not (tmp_path / "other").exists()


def test_supervised_with_transplants_reads_unlabelled_images_later(baseline, tmp_path):
    """The baseline until step 4; and it may be branched off it."""
    method = SUPERVISED.method.model_copy(update={"transplants": 1.0, "unlabelled_from": 0.5})
    later = SUPERVISED.model_copy(update={"method": method})
    train(later, tmp_path / "later", console())
    at = lambda run, step: next(line["loss"] for line in read_log(run / run_folder.LOG) if line["step"] == step)
    assert at(tmp_path / "later", 4) == pytest.approx(at(baseline, 4), rel=1e-5)
    ends = [state(run) for run in (tmp_path / "later", baseline)]
    assert max(np.abs(values - ends[1][name]).max() for name, values in ends[0].items()) > 1e-4
    branch(baseline, 4, tmp_path / "branched", later)
    early = SUPERVISED.model_copy(update={"method": method.model_copy(update={"unlabelled_from": 0.25})})
    with pytest.raises(UserError, match="method.unlabelled_from: 0.25, step 2"):
        branch(baseline, 4, tmp_path / "other", early)
