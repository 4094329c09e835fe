"""What a run begins with: student and teacher alike, said in the run, and refused where it does not fit."""

import json
import subprocess
import sys

import numpy as np
import pytest

from semicurv_tf.cli.console import console
from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.methods import build_method
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.training import run_folder
from semicurv_tf.training.start import begin, start_facts
from semicurv_tf.training.start_network import settings_of_start
from semicurv_tf.training.train import resume, train
from semicurv_tf.weights import write_weights

WIDTHS = (4, 6)


@pytest.fixture
def start(tmp_path):
    network = ResidualUNet(widths=WIDTHS, encoding="none")
    network.build((None, None, None, 3))
    random = np.random.default_rng(3)
    arrays = [np.abs(random.normal(0, 0.3, array.shape)) for array in network.get_weights()]
    return write_weights(tmp_path / "start.npz", arrays, {"widths": WIDTHS, "steps": 7})


def config(start, **settings):
    return load_config(
        settings={
            "model.widths": list(WIDTHS),
            "model.encoding": "none",
            "model.start": str(start),
            "method.name": "mean_teacher",
            "training.precision": "float32",
            **settings,
        }
    )


def grey(array):
    """What a kernel makes of a pixel whose red, green and blue are alike; other arrays as they are."""
    return array.sum(2) if array.ndim == 4 and array.shape[2] == 3 else array


def test_student_and_teacher_begin_alike(start):
    chosen = config(start.path)
    learner = build_method(chosen, 3, [0.0] * 3, [1.0] * 3, 10)
    begin(learner, chosen)
    for network in (learner.student, learner.teacher):
        for array, weight in zip(start.arrays, network.get_weights(), strict=True):
            np.testing.assert_allclose(grey(weight), grey(array), rtol=1e-6)
    for one, other in zip(learner.student.get_weights(), learner.teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_none_leaves_the_random_weights():
    chosen = config("none")
    learner = build_method(chosen, 3, [0.0] * 3, [1.0] * 3, 10)
    before = learner.student.get_weights()
    begin(learner, chosen)
    for old, new in zip(before, learner.student.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert start_facts(chosen) is None


def test_a_run_begins_with_it_and_remembers_it(start, tmp_path):
    run = tmp_path / "run"
    settings = {
        "training.steps": 1,
        "training.learning_rate": 1e-12,
        "method.ema_alpha": 0.5,
        "training.monitor_images": 1,
    }
    train(config(start.path, **settings), run, console())
    facts = json.loads((run / "run.json").read_text())
    assert facts["start"] == {"name": str(start.path), "sha256": start.card["sha256"], "steps": 7}
    from semicurv_tf.training.run_folder import load_deployed

    network, _ = load_deployed(run)
    kernels = lambda arrays: [array for array in arrays if array.ndim == 4]
    for array, weight in zip(kernels(start.arrays), kernels(network.get_weights()), strict=True):
        np.testing.assert_allclose(grey(weight), grey(array), atol=1e-5)


def test_a_resumed_run_remembers_the_start(start, tmp_path):
    """Stopped and resumed from its checkpoint, where the file of the start may be gone, it ends at the same weights."""
    settings = {
        "method.name": "supervised", "method.average_weights": True, "method.start_share": 0.5,
        "training.schedule": "constant", "training.learning_rate": 0.1, "training.monitor_images": 1,
    }  # fmt: skip
    deployed = []
    for name, lengths in {"whole": [4], "pieces": [2, 4]}.items():
        run = tmp_path / name
        train(config(start.path, **settings, **{"training.steps": lengths[0]}), run, console())
        for steps in lengths[1:]:
            kept = run_folder.read_config(run)
            longer = kept.model_copy(update={"training": kept.training.model_copy(update={"steps": steps})})
            resume(run, longer, console())
        deployed.append(run_folder.load_deployed(run)[0].get_weights())
    moved = [np.abs(array - weight).max() for array, weight in zip(start.arrays, deployed[0], strict=True)]
    assert max(moved) > 1e-3
    for one, another in zip(*deployed, strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-5, atol=1e-6)


def test_what_does_not_fit_is_refused(start, tmp_path):
    with pytest.raises(
        UserError, match=r"model.start: .* is for model.widths \[4,6\], found \[4,8\]. Fix: --set 'model"
    ):
        start_facts(config(start.path, **{"model.widths": [4, 8]}))
    with pytest.raises(UserError, match="model.start: expected none with model.name=unet, found .* Fix:"):
        config(start.path, **{"model.name": "unet"})
    with pytest.raises(UserError, match=r"expected curves, none or a file of weights \(.npz\), found absent.npz. Fix:"):
        start_facts(config("absent.npz"))
    start.path.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"start.npz: expected the file whose sha256 is .* Fix:"):
        start_facts(config(start.path))
    assert not (tmp_path / "run").exists()


def test_a_folder_of_that_name_does_not_hide_the_built_in_weights(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "curves").mkdir()
    assert settings_of_start("curves") == {"model.widths": [16, 32, 64, 128, 256]}
    chosen = config("curves", **{"model.widths": [16, 32, 64, 128, 256]})
    assert start_facts(chosen)["name"] == "curves"
    with pytest.raises(UserError, match="^curves: no run folder"):
        settings_of_start("./curves")


def test_the_folder_of_a_pretraining_leads_to_its_file(start, tmp_path):
    with pytest.raises(UserError, match=f"found {tmp_path}, the folder of a pre-training. Fix: --from {start.path} in"):
        settings_of_start(tmp_path)
    assert settings_of_start(start.path) == {"model.widths": [4, 6]}


def test_settings_of_a_start_do_not_load_tensorflow():
    """`train --from` takes oneDNN afterwards, which TensorFlow must not have been loaded for."""
    code = (
        "import sys; from semicurv_tf.planning.request import read_request; read_request(start='curves'); "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
