"""Durations, counts and lists in words, by hand."""

import shlex

from semicurv_tf.wording import clock, counted, duration, some, typed


def test_durations():
    assert [clock(seconds) for seconds in (0, 59.6, 360, 3661)] == ["0:00:00", "0:01:00", "0:06:00", "1:01:01"]
    assert [duration(seconds) for seconds in (40, 720, 3900)] == ["40 s", "12 min", "1 h 05 min"]


def test_one_thing_is_singular():
    assert [counted(number, "image") for number in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]


def test_few_names_are_all_told():
    assert some(["a"]) == "a" and some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_paths_come_back_from_a_shell():
    for path in ("runs/one", "my run", "it's", "a;b $HOME", "~/x"):
        assert shlex.split(f"semicurv-tf train --resume {typed(path)}")[-1] == path
    assert typed("runs/one") == "runs/one"
