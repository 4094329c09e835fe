"""Pipes, devices and far too large files are one line for every reader of small files."""

import os

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.errors import UserError
from semicurv_tf.export.graph_guard import require_files, require_harmless
from semicurv_tf.export.models_config import read_models_config
from semicurv_tf.json_files import read_object
from semicurv_tf.models.keras_file import load_network
from semicurv_tf.regular_files import read_regular
from semicurv_tf.serving_client.security import Security


def test_a_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_regular(tmp_path / "b", 5, "x") == b"12345"
    with pytest.raises(UserError, match="b: expected at most 4 bytes, found 5. Fix: x"):
        read_regular(tmp_path / "b", 4, "x")
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "c", 4, "x")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_not_read(tmp_path, kind):
    path = tmp_path / "saved_model.pb"
    {"pipe": os.mkfifo, "device": lambda path: path.symlink_to("/dev/zero"), "folder": os.mkdir}[kind](path)
    said = f"{path}: expected a file, found a folder, pipe or device. Fix: "
    for read in (lambda: read_object(path, "export again"), lambda: load_config(path)):
        with pytest.raises(UserError) as caught:
            read()
        assert len(caught.value.lines) == 1 and caught.value.lines[0].startswith(said)


def test_more_than_the_memory_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text("{}")

    def full(path):
        raise MemoryError

    monkeypatch.setattr(type(tmp_path), "read_bytes", full)
    with pytest.raises(UserError, match="fits in memory, found 2 bytes. Fix: export again"):
        read_object(tmp_path / "a.json", "export again")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "read",
    [
        lambda path: load_network(path), lambda path: load_network(path, trust=True),
        lambda path: Security(token_file=str(path)).token(), lambda path: Security(ca_file=str(path)).context(),
        lambda path: Security(certificate_file=str(path), key_file=str(path)).context(),
        lambda path: read_models_config(path),
    ],
)  # fmt: skip
def test_what_waits_for_ever_is_not_opened(tmp_path, kind, read):
    pytest.importorskip("tensorflow_serving")
    path = tmp_path / "given"
    {"pipe": os.mkfifo, "device": lambda path: path.symlink_to("/dev/zero")}[kind](path)
    with pytest.raises(UserError, match="given: expected a file, found a folder, pipe or device. Fix: ") as caught:
        read(path)
    assert len(caught.value.lines) == 1


@pytest.mark.parametrize("name", ["saved_model.pb", "fingerprint.pb", "variables/variables.index", "assets/a.txt"])
@pytest.mark.parametrize("trust", [False, True])
def test_a_pipe_in_a_saved_model_is_not_opened(tmp_path, name, trust):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(UserError, match=f"{name}: expected a file, found a folder, pipe or device"):
        (require_files if trust else require_harmless)(tmp_path)


def test_a_token_comes_from_a_command_of_the_shell():
    reading, writing = os.pipe()
    os.write(writing, b"secret\n")
    os.close(writing)
    try:
        assert Security(token_file=f"/dev/fd/{reading}").token() == "secret"
    finally:
        os.close(reading)
