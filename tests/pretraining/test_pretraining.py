"""Pre-training: what a step sees depends on its number alone, and a run that was stopped ends as one that was not."""

import numpy as np
import pytest

from semicurv_tf.drawing import draw_image
from semicurv_tf.pretraining.pool import DrawnPool
from semicurv_tf.pretraining.run import pretrain
from semicurv_tf.pretraining.settings import PretrainingSettings
from semicurv_tf.weights.blend import DEVIATION, MEAN, standardised

TINY = PretrainingSettings(
    widths=(4, 6),
    stages=((2, 32, 3), (10**9, 64, 2)),
    size=64,
    images_per_file=6,
    steps_per_file=2,
    files=2,
    kinds=("cracks",),
)


def test_stages():
    assert [TINY.stage(step) for step in (0, 1, 2, 99)] == [(32, 3), (32, 3), (64, 2), (64, 2)]


def test_a_batch_is_a_function_of_its_step(tmp_path):
    straight = DrawnPool(tmp_path / "a", TINY, 6)
    batches = [straight.batch(step) for step in range(5)]
    straight.close()
    late = DrawnPool(tmp_path / "a", TINY, 6, draw=False)
    for step in (4, 1):
        for first, second in zip(batches[step], late.batch(step)):
            np.testing.assert_array_equal(first, second)
    assert batches[0][0].shape == (3, 32, 32, 3) and batches[4][1].shape == (2, 64, 64, 1)


def test_crops_are_cut_from_drawn_images(tmp_path):
    pool = DrawnPool(tmp_path, TINY, 6)
    image, mask = pool.batch(4)  # whole images of the files 1 and 2
    pool.close()
    drawn = [draw_image(seed, "cracks", 64) for seed in range(6, 18)]
    for each, marks in zip(image, mask):
        assert any((each == there).all() and (marks[..., 0] == marked).all() for there, marked in drawn)


def test_the_blend_lies_between_own_and_common_statistics():
    image = np.random.default_rng(0).normal(60, 10, (64, 32, 32, 3)).astype(np.float32)
    own = (image - image.mean((1, 2), keepdims=True)) / image.std((1, 2), keepdims=True)
    common = (image - MEAN) / DEVIATION
    result = np.asarray(standardised(image, (1, 2)))
    spread = result.std((1, 2))
    assert (spread >= common.std((1, 2)) - 1e-3).all() and (spread <= own.std((1, 2)) + 1e-3).all()
    assert spread.std() > 0.05  # differs from image to image
    np.testing.assert_allclose(np.asarray(standardised(image, (1, 2), least_share=1.0)), own, atol=1e-3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of five steps that nothing happened to, and the drawn images that it saw."""
    folder = tmp_path_factory.mktemp("whole")
    pretrain(folder / "run", TINY, 5, drawn=folder / "drawn", checkpoint_every=100, say=lambda line: None)
    return folder


def test_stopped_and_resumed_equals_uninterrupted(whole, tmp_path):
    silent, drawn = lambda line: None, whole / "drawn"

    class Killed(Exception):
        pass

    from semicurv_tf.pretraining import run

    save = run.checkpoints.save

    def killed_after_saving(*arguments, **named):
        save(*arguments, **named)
        raise Killed

    run.checkpoints.save = killed_after_saving
    try:
        pretrain(tmp_path / "stopped", TINY, 5, drawn=drawn, checkpoint_every=3, say=silent)
    except Killed:
        pass
    finally:
        run.checkpoints.save = save
    assert not (tmp_path / "stopped" / "weights-000005.npz").exists()
    pretrain(tmp_path / "stopped", TINY, 5, drawn=drawn, checkpoint_every=3, say=silent)
    with (
        np.load(whole / "run" / "weights-000005.npz") as expected,
        np.load(tmp_path / "stopped" / "weights-000005.npz") as stopped,
    ):
        assert expected.files == stopped.files
        for name in expected.files:
            np.testing.assert_array_equal(expected[name], stopped[name])


def test_a_run_goes_on_with_its_own_settings_only(whole):
    from dataclasses import replace

    from semicurv_tf.errors import UserError

    with pytest.raises(UserError, match="seed: 0 -> 1.*another --run"):
        pretrain(whole / "run", replace(TINY, seed=1), 1, say=lambda line: None)


def test_the_command_writes_a_start(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from semicurv_tf.cli.pretrain import pretrain as command
    from semicurv_tf.pretraining import settings
    from semicurv_tf.weights import read_weights

    monkeypatch.setattr(settings.PretrainingSettings, "__init__", _few_images(settings.PretrainingSettings.__init__))
    call = ["--run", str(tmp_path / "run"), "--steps", "2", "--kinds", "roads", "--widths", "2,3"]
    result = CliRunner().invoke(command, call, catch_exceptions=False)
    assert result.exit_code == 0 and "wrote" in result.output
    weights = read_weights(tmp_path / "run" / "start.npz")
    assert weights.widths == (2, 3) and weights.card["steps"] == 2 and weights.card["licence"] == "Apache-2.0"


def test_an_unknown_kind_is_one_line(tmp_path):
    from semicurv_tf.errors import UserError
    from semicurv_tf.pretraining.settings import checked_kinds

    assert checked_kinds("--kinds", "roads, cracks") == ("roads", "cracks") and checked_kinds("--kinds", "") == ()
    with pytest.raises(UserError, match="--kinds: expected some of cracks.*found 'lines'. Fix:"):
        checked_kinds("--kinds", "roads,lines")


def test_what_is_left_out_is_checked():
    from semicurv_tf.drawing import KINDS
    from semicurv_tf.errors import UserError
    from semicurv_tf.pretraining.settings import checked_without

    assert checked_without("views, roads,views", ()) == ("roads", "views")
    assert checked_without("views", ("roads",)) == ("views",)
    with pytest.raises(UserError, match="--without: expected some of cracks.*grit.*found 'fog'. Fix:"):
        checked_without("fog", ())
    with pytest.raises(UserError, match="--without roads: expected no kind beside --kinds.*Fix: leave roads out"):
        checked_without("roads", ("cracks",))
    with pytest.raises(UserError, match="--without: expected at least one kind to be left.*Fix:"):
        checked_without(",".join(KINDS), ())


def test_a_run_from_before_without_goes_on(whole, tmp_path):
    import json
    import shutil

    folder = shutil.copytree(whole / "run", tmp_path / "run")
    facts = json.loads((folder / "pretraining.json").read_text())
    del facts["settings"]["without"]
    (folder / "pretraining.json").write_text(json.dumps(facts))
    said = []
    pretrain(folder, TINY, 5, drawn=whole / "drawn", say=said.append)
    assert any("start.npz" in str(line) for line in said)


def test_the_drawn_images_lack_what_is_left_out(tmp_path):
    from dataclasses import replace

    pool = DrawnPool(tmp_path, replace(TINY, without=("empty",)), 2)
    pool.batch(0)
    pool.close()
    with np.load(next(tmp_path.glob("*.npz"))) as file:
        for seed in range(6):
            np.testing.assert_array_equal(file["image"][seed], draw_image(seed, "cracks", 64, ("empty",))[0])


def test_the_help_names_all_parts():
    from click.testing import CliRunner

    from semicurv_tf.cli.pretrain import pretrain as command
    from semicurv_tf.drawing import PARTS

    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert ", ".join(PARTS) in shown


def _few_images(init):
    def small(self, **settings):
        init(self, images_per_file=4, size=64, stages=((10**9, 32, 2),), **settings)

    return small
