"""Files that this package wrote are known by their marks, and no other file is replaced."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.annotations.to_labelme import write_labelme
from semicurv_tf.errors import UserError
from semicurv_tf.images.own_files import is_own, require_own, require_own_folder
from semicurv_tf.images.photographs import is_written
from semicurv_tf.images.provenance import KEYWORD, is_result, state_of
from semicurv_tf.images.results import open_result
from semicurv_tf.pavement.sections import write_sections
from semicurv_tf.report.page import page
from semicurv_tf.vector.files import Reading, vectorize_file
from semicurv_tf.vector.jobs import Job
from semicurv_tf.vector.table import write_table
from semicurv_tf.whole_files import write_png

BAR = np.zeros((30, 60), np.uint8)
BAR[14:17, 5:55] = 255


@pytest.fixture
def image(tmp_path):
    Image.fromarray(BAR).save(tmp_path / "bar.png")
    return tmp_path / "bar.png"


@pytest.mark.parametrize("name", ["a.png", "a.tif", "A.TIFF"])
def test_results_are_known_by_their_mark_and_copies_of_their_pixels_are_not(tmp_path, image, name):
    path, copy = tmp_path / name, tmp_path / f"copy_{name}"
    with open_result(path, 1, state=state_of(image)) as result:
        result.page(*BAR.shape)
        result.rows(BAR, None)
    Image.fromarray(np.asarray(Image.open(path))).save(copy)
    assert not is_own(copy) and not is_result(copy)
    assert is_own(path) and is_result(path)
    assert not is_own(image) and not is_result(image)


def test_a_picture_of_ours_is_own_but_no_result_of_predict(tmp_path, image):
    write_png(tmp_path / "sheet.png", BAR)
    assert is_own(tmp_path / "sheet.png") and not is_result(tmp_path / "sheet.png")
    write_png(tmp_path / "mask.png", BAR, (KEYWORD, state_of(image)))
    assert is_own(tmp_path / "mask.png") and is_result(tmp_path / "mask.png")


@pytest.mark.parametrize("end", ["geojson", "gpkg"])
def test_lines_tables_and_networks(tmp_path, image, end):
    if end == "gpkg":
        pytest.importorskip("pyogrio")
    job = Job(image, image.name, tmp_path / f"bar.{end}", tmp_path / "p.png", None, tmp_path / "bar.graphml")
    outcome = vectorize_file(job, reading=Reading())
    write_table(tmp_path / "rows.csv", outcome.rows)
    write_table(tmp_path / "sums.csv", [outcome.summary])
    write_table(tmp_path / "none.csv", [])
    for path in (job.lines, job.picture, job.graphml, *tmp_path.glob("*.csv")):
        assert is_own(path), path


def test_sections_and_pages(tmp_path):
    write_sections(tmp_path / "s.geojson", [])
    assert json.loads((tmp_path / "s.geojson").read_text())["features"] == []
    (tmp_path / "page.html").write_text(page("Scores", []))
    assert is_own(tmp_path / "s.geojson") and is_own(tmp_path / "page.html")


def test_a_labelme_file_is_own_until_someone_moves_a_point(tmp_path, image):
    path = tmp_path / "bar.json"
    write_labelme(path, BAR > 0, image, np.stack([BAR] * 3, -1))
    assert is_own(path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content))  # saved as it was, in another form
    assert is_own(path)
    content["shapes"][0]["points"][0][0] += 1
    path.write_text(json.dumps(content))
    assert not is_own(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"image,station_m\na,3\n"), ("a.csv", b"image\r\nc0.png\r\n"), ("a.csv", b""),
        ("a.csv", b"\xff\xfe"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}'), ("a.json", b"[1]"),
        ("a.json", b'{"shapes": 3}'),
        ("a.json", b"{"), ("a.gpkg", b"SQLite format 3\0 and no more"), ("a.graphml", b"<graphml/>"), ("a.png", b""),
        ("a.png", b"\x89PNG"), ("a.tif", b"II*\0"), ("a.html", b"<html></html>"), ("a.jsonl", b"{}\n"), ("a.xyz", b"x"),
    ],
)  # fmt: skip
def test_files_of_others_and_damaged_ones_are_not_own(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert not is_own(tmp_path / name)
    with pytest.raises(UserError) as error:
        require_own({"--output x": [tmp_path / name, tmp_path / "absent.csv", tmp_path / name]})
    (line,) = error.value.lines
    assert line.startswith("--output x: results would replace 1 file that") and str(tmp_path / name) in line


@pytest.mark.parametrize("suffix", [".csv", ".json", ".geojson", ".png", ".tif", ".html", ".jsonl", ".graphml"])
def test_a_pipe_is_not_own_and_never_waited_for(tmp_path, suffix):
    pipe = tmp_path / f"a{suffix}"
    os.mkfifo(pipe)
    assert not is_own(pipe) and not is_written(pipe)


def test_all_options_with_foreign_files_are_told_at_once(tmp_path, image):
    shutil.copy(image, tmp_path / "other.png")
    with pytest.raises(UserError) as error:
        require_own({"--a": [image, tmp_path / "other.png"], "--b": [], "--c": [image]})
    assert [line[:34] for line in error.value.lines] == [
        "--a: results would replace 2 files", "--c: results would replace 1 file "
    ]  # fmt: skip


TABLE = (
    "| recipe | method | seed |\n|---|---|---|\n| a.yaml | supervised | 0 |\n\n"
    "In percent, of the last step. The machine did other work beside.\n"
)


@pytest.mark.parametrize(
    "content, own",
    [
        (TABLE, True),
        (TABLE.replace("The machine ", "The machine\n"), True),  # of a note over several lines
        (TABLE.replace(" beside", "\nbeside"), True),
        (TABLE + "Seed 0 was the good one.\n", False),
        (TABLE.replace("\nIn percent", "\nSeed 0 was the good one.\nIn percent"), False),
        ("# Notes\n" + TABLE, False),
        ("", False),
    ],
)
def test_a_table_of_a_study_is_own_until_someone_writes_into_it(tmp_path, content, own):
    (tmp_path / "table.md").write_text(content)
    assert is_own(tmp_path / "table.md") == own


def test_places_that_cannot_be_written_are_refused_before_the_work(tmp_path, monkeypatch):
    require_own({"--output x": [tmp_path / "new" / "a.png"]})
    assert list(tmp_path.iterdir()) == []  # nothing is made
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file/a.png: cannot be written .Not a directory.. Fix: choose a folder"):
        require_own({"--output x": [tmp_path / "new" / "a.png", tmp_path / "file" / "a.png"]})
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)  # root may write anywhere
    with pytest.raises(UserError, match="new/a.png: cannot be written .Permission denied.. Fix: choose a folder"):
        require_own({"--output x": [tmp_path / "new" / "a.png"]})
    with pytest.raises(UserError, match="t/index.html: cannot be written .Permission denied.."):
        require_own_folder("--output t", tmp_path / "t" / "index.html", [], "another")
