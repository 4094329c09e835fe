"""YOLO's segments: the layouts of Ultralytics and Roboflow, names of classes, and lines that are none."""

import pytest

from tests.annotations.conftest import HEIGHT, WIDTH, block


def line(left, top, right, bottom, number=0):
    """A rectangle in pixels as a line of shares."""
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return f"{number} " + " ".join(f"{x / WIDTH:.8f} {y / HEIGHT:.8f}" for x, y in corners)


@pytest.mark.parametrize(
    "image, labels, name",
    [
        ("images/a.png", "labels/a.txt", "a"),
        ("images/train/a.png", "labels/train/a.txt", "train/a"),
        ("train/images/a.png", "train/labels/a.txt", "train/images/a"),
        ("a.png", "a.txt", "a"),
    ],
)
def test_layouts(export, image, labels, name):
    export.image(image)
    export.text(labels, line(2, 3, 9, 8) + "\n\n" + line(20, 10, 30, 11) + "\n")
    assert (export.imported("yolo", name=name) == block(3, 8, 2, 9) | block(10, 11, 20, 30)).all()


def test_subsets_of_roboflow_keep_their_own_labels_and_are_a_split(export):
    for number, subset in enumerate(("train", "valid", "test")):
        export.image(f"{subset}/images/a_jpg.rf.0{number}.png")
        export.image(f"{subset}/images/same.png")
        export.text(f"{subset}/labels/a_jpg.rf.0{number}.txt", line(2, 3, 9, 8, number % 2))
        export.text(f"{subset}/labels/same.txt", line(2 + number, 3, 9, 8))
    export.text("data.yaml", "names: [crack, joint]\nnc: 2\ntrain: ../train/images\n")
    export.text("README.roboflow.txt", "exported")
    result = export.run("yolo")
    assert result.exit_code == 0, result.exception
    assert "label crack: 5 shapes" in result.output and "label joint: 1 shape" in result.output
    assert "passed over: 1 x text file that is not YOLO's labels" in result.output
    assert (export.mask("valid/images/same") == block(3, 8, 3, 9)).all()
    assert (export.mask("train/images/a_jpg.rf.00") == block(3, 8, 2, 9)).all()
    assert "6 labelled images, 0 unlabelled" in result.output


@pytest.mark.parametrize(
    "file, content",
    [
        ("data.yaml", "names: {0: joint, 3: crack}"),
        ("labels/classes.txt", "joint\n\nx\ncrack\n"),
        ("obj.names", "joint\na\nb\ncrack"),
    ],
)
def test_names_of_classes(export, file, content):
    export.image("images/a.png")
    export.text(file, content)
    export.text("labels/a.txt", "\n".join([line(2, 3, 9, 8, 3), line(20, 3, 25, 8, 0), line(30, 3, 35, 8, 7)]))
    result = export.run("yolo", "--labels", "crack")
    assert (export.mask() == block(3, 8, 2, 9)).all()
    assert "label joint: 1 shape, not chosen" in result.output and "label class 7: 1 shape" in result.output


def test_what_is_left_out_is_counted(export):
    export.image("images/a.png")
    export.image("images/empty.png")
    export.image("images/lost.png")
    lines = [
        "0 0.5 0.5 0.2 0.2", "crack 0 0 1 0 1 1", "-1 0 0 1 0 1 1", "0.5 0 0 1 0 1 1", "0 nan 0 1 0 1 1",
        "0 1e999 0 1 0 1 1", "0 0 0 1 0 1 1 0.9", "0 0 0 1 0", "0 0 0 120 0 120 80", line(-4, 3, WIDTH + 4, 8),
    ]  # fmt: skip
    export.text("labels/a.txt", "\n".join(lines))
    export.text("labels/empty.txt", "")
    export.text("labels/lost.txt", "0 0 0 99 0 99 99")
    export.text("labels/gone.txt", line(2, 3, 9, 8))
    result = export.run("yolo")
    assert result.exit_code == 0, result.exception
    assert (export.mask() == block(3, 8, 0, WIDTH)).all()  # what lies outside is cut off
    for said in (
        "2 x box without a polygon", "3 x line whose class is not a number from 0", "2 x polygon in pixels",
        "3 x damaged line (expected CLASS x y x y x y ...)", "1 x image not found in the folder",
        "1 x image left unlabelled, as what was drawn on it was not read", "1 labelled image, 2 unlabelled",
    ):  # fmt: skip
        assert said in result.output, (said, result.output)


def test_no_path_leads_out_of_the_folder(export):
    export.image("images/a.png")
    export.text("../labels/a.txt", line(2, 3, 9, 8))
    export.text("data.yaml", "path: /etc\ntrain: ../../secret\nnames: [crack]")
    export.text("labels/a.txt", line(2, 3, 9, 8))
    assert (export.imported("yolo") == block(3, 8, 2, 9)).all()


@pytest.mark.parametrize(
    "content",
    ["names: 3", "names: {a: crack}", "names: [", "a: &a [1]\nb: &b [*a, *a]\nnames: {*b : 1}", b"names: [\xff]"],
)
def test_damaged_names_are_one_line(export, content):
    export.image("images/a.png")
    export.text("labels/a.txt", line(2, 3, 9, 8))
    file = export.text("data.yaml", "")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (said,) = export.run("yolo").exception.lines
    assert str(file) in said and "Fix: " in said and not export.output.exists()


def test_an_empty_file_is_background_only_where_the_user_says_so(export):
    export.image("images/a.png")
    export.image("images/b.png")
    export.text("labels/a.txt", "")
    export.text("labels/b.txt", line(2, 3, 9, 8))
    assert not export.imported("yolo", "--empty-is-background").any()
