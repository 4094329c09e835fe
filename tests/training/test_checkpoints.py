"""Checkpoints: everything comes back, damage and foreign files are named, nothing is half-written."""

import io
import shutil
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.methods import build_method
from semicurv_tf.models import build_network
from semicurv_tf.training import checkpoints


def make(name="semicurv", seed=0, widths=(4, 8)):
    config = load_config(None, {"model.widths": list(widths), "method.name": name, "training.seed": seed})
    method = build_method(config, 1, [0.0], [1.0], 10)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(method.student.trainable_variables)
    method.compile(optimizer=optimizer, jit_compile=False)
    return method


def step(method):
    image = tf.random.stateless_uniform([2, 16, 16, 1], [1, 2])
    ones = tf.ones_like(image)
    mask = tf.cast(image > 0.5, tf.float32)
    method.train_step(
        {"labelled": {"image": image, "mask": mask, "valid": ones}, "unlabelled": {"image": image, "valid": ones}}
    )


def state(method):
    teacher = [] if method.teacher is None else method.teacher.weights
    return [np.array(v.value) for v in [*method.student.weights, *teacher, *method.optimizer.variables]]


@pytest.mark.parametrize("name", ["supervised", "semicurv"])
def test_everything_comes_back(tmp_path, name):
    method = make(name)
    step(method)
    path = checkpoints.save(tmp_path, method, 1, kept=2)
    assert path.name == "step-000001"
    other = make(name)
    step(other), step(other)
    assert checkpoints.restore(path, other) == 1
    for saved, restored in zip(state(method), state(other), strict=True):
        np.testing.assert_array_equal(saved, restored)
    step(method), step(other)
    for saved, restored in zip(state(method), state(other)):
        np.testing.assert_array_equal(saved, restored)


def test_deployed_weights_alone(tmp_path):
    method = make()
    step(method), step(method)
    path = checkpoints.save(tmp_path, method, 2, kept=2)
    network = build_network(load_config(None, {"model.widths": [4, 8]}).model, 1, [0.0], [1.0], seed=9)
    assert checkpoints.restore_deployed(path, network) == 2
    for expected, weight in zip(method.teacher.weights, network.weights):
        np.testing.assert_array_equal(expected.value, weight.value)


def test_only_the_newest_are_kept(tmp_path):
    method = make("supervised")
    for number in (1, 2, 3):
        checkpoints.save(tmp_path, method, number, kept=2)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-000002", "step-000003"]
    assert checkpoints.newest(tmp_path).name == "step-000003"
    assert checkpoints.newest(tmp_path / "absent") is None


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damage_is_named_and_changes_nothing(tmp_path, damage):
    method = make("supervised")
    path = checkpoints.save(tmp_path, method, 1, kept=2)
    file = path / checkpoints.STATE
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    else:
        content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = state(method)
    with pytest.raises(UserError, match="state.npz: damaged.*Fix"):
        checkpoints.restore(path, method)
    for old, new in zip(before, state(method)):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("other", [{"name": "supervised"}, {"widths": (4, 16)}])
def test_checkpoint_of_another_configuration_is_refused(tmp_path, other):
    path = checkpoints.save(tmp_path, make(), 1, kept=2)
    method = make(**other)
    before = state(method)
    with pytest.raises(UserError, match="another configuration"):
        checkpoints.restore(path, method)
    for old, new in zip(before, state(method)):
        np.testing.assert_array_equal(old, new)


def test_no_space_left_keeps_the_earlier_checkpoint_whole(tmp_path, monkeypatch):
    method = make("supervised")
    checkpoints.save(tmp_path, method, 1, kept=1)

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError, match="step-000002: cannot be written .No space left on device.*--resume"):
        checkpoints.save(tmp_path, method, 2, kept=1)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]
    assert checkpoints.restore(checkpoints.newest(tmp_path), method) == 1


@pytest.mark.parametrize("name", ["supervised", "semicurv"])
def test_student_and_teacher_apart(tmp_path, name):
    method = make(name)
    step(method), step(method)
    path = checkpoints.save(tmp_path, method, 2, kept=2)
    new = lambda: build_network(load_config(None, {"model.widths": [4, 8]}).model, 1, [0.0], [1.0], seed=9)
    student = new()
    steps, teacher = checkpoints.restore_student_and_teacher(path, student, new)
    assert steps == 2 and (teacher is None) == (method.teacher is None)
    for mine, network in ((method.student, student), (method.teacher, teacher)):
        for expected, weight in zip(mine.weights if mine else [], network.weights if network else []):
            np.testing.assert_array_equal(expected.value, weight.value)


def test_stray_entries_are_passed_over(tmp_path):
    method = make("supervised")
    path = checkpoints.save(tmp_path, method, 12, kept=2)
    shutil.copytree(path, tmp_path / "step-000012.bak")
    shutil.copytree(path, tmp_path / "step-best")
    assert checkpoints.all_checkpoints(tmp_path) == [path]
    checkpoints.save(tmp_path, method, 13, kept=1)
    assert {entry.name for entry in tmp_path.iterdir()} == {"step-000013", "step-000012.bak", "step-best"}


def bomb(path, shape, dtype="<f4"):
    """Replaces the arrays of a checkpoint by one that claims a shape and holds next to nothing."""
    with zipfile.ZipFile(path / checkpoints.STATE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, its_shape, its_dtype in (("step", (), "<i8"), ("student/000", shape, dtype)):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": its_dtype, "fortran_order": False, "shape": its_shape}
            )
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(header.getvalue() + bytes(8 if name == "step" else 1000))
    (path / checkpoints.CHECKSUM).unlink()


@pytest.mark.parametrize("shape", [(30_000, 30_000), (2**40,), (3, 3, 1, 4, 2**30)])
def test_arrays_that_do_not_fit_the_configuration_are_not_read(tmp_path, shape, monkeypatch):
    method = make("supervised")
    path = checkpoints.save(tmp_path, method, 1, kept=2)
    bomb(path, shape)
    read = []
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: read.append(1) or np.int64(1))
    for restore in (checkpoints.restore, lambda path, method: checkpoints.restore_deployed(path, method.student)):
        with pytest.raises(UserError, match="another configuration"):
            restore(path, method)
    assert len(read) == 2  # the step, twice


def test_objects_and_texts_are_no_numbers(tmp_path):
    method = make("supervised")
    for dtype in ("|O", "<U1000000"):
        path = checkpoints.save(tmp_path, method, 1, kept=2)
        bomb(path, (3,), dtype)
        with pytest.raises(checkpoints.DamagedCheckpoint, match="no numbers"):
            checkpoints.restore(path, method)


@pytest.mark.parametrize("long_header", [False, True])
def test_members_that_numpy_would_take_for_others_are_not_read(tmp_path, long_header, monkeypatch):
    """Without `.npy` a member comes before its namesake; a header of format 2.0 may swell to 4 GB as it is unpacked."""
    method = make("supervised")
    path = checkpoints.save(tmp_path, method, 1, kept=2)
    (path / checkpoints.CHECKSUM).unlink()
    before = state(method)
    with zipfile.ZipFile(path / checkpoints.STATE) as archive:
        name = next(each for each in archive.namelist() if each.startswith("student/"))
        content = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path / checkpoints.STATE, "w", zipfile.ZIP_DEFLATED) as archive:
        if long_header:
            content[name] = b"\x93NUMPY\x02\x00" + (2**26).to_bytes(4, "little") + b" " * 2**26
        else:
            array = io.BytesIO()
            np.save(array, np.zeros(2**20))
            archive.writestr(name.removesuffix(".npy"), array.getvalue())
        for each, data in content.items():
            archive.writestr(each, data)
    monkeypatch.setattr(np.lib.format, "read_array_header_2_0", lambda *_: pytest.fail("the header was read"))
    for restore in (checkpoints.restore, lambda path, method: checkpoints.restore_deployed(path, method.student)):
        with pytest.raises(checkpoints.DamagedCheckpoint, match=r"state\.npz: damaged"):
            restore(path, method)
    assert all(map(np.array_equal, state(method), before))


def test_a_folder_that_cannot_be_written_is_refused_before_the_steps(tmp_path):
    checkpoints.require_writable(tmp_path / "a run" / "checkpoints")
    assert list((tmp_path / "a run" / "checkpoints").iterdir()) == []
    (tmp_path / "a run" / "best").write_text("mine")
    with pytest.raises(UserError, match=r"best: cannot be written .*that you may write to.*--resume '.*a run'"):
        checkpoints.require_writable(tmp_path / "a run" / "best")
    assert (tmp_path / "a run" / "best").read_text() == "mine"
