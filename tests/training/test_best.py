"""The better network is kept: chosen on validation images, by more than chance, through stops and longer runs."""

import json
import shutil

import numpy as np
import pytest

from semicurv_tf.cli.console import console
from semicurv_tf.config import load_config
from semicurv_tf.training import checkpoints, run_folder
from semicurv_tf.training.best import BestSoFar, better_than_chance
from semicurv_tf.training.train import resume, train


def test_better_than_chance_asks_for_more_than_the_standard_error():
    # Differences 0.3, 0.1, 0.2: mean 0.2, deviation 0.1, standard error 0.058.
    assert better_than_chance([0.8, 0.6, 0.7], [0.5, 0.5, 0.5])
    # Differences 0.3, -0.3, 0.1: mean 0.033, deviation 0.306, standard error 0.176.
    assert not better_than_chance([0.8, 0.2, 0.6], [0.5, 0.5, 0.5])
    assert not better_than_chance([0.9], [0.1])  # one image: chance is unknown
    assert not better_than_chance([0.5, 0.5], [0.5, 0.5])


class Watched:
    """A monitor whose scores are given."""

    def __init__(self, scores):
        self.scores = np.asarray(scores, np.float64)

    def watches(self, step):
        return True

    def last_deployed(self):
        return self.scores


@pytest.fixture
def method(monkeypatch):
    """Checkpoints that hold their step alone."""

    def save(folder, method, step, kept):
        target = folder / f"step-{step:06d}"
        target.mkdir(parents=True)
        (target / checkpoints.STATE).write_text(str(step))
        for old in checkpoints.all_checkpoints(folder)[:-kept]:
            shutil.rmtree(old)
        return target

    monkeypatch.setattr(checkpoints, "save", save)
    monkeypatch.setattr(checkpoints, "require_whole", lambda checkpoint: None)


def go(best, monitor, step, scores):
    monitor.scores = np.asarray(scores, np.float64)
    best({"step": step})


def test_the_best_is_kept_where_the_last_is_worse(tmp_path, method):
    monitor = Watched([0.4, 0.5, 0.6])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.7, 0.8, 0.9])
    go(best, monitor, 20, [0.5, 0.6, 0.65])
    line = best.finish()
    assert "step 10" in line and "80.0 %" in line and "58.3 %" in line
    assert run_folder.deployed_checkpoint(tmp_path) == tmp_path / "kept" / "step-000010"
    assert not (tmp_path / "best").exists()


def test_the_start_itself_may_be_the_best(tmp_path, method):
    monitor = Watched([0.8, 0.8, 0.8])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.5, 0.6, 0.7])
    assert "the start" in best.finish()
    assert checkpoints.step_of(run_folder.deployed_checkpoint(tmp_path)) == 0


def test_the_last_stays_where_the_best_is_ahead_by_chance(tmp_path, method):
    monitor = Watched([0.1, 0.1])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.9, 0.5])
    go(best, monitor, 20, [0.6, 0.7])
    assert "the last step" in best.finish()
    assert not (tmp_path / "best").exists() and not (tmp_path / "kept").exists()


def test_a_run_that_goes_on_forgets_what_came_after_its_checkpoint(tmp_path, method):
    monitor = Watched([0.3, 0.3])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.5, 0.5])
    go(best, monitor, 15, [0.9, 0.9])  # then it is killed; its checkpoint is that of step 10
    monitor.scores = np.array([0.5, 0.5])
    best = BestSoFar(tmp_path, method, monitor, 10)
    go(best, monitor, 15, [0.4, 0.4])
    assert "step 10" in best.finish()


def test_a_longer_run_decides_again(tmp_path, method):
    monitor = Watched([0.8, 0.8])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.5, 0.5])
    best.finish()
    best = BestSoFar(tmp_path, method, monitor, 10)
    go(best, monitor, 20, [0.9, 0.9])
    assert "the last step" in best.finish()
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"iou": [0.9, 0.9, 0.9]}', "it was scored on 3 validation images, now there are 2"),
        ("{}", "expected an IoU"),
        ('{"iou": [0.9, "x"]}', "expected an IoU"),
        ('{"iou": [0.9, NaN]}', "expected an IoU"),
        ('{"iou": []}', "expected an IoU"),
        ("", "expected JSON"),
    ],
)
def test_a_network_that_cannot_be_compared_is_given_up_and_told(tmp_path, method, content, reason):
    monitor, told = Watched([0.8, 0.8]), []
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.5, 0.5])
    best.finish()
    (tmp_path / "kept" / "step-000000" / "iou.json").write_text(content)
    best = BestSoFar(tmp_path, method, monitor, 10, told.append)
    assert len(told) == 1 and reason in told[0]
    go(best, monitor, 20, [0.4, 0.4])
    assert "step 10" in best.finish()


def test_a_damaged_best_network_is_given_up_before_the_steps(tmp_path, method, monkeypatch):
    monkeypatch.undo()
    monitor, told = Watched([0.8, 0.8]), []
    bad = tmp_path / "best" / "step-000005"
    bad.mkdir(parents=True)
    (bad / checkpoints.STATE).write_text("PK")
    (bad / "iou.json").write_text('{"iou": [0.9, 0.9]}')
    monkeypatch.setattr(BestSoFar, "_watch", lambda self, step: None)
    BestSoFar(tmp_path, None, monitor, 10, told.append)
    assert len(told) == 1 and "damaged" in told[0] and not bad.exists()


def test_a_copy_that_has_both_folders_goes_on_from_what_was_kept(tmp_path, method):
    monitor = Watched([0.8, 0.8])
    best = BestSoFar(tmp_path, method, monitor, 0)
    go(best, monitor, 10, [0.5, 0.5])
    best.finish()
    shutil.copytree(tmp_path / "kept", tmp_path / "best")
    assert "the start" in BestSoFar(tmp_path, method, monitor, 10).finish()


def test_a_run_that_training_made_worse_deploys_its_start(tmp_path):
    settings = {"model.widths": [4, 6], "model.encoding": "none", "method.name": "supervised", "training.seed": 1}
    settings |= {"training.precision": "float32", "training.monitor_images": 4, "training.monitor_every": 20}
    settings |= {"data.crop": 64}
    good, bad = tmp_path / "good", tmp_path / "bad"
    train(load_config(None, {**settings, "training.steps": 40, "training.learning_rate": 0.02}), good, console())
    worse = {"model.start": str(good), "training.learning_rate": 5.0, "training.keep": "best", "training.steps": 6}
    train(load_config(None, {**settings, **worse}), bad, console())
    network, facts = run_folder.load_deployed(bad)
    assert facts["step"] == 0
    for kept, began in zip(network.get_weights(), run_folder.load_deployed(good)[0].get_weights(), strict=True):
        np.testing.assert_array_equal(kept, began)
    resume(bad, None, console())  # nothing is left to do, and nothing changes
    assert run_folder.load_deployed(bad)[1]["step"] == 0
    assert json.loads((bad / "kept" / "step-000000" / "iou.json").read_text())["iou"]
