"""`~` in words that a shell passes on as they are."""

import pytest

from semicurv_tf.config import load_config
from semicurv_tf.home import words_at_home


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")


def test_paths_and_values_of_options():
    words = ["train", "~/my photos", "--run=~/runs/one", "--output", "~", "--data-dir=~"]
    expected = ["train", "/home/me/my photos", "--run=/home/me/runs/one", "--output", "/home/me", "--data-dir=/home/me"]
    assert words_at_home(words) == expected


@pytest.mark.parametrize("word", ["./~/a", "a~", "~other/a", "--set", "data.data_dir=~/a", "--name=a~/b", "-", ""])
def test_other_words_stay(word):
    assert words_at_home([word]) == [word]


@pytest.mark.parametrize("key", ["data_dir", "unlabelled_dir", "cache_dir"])
def test_folders_of_a_configuration(tmp_path, key):
    (tmp_path / "a.yaml").write_text(f"data:\n  {key}: ~/data\n")
    assert getattr(load_config(tmp_path / "a.yaml").data, key) == "/home/me/data"
    assert getattr(load_config(None, {f"data.{key}": "data/~"}).data, key) == "data/~"
