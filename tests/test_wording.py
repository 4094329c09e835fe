"""Durations and lists in words, by hand."""

from semicurv_tf.wording import clock, duration, some


def test_durations():
    assert [clock(seconds) for seconds in (0, 59.6, 360, 3661)] == ["0:00:00", "0:01:00", "0:06:00", "1:01:01"]
    assert [duration(seconds) for seconds in (40, 720, 3900)] == ["40 s", "12 min", "1 h 05 min"]


def test_few_names_are_all_told():
    assert some(["a"]) == "a" and some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
