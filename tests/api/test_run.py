"""Training, scores, thresholds and exports from Python are those of the commands."""

import json
import threading

import numpy as np
import pytest
import yaml

import semicurv_tf
from semicurv_tf.errors import UserError
from semicurv_tf.training import run_folder
from tests.api.conftest import SMALL_BATCHES, TINY, typed


def test_a_run_is_the_commands_run(run, tmp_path):
    """The same words give the same configuration and, after as many steps, the same weights."""
    typed(
        "train", "--dataset", "synthetic", "--labels", 0.2, "--steps", 4, "--precision", "float32",
        "--method", "semicurv", "--set", "model.widths=[4,8]",
        "--set", "data.options={train: 8, validation: 5, test: 3}",
        *(part for key, value in SMALL_BATCHES.items() for part in ("--set", f"training.{key}={value}")),
        "--run", tmp_path / "run",
    )  # fmt: skip
    theirs = semicurv_tf.open_run(tmp_path / "run")
    assert run.config == theirs.config and repr(run) == f"Run({str(run.folder)!r})"
    networks = [run_folder.load_deployed(each.folder)[0] for each in (run, theirs)]
    for mine, other in zip(networks[0].get_weights(), networks[1].get_weights(), strict=True):
        assert (mine == other).all()


def test_scores_are_written_and_returned(run, tmp_path):
    scores = run.evaluate(metrics=["cldice"], page=tmp_path / "page.html")
    assert scores["images"] == 3 and scores["split"] == "test"
    assert json.loads((run.folder / "scores.json").read_text())["test"]["mean"] == scores["mean"]
    assert "cldice" in scores["metrics"] and "<html" in (tmp_path / "page.html").read_text()
    # By an independent formula, from the predictions themselves.
    from semicurv_tf.api.settings import console
    from semicurv_tf.evaluation.open_run import open_run

    opened = open_run(run.folder, None, console(True))
    each = []
    for image in opened.predictions(opened.images("test")):
        found, true = run.predict(image.image.astype(np.uint8)).mask, image.target[..., 0] > 0.5
        each.append((found & true).sum() / (found | true).sum())
    assert scores["mean"]["iou"] == pytest.approx(np.mean(each), abs=2e-3)  # batches round otherwise


def test_a_chosen_threshold_is_used_from_then_on(run, photographs):
    path = photographs / "colour.png"
    before = run.predict(path)
    assert before.threshold == 0.5
    chosen = run.choose_threshold(choose_by="f1")
    try:
        after = run.predict(path)
        assert after.threshold == chosen["threshold"] and chosen["metric"] == "f1" and chosen["images"] == 5
        assert (after.mask == (before.probability > chosen["threshold"])).all()
        assert run.evaluate(threshold="chosen")["images"] == 3
        assert semicurv_tf.open_run(run.folder).predict(path).threshold == chosen["threshold"]
    finally:
        (run.folder / run_folder.THRESHOLD).unlink()


def test_an_export_predicts_as_its_run(run, photographs, tmp_path):
    version = run.export(tmp_path / "models" / "curves", threshold=0.4)
    assert version == tmp_path / "models" / "curves" / "1"
    exported = semicurv_tf.load(version)
    served, own = exported.predict(photographs / "colour.png"), run.predict(photographs / "colour.png")
    assert served.threshold == 0.4
    np.testing.assert_allclose(served.probability, own.probability, atol=2e-5)
    assert run.export(tmp_path / "models" / "curves").name == "2"
    with pytest.raises(UserError, match="precision: expected float32 or bfloat16, found 'int8'"):
        run.export(tmp_path / "other", precision="int8")
    assert not (tmp_path / "other").exists()


def test_a_run_goes_on(tmp_path):
    settings = {
        "labels": 1,
        "method": "semicurv",
        "precision": "float32",
        "model": TINY,
        "data": {"options": {"train": 4, "test": 1}},
        "training": SMALL_BATCHES,
    }
    run = semicurv_tf.train("synthetic", run=tmp_path / "run", steps=2, quiet=True, **settings)
    assert run.resume(steps=3, quiet=True) is run
    assert json.loads((run.folder / "run.json").read_text())["steps"] == 3
    assert run.predict(np.zeros((32, 32, 3), np.uint8)).probability.shape == (32, 32)
    with pytest.raises(UserError, match="belongs to another configuration"):
        run.resume(seed=1, quiet=True)


def test_own_folders_and_threads(photographs, tmp_path):
    """A folder of one's own, by its path, trained in a thread as servers and notebooks do."""
    from PIL import Image

    (tmp_path / "MY/images").mkdir(parents=True)
    (tmp_path / "MY/masks").mkdir()
    for name in "abcd":
        Image.open(photographs / "colour.png").save(tmp_path / "MY/images" / f"{name}.png")
        mask = np.zeros((96, 80), np.uint8)
        mask[40:44] = 255
        Image.fromarray(mask).save(tmp_path / "MY/masks" / f"{name}.png")
    done = []
    work = lambda: done.append(
        semicurv_tf.train(
            tmp_path / "MY",
            run=tmp_path / "run",
            steps=1,
            method="semicurv",
            model=TINY,
            precision="float32",
            quiet=True,
            training=SMALL_BATCHES,
        )
    )
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    (run,) = done
    stored = yaml.safe_load((run.folder / "config.yaml").read_text())["data"]
    assert stored["dataset"] == "folder" and stored["data_dir"] == str(tmp_path / "MY") and stored["labels"] == 1.0


def test_ctrl_c_writes_a_checkpoint(monkeypatch, tmp_path):
    from semicurv_tf.training import stopping

    monkeypatch.setattr(stopping.StopRequest, "requested", True, raising=False)
    monkeypatch.setattr(stopping.StopRequest, "__init__", lambda self: None)
    with pytest.raises(KeyboardInterrupt, match=r"stopped at step 1, .*open_run\('.*run'\).resume\(\)"):
        semicurv_tf.train(
            "synthetic", run=tmp_path / "run", steps=3, labels=1, method="semicurv", model=TINY, precision="float32",
            quiet=True, data={"options": {"train": 4, "test": 1}}, training=SMALL_BATCHES,
        )  # fmt: skip
    assert [path.name for path in (tmp_path / "run/checkpoints").iterdir()] == ["step-000001"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"labels": -1}, "data.labels (--labels): expected a count such as 3"),
        ({"recipe": "none"}, "--recipe none: expected a name from `semicurv-tf recipes`"),
        ({"recipe": "quickstart", "config": "mine.yaml"}, "recipe='quickstart', config='mine.yaml': expected one"),
        ({"model": {"widhts": [4]}}, "model.widhts"),
        ({"training": {"steps": -1}}, "training.steps"),
        ({"method": "semicurve"}, "method.name"),
    ],
)  # fmt: skip
def test_settings_that_are_none(arguments, said, tmp_path):
    with pytest.raises(UserError) as error:
        semicurv_tf.train("synthetic", run=tmp_path / "run", **arguments)
    assert said in str(error.value) and not (tmp_path / "run").exists()


def test_words_that_are_none(tmp_path):
    with pytest.raises(TypeError, match=r"train\(stpes=...\): expected one of data_dir, .* did you mean steps\?"):
        semicurv_tf.train("synthetic", stpes=3)
    with pytest.raises(TypeError, match=r"train\(views=...\): expected a dict of its keys. Received: views=3"):
        semicurv_tf.train("synthetic", views=3)
    with pytest.raises(
        UserError, match=r"file.png: expected a folder of images or the name of a dataset .*found a file"
    ):
        (tmp_path / "file.png").touch()
        semicurv_tf.train(tmp_path / "file.png")
    with pytest.raises(UserError, match="data_dir: .* is the folder already. Fix: leave data_dir out"):
        semicurv_tf.train(tmp_path, data_dir=tmp_path)


def test_scores_that_are_none(run):
    for arguments, said in (
        (
            {"split": "tset"},
            "split: expected one of test, validation, labelled, new, found 'tset'. Fix: split=\"test\"",
        ),
        ({"split": "test", "new": True}, "new: expected no split beside it"),
        ({"threshold": 2}, "threshold: expected a number in (0, 1) or"),
        ({"threshold": "best"}, "threshold: expected a number in (0, 1) or"),
        ({"metrics": "iuo"}, "expected names of metrics, found iuo"),
    ):
        with pytest.raises(UserError) as error:
            run.evaluate(**arguments)
        assert said in str(error.value)
    with pytest.raises(UserError, match="choose_by: expected"):
        run.choose_threshold(choose_by="auc")
    with pytest.raises(UserError, match="never chosen on the images that results are reported on"):
        run.choose_threshold("test")
    with pytest.raises(UserError, match="split: expected validation or labelled, found 'train'"):
        run.choose_threshold("train")
