"""What a folder holds to be predicted: no results of an earlier call, no masks of a data set, all of it counted."""

import shutil

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.images.photographs import find_photographs, find_strangers, images_by_stem, is_record
from semicurv_tf.images.provenance import KEYWORD
from semicurv_tf.whole_files import write_json, write_png

SETTINGS = {"model": "0123", "threshold": 0.6, "tta": "none"}


def photograph(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(path)
    return path


def result(path):
    write_png(path, np.zeros((4, 5), np.uint8), (KEYWORD, f"{KEYWORD}: 9 bytes, modified 9 ns"))
    return path


def test_results_are_left_out_by_record_and_by_mark(tmp_path):
    images = [photograph(tmp_path / name) for name in ("a.png", "deep/b.tif", "z.jpg")]
    write_json(tmp_path / "run1" / "predictions.json", SETTINGS)
    photograph(tmp_path / "run1" / "a.png")  # of an early version, without a mark
    photograph(tmp_path / "run1" / "sub" / "b.png")
    result(tmp_path / "one.png")
    result(tmp_path / "deep" / "b.overlay.png")
    found = find_photographs(tmp_path)
    assert found.images == images and found.beside == {}
    assert found.results == {"run1": 2, ".": 1, "deep": 1} and len(found.left_out) == 4
    assert found.said() == "left out: 4 files that semicurv-tf predict wrote (., deep, run1)"
    assert find_photographs(tmp_path, leave_out=(tmp_path / "run1",)).results == {".": 1, "deep": 1}


def test_a_record_in_the_folder_itself_leaves_its_images_in(tmp_path):
    images = [photograph(tmp_path / "a.jpg"), photograph(tmp_path / "sub" / "b.jpg")]
    write_json(tmp_path / "predictions.json", SETTINGS)
    result(tmp_path / "a.png")
    for name in ("images", "masks"):
        photograph(tmp_path / "layers" / name / "a.png")
    found = find_photographs(tmp_path)
    assert found.images == images and found.results == {".": 1, "layers": 2}


@pytest.mark.parametrize("content", [{"predictions": [1]}, {"model": "x"}])
def test_a_folder_with_another_predictions_json_is_a_folder_of_images(tmp_path, content):
    image = photograph(tmp_path / "sub" / "a.png")
    write_json(tmp_path / "sub" / "predictions.json", content)
    assert find_photographs(tmp_path).images == [image] and not is_record(tmp_path / "sub" / "predictions.json")


def test_of_a_data_set_images_alone(tmp_path):
    """A folder with images/ and masks/, and a folder of such folders."""
    images = [photograph(tmp_path / place / "a.jpg") for place in ("one/Images", "two/img/deep")]
    for place in ("one", "one/masks", "one/replaced_masks/x", "two/gt"):
        photograph(tmp_path / place / "a.png")
    found = find_photographs(tmp_path)
    assert found.images == images and found.layouts == [tmp_path / "one", tmp_path / "two"]
    assert found.beside == {"one": 1, "one/masks": 1, "one/replaced_masks": 1, "two/gt": 1}
    assert "left out: 4 image files beside a folder of images that has masks (one, one/masks" in found.said()
    alone = find_photographs(tmp_path / "one")
    assert alone.images == images[:1] and alone.beside == {".": 1, "masks": 1, "replaced_masks": 1}


def test_images_beside_a_folder_of_label_texts_are_taken(tmp_path):
    images = [photograph(tmp_path / place / "a.jpg") for place in ("images", "more")]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").touch()
    found = find_photographs(tmp_path)
    assert found.images == images and found.said() is None


def test_a_name_means_the_photograph_and_not_its_mask(tmp_path):
    image, only = photograph(tmp_path / "a.jpg"), result(tmp_path / "b.png")
    result(tmp_path / "a.png")
    assert images_by_stem(tmp_path) == {"a": image, "b": only}


def test_strangers_are_neither_images_nor_ours(tmp_path):
    photograph(tmp_path / "a.jpg")
    write_json(tmp_path / "run1" / "predictions.json", SETTINGS)
    (tmp_path / "run1" / "labelme").mkdir()
    (tmp_path / "run1" / "labelme" / "a.json").write_text("{}")
    shutil.copy(tmp_path / "run1" / "predictions.json", tmp_path / "a.predictions.json")
    (tmp_path / "a.csv").write_text("image,crack,segment,start,end\n")
    strangers = [tmp_path / "b.csv", tmp_path / "c.json"]
    for path in strangers:
        path.write_text("{}")
    assert find_strangers(tmp_path) == strangers
