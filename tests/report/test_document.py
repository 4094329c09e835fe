"""The report's files: an earlier report of ours is replaced, what someone else wrote is refused."""

import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.report.document import Bullets, Figure, Heading, Table, write_document

PARTS = [Heading("Table III", "t3"), Figure("curve", "<svg xmlns='http://www.w3.org/2000/svg'/>", "A curve.")]


@pytest.mark.parametrize("name", ["index.html", "report.md", "figures/curve.svg"])
def test_someone_elses_file_is_refused_before_anything_is_written(tmp_path, name):
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=f"would replace 1 file that semicurv-tf did not write.*{name}.*Fix: another"):
        write_document(tmp_path, "Title", PARTS, "")
    assert (tmp_path / name).read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


def test_an_earlier_report_is_replaced_and_other_files_stay(tmp_path):
    (tmp_path / "notes.md").write_text("mine")
    write_document(tmp_path, "First", PARTS, "")
    write_document(tmp_path, "Second", PARTS, "")
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# Second\n")
    assert (tmp_path / "notes.md").read_text() == "mine"


def test_a_report_that_was_cut_off_can_be_written_again(tmp_path, monkeypatch):
    """Killed among the figures: they carry no mark, the page beside them does."""
    monkeypatch.setattr("semicurv_tf.report.document._markdown", lambda part: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_document(tmp_path, "First", PARTS, "")
    monkeypatch.undo()
    assert (tmp_path / "figures" / "curve.svg").exists() and not (tmp_path / "report.md").exists()
    write_document(tmp_path, "Second", PARTS, "")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="expected a folder, found a file"):
        write_document(tmp_path / "out", "Title", PARTS, "")


def test_names_of_a_record_are_text_in_markdown_too(tmp_path):
    name = "<img src=x>\n# a | [b](javascript:c)"
    write_document(tmp_path, "Title", [Bullets([name]), Table(["head"], [[name]])], "")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "\n- &lt;img src=x> # a | [b]\\(javascript:c)\n" in text
    assert "\n| &lt;img src=x> # a \\| [b]\\(javascript:c) |\n" in text
