"""A cache that two users or two hosts share, and one that is damaged."""

import json
import os
import stat
import subprocess

import pytest

from semicurv_tf.data.load import load_dataset
from semicurv_tf.data.prepare import prepare
from semicurv_tf.errors import UserError
from semicurv_tf.parts import new_part

SMALL = {"train": 2, "validation": 1, "test": 1}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    load_dataset("synthetic", options=SMALL, cache_dir=folder)
    return folder


def prepared(cache):
    (folder,) = [entry for entry in cache.iterdir() if entry.name.startswith("synthetic-")]
    return folder


def test_others_may_read_what_one_prepared(cache):
    readable = stat.S_IROTH | (stat.S_IXOTH)
    umask = os.umask(0)
    os.umask(umask)
    folder = prepared(cache)
    assert folder.stat().st_mode & readable == readable & ~umask
    assert not [entry.name for entry in cache.iterdir() if entry.name.startswith(".")]


def test_what_is_prepared_is_read_without_writing(cache, monkeypatch):
    from pathlib import Path

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert load_dataset("synthetic", options=SMALL, cache_dir=cache).train.read(0)["image"].dtype == "uint8"


def test_a_cache_of_another_user_that_is_closed_says_its_remedy(cache, monkeypatch):
    from pathlib import Path

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(UserError, match=r"may read.*Fix: its owner types chmod -R a\+rX .*SEMICURV_TF_CACHE"):
        prepare("synthetic", options=SMALL, cache_dir=cache)


@pytest.fixture
def damaged(tmp_path):
    load_dataset("synthetic", options=SMALL, cache_dir=tmp_path)
    return tmp_path, prepared(tmp_path)


def check_remedy(cache, error):
    """The remedy that the message names, typed."""
    command = error.value.lines[0].partition("Fix: ")[2]
    assert command.startswith("semicurv-tf datasets prepare --again --dataset synthetic --cache-dir ")
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert load_dataset("synthetic", options=SMALL, cache_dir=cache).train.read(0)["image"].ndim == 3


def test_damaged_records_name_the_command_that_makes_them_anew(damaged):
    cache, folder = damaged
    for file in folder.rglob("*.array_record*"):
        content = bytearray(file.read_bytes())
        content[len(content) // 4 : 3 * len(content) // 4] = bytes(len(content) // 2)
        file.write_bytes(content)
    with pytest.raises(UserError, match="damaged prepared data") as error:
        dataset = load_dataset("synthetic", options=SMALL, cache_dir=cache)
        for index in range(len(dataset.train)):
            dataset.train.read(index)
    check_remedy(cache, error)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", "[" * 100_000, '{"rows": 3, "notes": []}', '{"rows": {"train": [{"name": 3}]}, "notes": []}'],
)
def test_rows_of_another_kind_are_one_line(cache, content):
    file = prepared(cache) / "rows.json"
    good = file.read_text()
    try:
        file.write_text(content)
        with pytest.raises(
            UserError, match=r"rows.json: expected .*Fix: semicurv-tf datasets prepare --again"
        ) as error:
            load_dataset("synthetic", options=SMALL, cache_dir=cache)
        assert len(error.value.lines) == 1
    finally:
        file.write_text(good)
    assert json.loads(good)["rows"]


def test_what_a_killed_preparation_left_is_removed(tmp_path):

    left = new_part(tmp_path / "synthetic")
    left = left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194303-"))  # no process has this number
    left.mkdir()
    mine = new_part(tmp_path / "synthetic")
    mine.mkdir()
    load_dataset("synthetic", options=SMALL, cache_dir=tmp_path)
    assert not left.exists() and mine.exists()
