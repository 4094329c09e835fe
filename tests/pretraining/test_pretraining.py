"""Pre-training: what a step sees depends on its number alone, and a run that was stopped ends as one that was not."""

import errno
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from semicurv_tf.drawing import draw_image, draw_shard
from semicurv_tf.errors import UserError
from semicurv_tf.onednn import onednn_in_use
from semicurv_tf.pretraining import pool as pool_module
from semicurv_tf.pretraining.journal import PretrainingJournal
from semicurv_tf.pretraining.learner import PretrainingLearner
from semicurv_tf.pretraining.pool import DrawingStopped, DrawnPool
from semicurv_tf.pretraining.run import pretrain
from semicurv_tf.pretraining.settings import PretrainingSettings, checked_start
from semicurv_tf.training.stopping import Stopped
from semicurv_tf.weights import write_weights
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


def test_what_is_left_out_is_as_the_run_began(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from semicurv_tf.cli.pretrain import pretrain as command
    from semicurv_tf.pretraining import settings

    monkeypatch.setattr(settings.PretrainingSettings, "__init__", _few_images(settings.PretrainingSettings.__init__))
    monkeypatch.setattr(settings, "GOING_ON", {"learning_rate": 5e-4})  # the images are too small for its crops
    call = lambda run, *options: CliRunner().invoke(command, ["--run", str(tmp_path / run), *options])
    card = lambda run: json.loads((tmp_path / run / "start.json").read_text())
    assert call("first", "--steps", "2", "--kinds", "roads", "--widths", "2,3").exit_code == 0
    before = card("first")
    assert call("first").exit_code == 0
    assert card("first") == before and before["steps"] == 2 and before["settings"]["kinds"] == ["roads"]
    with pytest.raises(UserError, match="seed: 0 -> 1.*Fix: leave these options out"):
        raise call("first", "--seed", "1").exception

    start, other = tmp_path / "first" / "start.npz", tmp_path / "other.npz"
    shutil.copy(start, other)
    shutil.copy(start.with_suffix(".json"), other.with_suffix(".json"))
    assert call("next", "--from", str(start), "--widths", "2,3", "--steps", "2").exit_code == 0
    told = card("first")
    with pytest.raises(UserError, match=f"start: {start} -> {other}"):
        raise call("next", "--from", str(other)).exception
    shutil.rmtree(tmp_path / "first")  # what it began with is not needed any more
    for options in (["--steps", "3"], ["--from", str(start)]):
        assert call("next", *options).exit_code == 0
        assert card("next")["steps"] == 3 and card("next")["start"] == told


def test_a_run_whose_start_is_gone_before_its_first_checkpoint_is_one_line(tmp_path):
    with pytest.raises(UserError, match="a.npz, found no such file. Fix: put it back, or take another --run folder"):
        pretrain(tmp_path / "run", replace(TINY, start=str(tmp_path / "a.npz")), 2)


def test_a_stop_does_not_wait_for_the_images_of_a_file(tmp_path):
    asked = iter([False, False, True])
    pool = DrawnPool(tmp_path, TINY, 2, stop_requested=lambda: next(asked))
    pool._draw_ahead = lambda newest: None
    with pytest.raises(DrawingStopped):
        pool.batch(0)
    assert next(asked, None) is None and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("answers", "done"), [(1, 0), (9, 2)])
def test_what_was_learned_before_a_stop_while_drawing_is_kept(whole, tmp_path, monkeypatch, answers, done):
    """The ninth question comes before the first image of the second file: six images, two steps, one more image."""
    asked = []
    monkeypatch.setattr(DrawnPool, "_draw_ahead", lambda self, newest: None)
    with pytest.raises(Stopped) as stopped:
        pretrain(
            tmp_path / "run",
            TINY,
            5,
            say=lambda line: None,
            stop_requested=lambda: asked.append(1) or len(asked) >= answers,
        )
    assert stopped.value.step == done
    lines = (tmp_path / "run" / "journal.jsonl").read_text() if done else ""
    assert [json.loads(line)["step"] for line in lines.splitlines()] == [done] * (done > 0)
    pretrain(tmp_path / "run", TINY, 5, drawn=whole / "drawn", say=lambda line: None)
    with (
        np.load(whole / "run" / "weights-000005.npz") as expected,
        np.load(tmp_path / "run" / "weights-000005.npz") as found,
    ):
        for name in expected.files:
            np.testing.assert_array_equal(expected[name], found[name])


def test_an_unknown_kind_is_one_line(tmp_path):
    from semicurv_tf.pretraining.settings import checked_kinds

    assert checked_kinds("--kinds", "roads, cracks") == ("roads", "cracks") and checked_kinds("--kinds", "") == ()
    with pytest.raises(UserError, match="--kinds: expected some of cracks.*found 'lines'. Fix:"):
        checked_kinds("--kinds", "roads,lines")


def test_what_is_left_out_is_checked():
    from semicurv_tf.drawing import KINDS
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
    folder = shutil.copytree(whole / "run", tmp_path / "run")
    facts = json.loads((folder / "pretraining.json").read_text())
    del facts["settings"]["without"]
    (folder / "pretraining.json").write_text(json.dumps(facts))
    said = []
    pretrain(folder, TINY, 5, drawn=whole / "drawn", say=said.append)
    assert any("start.npz" in str(line) for line in said)


def test_the_drawn_images_lack_what_is_left_out(tmp_path):
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
        init(self, **{"images_per_file": 4, "size": 64, "stages": ((10**9, 32, 2),), **settings})

    return small


def test_no_card_tells_fewer_steps_than_were_learned(whole):
    start = (whole / "run" / "start.npz").read_bytes()
    with pytest.raises(UserError, match="--steps 4: expected at least 5, the steps that .* Fix: --steps 5, or another"):
        pretrain(whole / "run", TINY, 4, drawn=whole / "drawn", say=lambda line: None)
    assert (whole / "run" / "start.npz").read_bytes() == start
    assert json.loads((whole / "run" / "start.json").read_text())["steps"] == 5


@pytest.mark.parametrize("damage", ["cut", "no zip", "another size"])
def test_a_damaged_file_is_drawn_again(whole, tmp_path, damage):
    drawn = shutil.copytree(whole / "drawn", tmp_path / "drawn")
    file = drawn / "drawn-64-0000006-6.npz"
    content = file.read_bytes()
    if damage == "another size":
        np.savez(file, image=np.zeros((6, 32, 32, 3), np.uint8), mask=np.zeros((6, 32, 32), np.uint8))
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"no zip")
    with pytest.raises(UserError, match="0000006-6.npz: damaged. Fix: delete it"):
        DrawnPool(drawn, TINY, 5, draw=False).batch(3)
    said = []
    pool = DrawnPool(drawn, TINY, 5, say=said.append)
    expected = DrawnPool(whole / "drawn", TINY, 5, draw=False).batch(3)
    for first, second in zip(pool.batch(3), expected, strict=True):
        np.testing.assert_array_equal(first, second)
    pool.close()
    assert said == [f"{file} is damaged and is drawn again"]


def test_a_full_disk_is_a_line_and_leaves_no_part(monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError, match=r"drawn-32-0000000-2.npz: no space left on the device. Fix: free some"):
        draw_shard(tmp_path, 0, 2, ("roads",), 32)
    assert list(tmp_path.iterdir()) == []


def test_the_artist_ends_with_the_training(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(pool_module, "_draw_file", lambda folder, settings, number: drawn.append(number))
    gone = SimpleNamespace(is_alive=lambda: len(drawn) < 2)
    monkeypatch.setattr(pool_module.multiprocessing, "parent_process", lambda: gone)
    pool_module._draw_while_trained(tmp_path, TINY, 3, 9)
    assert drawn == [3, 4]


def test_the_journal_of_a_resumed_run_has_each_step_once(tmp_path):
    file = tmp_path / "journal.jsonl"
    file.write_text('{"step": 100, "loss": 1.5}\n{"step": 200, "loss": 1.2}\n{"step": 300, "lo', encoding="utf-8")
    journal = PretrainingJournal(file, 100)
    assert journal.damaged == 1
    for loss in (1.0, 2.0):
        journal.add({"loss": loss})
    line = journal.line(102)
    journal.write(line)
    assert (line["step"], line["loss"]) == (102, 1.5) and line["seconds_per_step"] >= 0
    lines = [json.loads(each) for each in file.read_text().splitlines()]
    assert [each["step"] for each in lines] == [100, 102]


def test_a_run_keeps_the_kernels_that_it_began_with(whole, tmp_path, monkeypatch):
    folder = shutil.copytree(whole / "run", tmp_path / "run")
    facts = json.loads((folder / "pretraining.json").read_text())
    (folder / "pretraining.json").write_text(json.dumps({**facts, "onednn": not onednn_in_use()}))
    said = []
    pretrain(folder, TINY, 5, drawn=whole / "drawn", say=said.append)
    assert json.loads((folder / "pretraining.json").read_text())["onednn"] is not onednn_in_use()
    assert any("oneDNN" in str(line) and "before the same command" in str(line) for line in said)


def test_weights_to_start_from_are_looked_at_first(whole, tmp_path):
    start = whole / "run" / "start.npz"
    assert checked_start(str(start), (4, 6)) == str(start)
    for given, words in {
        "none": "found no such file. Fix: --from curves, or leave it out",
        str(tmp_path): "found a folder. Fix: --from curves, or leave it out",
        str(whole / "run"): f"found a folder. Fix: --from {start}",
    }.items():
        with pytest.raises(UserError, match=f"^--from {given}: expected curves, or the start.npz.*{words}"):
            checked_start(given, (4, 6))
    with pytest.raises(UserError, match="--widths 4,6, found 4,8. Fix: --widths 4,6$"):
        checked_start(str(start), (4, 8))


def test_a_run_that_cannot_be_a_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="file: cannot be written .* Fix: "):
        pretrain(tmp_path / "file", TINY, 1)


def test_the_artist_does_not_see_ctrl_c():
    code = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(0.1); print('lives')"
    with pool_module._ctrl_c_blocked():
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.communicate()[0] == "lives\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_pre_training_that_goes_on_keeps_what_kernels_make_of_colours(tmp_path):
    first = PretrainingLearner(TINY, 2)
    write_weights(tmp_path / "first.npz", first.student.get_weights(), {"widths": TINY.widths})
    second = PretrainingLearner(replace(TINY, seed=1, start=str(tmp_path / "first.npz")), 2)
    second.begin()
    for network in (second.student, second.teacher):
        for expected, found in zip(first.student.get_weights(), network.get_weights()):
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)  # kept in float16
