"""The log: means of ten steps, cut back on resume, torn last lines left out."""

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.training.journal import Journal, _no_curves, read_log
from semicurv_tf.whole_files import DiskLost


@pytest.fixture
def journal(tmp_path):
    return lambda first_step=0: Journal(tmp_path / "log.jsonl", tmp_path / "tensorboard", first_step)


def test_ten_steps_make_a_line_of_means(journal, tmp_path):
    write = journal()
    for step in range(1, 21):
        write({"step": step, "loss": float(step)})
    lines = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines] == [10, 20]
    assert [line["loss"] for line in lines] == [5.5, 15.5]
    assert any((tmp_path / "tensorboard").iterdir())


def test_monitored_scores_are_written_at_once_and_not_averaged_with_absent_ones(journal, tmp_path):
    write = journal()
    write({"step": 1, "loss": 1.0})
    write({"step": 2, "loss": 3.0, "monitor_student_iou": 0.5})
    assert read_log(tmp_path / "log.jsonl") == [{"step": 2, "loss": 2.0, "monitor_student_iou": 0.5}]


def test_resume_drops_lines_of_steps_done_again(journal, tmp_path):
    write = journal()
    for step in range(1, 41):
        write({"step": step, "loss": 0.0})
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 50, "lo')  # a crash in the middle of a line
    journal(first_step=20)
    assert [line["step"] for line in read_log(tmp_path / "log.jsonl")] == [10, 20]


def test_lines_tell_the_epoch(tmp_path):
    write = Journal(tmp_path / "log.jsonl", tmp_path / "tensorboard", 0, epoch_steps=8)
    for step in range(1, 21):
        write({"step": step, "loss": 0.0})
    assert [line["epoch"] for line in read_log(tmp_path / "log.jsonl")] == [1.25, 2.5]


@pytest.mark.parametrize(
    "damage", [b"\x00" * 40, b'\xff\xfe{"st', b'{"step": "a"}', b'{"step": true}', b'{"step": NaN}', b"[" * 100_000]
)
def test_what_a_crash_left_in_the_log_is_counted_and_left_out(journal, tmp_path, damage):
    (tmp_path / "log.jsonl").write_bytes(b'{"step": 10, "loss": 1.5}\n' + damage + b"\n")
    assert read_log(tmp_path / "log.jsonl") == [{"step": 10, "loss": 1.5}]
    assert journal(first_step=10).damaged == 1
    assert (tmp_path / "log.jsonl").read_bytes() == b'{"step": 10, "loss": 1.5}\n'


def test_a_log_and_curves_that_are_in_the_way_are_a_line(journal, tmp_path):
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(UserError, match=r"log\.jsonl: expected a file, found a folder.*Fix: move it away"):
        journal()
    (tmp_path / "log.jsonl").rmdir()
    (tmp_path / "tensorboard").write_text("mine")
    with pytest.raises(UserError, match=r"tensorboard: cannot be written \(Not a directory\)\. Fix: move it away"):
        journal()
    assert (tmp_path / "tensorboard").read_text() == "mine"


@pytest.mark.parametrize(
    ("message", "kind"),
    [("{{node x}} Not a directory [Op:Create] name: ", UserError), ("a; No space left on device", DiskLost)],
)
def test_curves_on_a_full_disk_may_pass_and_others_do_not(tmp_path, message, kind):
    assert type(_no_curves(tmp_path, message)) is kind
