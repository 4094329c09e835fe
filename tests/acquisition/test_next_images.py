import csv

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.acquisition.candidates import FolderImages, TrainingImages
from semicurv_tf.acquisition.next_images import Judges, choose_next
from semicurv_tf.errors import UserError
from semicurv_tf.images.provenance import KEYWORD
from semicurv_tf.whole_files import write_png


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_planted_hard_image_is_first_and_its_double_is_not_taken(judges, folder, tmp_path):
    judged = []
    choice = choose_next(
        judges,
        FolderImages(folder, tmp_path / "out"),
        tmp_path / "out",
        3,
        views=4,
        advance=judged.append,
        by="disagreement",
    )
    names = [one.name for one in choice.images]
    assert names[0] == "hard_a.png" and names[1] == "deep/hard_blue.png" and "hard_b.png" not in names
    # By score alone the double would have been second.
    assert [row["image"] for row in read(tmp_path / "out" / "scores.csv")][:3] == [
        "hard_a.png",
        "hard_b.png",
        "deep/hard_blue.png",
    ]
    assert len(judged) == 17 and choice.candidates == 15 and choice.labelled == ["done/first.png"]
    (fault,) = choice.faults
    assert "bad.png" in fault and "Fix:" in fault


def test_by_coverage_the_large_groups_get_one_that_stands_for_them(judges, folder, tmp_path):
    """Six easy images have a green row and six have none: one of each comes first, then the blue one."""
    choice = choose_next(judges, FolderImages(folder, tmp_path / "out"), tmp_path / "out", 3, by="coverage")
    names = [one.name for one in choice.images]
    assert {int(name[5:7]) % 2 for name in names[:2]} == {0, 1} and names[2] == "deep/hard_blue.png"
    assert [row["image"] for row in read(tmp_path / "out" / "next.csv")] == names


def test_another_way_of_choosing_names_those_there_are(judges, folder, tmp_path):
    with pytest.raises(ValueError, match="coverage, disagreement.*'chance'"):
        choose_next(judges, FolderImages(folder, tmp_path / "out"), tmp_path / "out", 3, by="chance")


def test_list_and_contact_sheet(judges, folder, tmp_path):
    choice = choose_next(judges, FolderImages(folder, tmp_path / "out"), tmp_path / "out", 4, by="disagreement")
    rows = read(tmp_path / "out" / "next.csv")
    assert [row["image"] for row in rows] == [one.name for one in choice.images]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    # 20 of 32 rows: student and teacher disagree wholly, ln 2, on a share of 20 / 32.
    assert float(rows[0]["disagreement"]) == pytest.approx(np.log(2) * 20 / 32, rel=1e-3)
    with Image.open(tmp_path / "out" / "next.png") as opened:
        sheet = opened.copy()
    assert sheet.width >= 3 * 48 and sheet.height >= 4 * 32
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["next.csv", "next.png", "scores.csv"]


def test_student_alone_is_ranked_by_its_views(judges, folder, tmp_path):
    """Without a teacher: a network that answers by place disagrees with its own turned view."""

    def by_place(image):
        return (image[..., 1] / 255 * np.linspace(0, 1, image.shape[1])).astype(np.float32)

    alone = type(judges)([by_place], judges.features, 3, judges.labelled)
    images = FolderImages(folder, tmp_path / "out")
    assert choose_next(alone, images, tmp_path / "out", 1, by="disagreement").images[0].name == "hard_a.png"
    one_view = choose_next(alone, FolderImages(folder, tmp_path / "out"), tmp_path / "out", 1, views=1, by="coverage")
    assert one_view.images[0].score == 0


def test_pixels_that_do_not_count_do_not_count(judges, tmp_path):
    """Of two training images that are doubted on as many pixels, that one is first whose pixels are valid."""

    class Store:
        names = ("masked", "seen", "empty")
        roots = ("data",) * 3

        def read(self, index):
            image = np.zeros((32, 48, 3), np.uint8)
            if index < 2:
                image[:16, :, 1] = 255
            valid = np.ones((32, 48, 1), np.uint8)
            if index == 0:
                valid[:16] = 0
            return {"image": image, "valid": valid, "mask": valid}

    choice = choose_next(judges, TrainingImages(Store()), tmp_path / "out", 3, by="disagreement")
    assert choice.images[0].name == "seen" and choice.images[0].score == pytest.approx(np.log(2) / 2, rel=1e-3)
    assert [one.score for one in choice.images[1:]] == pytest.approx([0, 0], abs=1e-6)


def test_what_is_refused(judges, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for source, output, word in [
        (tmp_path / "absent", tmp_path / "out", "absent"),
        (tmp_path / "empty", tmp_path / "out", "found none"),
        (folder / "easy_00.png", tmp_path / "out", "folder"),
        (folder, tmp_path / "file", "found a file"),
        (folder, folder, "--output"),
    ]:
        with pytest.raises(UserError) as error:
            FolderImages(source, output)
        assert word in error.value.lines[-1] and "Fix:" in error.value.lines[-1]
    all_labelled = type(judges)(judges.predictors, judges.features, 3, ("first",))
    with pytest.raises(UserError, match="without a label"):
        choose_next(all_labelled, FolderImages(folder / "done", tmp_path / "out"), tmp_path / "out", 3, by="coverage")
    assert not (tmp_path / "out").exists()


def test_16_bit_images_are_stretched_by_the_runs_range_and_bands_beyond_three_are_shown(tmp_path):
    import tifffile

    from semicurv_tf.images.values import parse_ranges

    folder = tmp_path / "in"
    folder.mkdir()
    values = np.full((32, 40, 5), 700, np.uint16)
    values[10:14] = 800  # measured by itself, this would be the white of the file
    tifffile.imwrite(folder / "a.tif", values, photometric="minisblack", planarconfig="contig")
    seen = []

    def student(image):
        seen.append(image)
        return (image[..., 0] / 255).astype(np.float32)

    judges = Judges([student], lambda image: np.ones(2), channels=5, value_range=parse_ranges("uint16=500:1520"))
    choose_next(judges, FolderImages(folder, tmp_path / "out"), tmp_path / "out", count=1, by="coverage")
    assert all(image.shape[-1] == 5 and set(np.unique(image)) == {50, 75} for image in seen)  # (700 - 500) / 4
    assert (tmp_path / "out" / "next.png").is_file()


def test_an_output_named_like_a_file_and_results_among_the_images(tmp_path):
    with pytest.raises(UserError, match=r"found the name of a file\. Fix: --output .*/next$"):
        FolderImages(tmp_path, tmp_path / "next.csv")
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "a.jpg")
    write_png(tmp_path / "a.png", np.zeros((4, 5), np.uint8), (KEYWORD, f"{KEYWORD}: 9 bytes, modified 9 ns"))
    pool = FolderImages(tmp_path, tmp_path / "out")
    assert pool.names == ["a.jpg"] and pool.left_out == "left out: 1 file that semicurv-tf predict wrote (.)"
