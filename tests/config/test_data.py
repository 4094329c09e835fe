"""`data.labels`: a count, a fraction, or all."""

import pytest

from semicurv_tf.config import Config, dump_config, load_config
from semicurv_tf.config.data import described_labels
from semicurv_tf.errors import UserError


@pytest.mark.parametrize(
    "given, kept",
    [(3, 3), ("3", 3), (1, 1), ("1", 1), (0.02, 0.02), ("0.02", 0.02), (1.0, 1.0), ("1.0", 1.0), ("all", 1.0)],
)
def test_labels_are_a_count_a_fraction_or_all(given, kept, tmp_path):
    config = load_config(None, {"data.labels": given})
    (tmp_path / "config.yaml").write_text(dump_config(config))
    for labels in (config.data.labels, load_config(tmp_path / "config.yaml").data.labels):
        assert labels == kept and type(labels) is type(kept)


@pytest.mark.parametrize("labels", [-0.1, -2, 1.5, 3.0, float("nan"), True, False, "few", "1.5", "", [3]])
def test_impossible_labels_name_the_option(labels):
    with pytest.raises(UserError) as caught:
        load_config(None, {"data.labels": labels})
    (line,) = caught.value.lines
    assert "data.labels (--labels): expected a count such as 3" in line and repr(labels) in line and "Fix:" in line


def test_labels_by_default():
    assert load_config(None, {"data.dataset": "folder"}).data.labels == 1.0
    assert load_config(None, {"data.dataset": "folder", "data.labels": 0.5}).data.labels == 0.5
    assert load_config(None, {"data.dataset": "drive128"}).data.labels == Config().data.labels == 0.05


@pytest.mark.parametrize(
    "labels, meaning", [(3, "a count, of 20 with a mask"), (1, "a count, of 20"), (0.02, "0.02 of 20"), (1.0, "all 20")]
)
def test_labels_are_said_as_they_are_understood(labels, meaning):
    assert described_labels(labels, 20).startswith(meaning)


@pytest.mark.parametrize("none", [0, 0.0, "0", "0.0"])
def test_no_label_is_a_count_where_a_method_learns_without(none):
    settings = {"data.labels": none, "method.name": "mean_teacher", "model.start": "curves"}
    labels = load_config(None, settings).data.labels
    assert labels == 0 and type(labels) is int
    assert described_labels(labels, 20) == "none, of 20 with a mask"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"method.name": "supervised"}, "data.labels (--labels): supervised needs labelled images, found 0"),
        ({"method.name": "cgan"}, "data.labels (--labels): cgan needs labelled images, found 0"),
        ({"model.start": "none"}, "model.start: expected weights to begin with where no image is labelled, found none"),
        ({"method.transplants": 0.5}, "method.transplants: expected 0.0 where no image is labelled, found 0.5"),
        ({"method.align_foreground": True}, "method.align_foreground: expected false where no image is labelled"),
        ({"method.unlabelled_from": 0.5}, "method.unlabelled_from: expected 0.0 where no image is labelled, found 0.5"),
    ],
)
def test_what_cannot_be_without_a_label(settings, line):
    base = {"data.labels": 0, "method.name": "mean_teacher", "model.start": "curves"}
    with pytest.raises(UserError) as caught:
        load_config(None, {**base, **settings})
    assert line in caught.value.lines[0] and "Fix: --" in caught.value.lines[0]


@pytest.mark.parametrize(
    "given, kept, times",
    [("1/4", "1/4", 4), (0.25, "1/4", 4), ("0.333", "1/3", 3), (1, None, 1), (None, None, 1), ("1/16", "1/16", 16)],
)
def test_resize_is_one_over_a_whole_number(given, kept, times, tmp_path):
    config = load_config(None, {"data.resize": given})
    (tmp_path / "config.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "config.yaml").data.resize == config.data.resize == kept
    assert config.data.times_smaller == times


@pytest.mark.parametrize("resize", ["2/5", 0.4, "half", 4, "1/17", 0, -0.5, "1/0"])
def test_another_resize_names_what_can_be_typed(resize):
    with pytest.raises(UserError, match=r"data.resize: expected 1/2.*Fix: --set data.resize=1/2"):
        load_config(None, {"data.resize": resize})
