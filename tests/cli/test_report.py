"""`semicurv-tf report` on made-up results: all files, readable by other programs, damaged ones named."""

import csv
import re
import xml.etree.ElementTree as ElementTree

import pytest
from click.testing import CliRunner

from semicurv_tf.cli.report import report
from semicurv_tf.errors import UserError
from semicurv_tf.report import loss_surfaces
from tests.report.made_up import made_up, plan, write
from tests.report.test_page import Nesting


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A report of two seeds of Table III, of Figures 6, 8a and 8b, and a damaged file."""
    folder = tmp_path_factory.mktemp("report")
    results = folder / "results"
    collapsing = {"mean_teacher": lambda done: 0.08 * (1 - done)}
    cells = plan("table3", "drive128", labels=(0.01,), seeds=2, steps=200) + plan("table5", "em128", steps=200)
    cells += (
        plan("figure6", "drive128", steps=200)
        + plan("figure8b", "drive128", steps=200)
        + plan("figure8a", "drive128", steps=200)
    )
    for number, cell in enumerate(cells):
        write(results, made_up(cell, 0.3 + 0.004 * number, foreground=collapsing.get(cell.system.name)))
    (results / "broken.json").write_text("{")
    outcome = CliRunner().invoke(report, [str(results), "--output", str(folder / "out")])
    assert outcome.exit_code == 0, outcome.output
    return folder / "out", outcome.output


def test_a_damaged_file_is_one_line_and_the_rest_is_there(written):
    folder, said = written
    assert said.count("warning: ") == 1 and "broken.json: left out" in said
    assert {"index.html", "report.md", "measured.csv", "figures"} == {path.name for path in folder.iterdir()}
    assert "1 file of the results" in (folder / "index.html").read_text()


def test_the_page_is_whole_and_holds_everything(written):
    page = (written[0] / "index.html").read_text(encoding="utf-8")
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []
    for title in (
        "Table III",
        "Table IV",
        "Table V",
        "Table VI",
        "Figure 3",
        "Figure 6",
        "Figure 7",
        "Figure 8a",
        "Figure 8b",
        "Training curves",
    ):
        assert f">{title}" in page, title
    assert all(source.startswith(("data:image/", "#")) for source in re.findall(r'(?:src|href)="([^"]*)"', page))
    assert "not run" in page and "collapsed" in page and "±" in page
    anchors = set(re.findall(r'<h2 id="([^"]*)"', page))
    assert anchors and anchors == {link[1:] for link in re.findall(r'<a href="([^"]*)"', page)}


def test_markdown_and_its_figures(written):
    folder, _ = written
    text = (folder / "report.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]*\]\(([^)]*)\)", text)
    assert len(pictures) >= 8 and len(set(pictures)) == len(pictures)
    for picture in pictures:
        assert ElementTree.parse(folder / picture).getroot().tag.endswith("svg")
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_csv_has_a_line_for_each_result(written):
    with open(written[0] / "measured.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    first = next(line for line in lines if line["system"] == "supervised" and line["dataset"] == "drive128")
    assert (first["iou"], first["pooled_iou"], first["steps"], first["budget"]) == ("30.00", "32.00", "200", "0.2")
    # Two seeds of seven systems, the eight rows of Table V, eight alphas, three other K, one more of Figure 8a.
    assert len(lines) == 2 * 7 + 8 + 8 + 3 + 1


def test_absent_folder(tmp_path):
    outcome = CliRunner().invoke(report, [str(tmp_path / "nowhere"), "--output", str(tmp_path / "out")])
    assert isinstance(outcome.exception, UserError) and not (tmp_path / "out").exists()


def test_an_empty_folder_shows_all_as_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(loss_surfaces, "STEPS", 3)
    (tmp_path / "results").mkdir()
    outcome = CliRunner().invoke(report, [str(tmp_path / "results"), "--output", str(tmp_path / "out")])
    assert outcome.exit_code == 0
    page = (tmp_path / "out" / "report.md").read_text()
    assert "No result was given" in page and "not run / 44.3" in page and "Not run." in page


def test_in_a_browser_the_page_is_whole_and_fits_a_phone(browser, written, tmp_path):
    page = written[0] / "index.html"
    found, console = browser.open(page)
    assert (
        console == []
        and "</footer>" in found
        and found.count("<img ") == page.read_text(encoding="utf-8").count("<img ")
    )
    assert browser.measure(page, tmp_path, 390) == (390, 390, "")


def test_a_table_of_someone_elses_is_refused_before_the_work(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "measured.csv").write_text("mine")
    outcome = CliRunner().invoke(report, [str(tmp_path / "results"), "--output", str(tmp_path)])
    assert isinstance(outcome.exception, UserError) and "measured.csv" in str(outcome.exception)
    assert (tmp_path / "measured.csv").read_text() == "mine" and not (tmp_path / "index.html").exists()
