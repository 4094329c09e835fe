"""Folders and lists of files: depth, loops, what is passed over, names on disk; and what a result was made from."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images import walk
from semicurv_tf.images.formats import said_of_passed_over
from semicurv_tf.images.lists import find_listed
from semicurv_tf.images.provenance import is_made_from, state_of
from semicurv_tf.images.rasters import Place
from semicurv_tf.images.results import open_result
from semicurv_tf.images.walk import find_images, find_passed_over


def test_folders_that_lie_too_deep_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "DEEPEST", 5)
    deep = tmp_path.joinpath(*"abcdef")
    deep.mkdir(parents=True)
    with pytest.raises(UserError, match="at most 5 levels of folders.*Fix: move"):
        find_images(tmp_path)


def test_a_path_longer_than_the_system_takes_is_named(tmp_path):
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(25):  # 25 x 200 letters: beyond the 4096 of Linux
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)
    with pytest.raises(UserError, match="expected a folder that can be listed|levels of folders") as error:
        find_images(tmp_path)
    assert len(error.value.lines[0]) < 500


def test_passed_over_by_reason(tmp_path):
    for name in ("a.png", "b.xyz", "c.json", "out/d.xyz", ".hidden", "a.pgw", "a.prj"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_passed_over(tmp_path, leave_out=(tmp_path / "out",))
    assert [path.name for path in found] == ["b.xyz", "c.json"]
    assert said_of_passed_over([]) is None
    said = said_of_passed_over([Path("a.heic"), Path("b.HEIC"), Path("c.json"), Path("README")])
    assert (
        said.startswith("4 files passed over: 2 .heic (pip install pillow-heif), 1 .json (")
        and "1 without suffix" in said
    )


def test_listed_names_of_the_other_unicode_form_are_found(tmp_path):
    name = unicodedata.normalize("NFD", "Brücke.png")
    (tmp_path / name).touch()
    assert find_listed(tmp_path, unicodedata.normalize("NFC", name)).exists()
    assert find_listed(tmp_path, "none.png") == tmp_path / "none.png"


@pytest.mark.parametrize("suffix", ["png", "tif", "geo.tif"])
def test_a_result_knows_what_it_was_made_from(tmp_path, suffix):
    image, result = tmp_path / "image.png", tmp_path / f"mask.{suffix}"
    Image.new("L", (30, 20)).save(image)
    if suffix == "geo.tif":
        rasterio = pytest.importorskip("rasterio")
        place = Place(transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6))
    else:
        place = None
    rows = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    with open_result(result, 1, place, state=state_of(image)) as opened:
        opened.page(20, 30)
        opened.rows(rows, None)
    with Image.open(result) as read:
        np.testing.assert_array_equal(np.asarray(read), rows)
    assert is_made_from(result, image)
    before = image.stat()
    image.write_bytes(image.read_bytes() + b"\0")
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_made_from(result, image)  # another size at the same time
    image.write_bytes(image.read_bytes()[:-1])
    os.utime(image, ns=(1, 1))
    assert not is_made_from(result, image)  # an older picture put in its place
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_made_from(result, image)


def test_a_result_that_does_not_say_must_be_no_older(tmp_path):
    image, result = tmp_path / "image.png", tmp_path / "mask.png"
    for path in (image, result):
        Image.new("L", (30, 20)).save(path)
    os.utime(image, ns=(10**18, 10**18))
    assert is_made_from(result, image)
    os.utime(result, ns=(10**17, 10**17))
    assert not is_made_from(result, image)
    assert not is_made_from(tmp_path / "none.png", image)
