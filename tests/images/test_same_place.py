"""Masks that lie elsewhere on the map than their images, and those that lie there under another name."""

import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.data.load import load_dataset
from semicurv_tf.errors import UserError
from semicurv_tf.images.same_place import check_same_place

rasterio = pytest.importorskip("rasterio")
HEIGHT, WIDTH = 32, 48
NORTH_UP = (0.5, 0.0, 400000.0, 0.0, -0.5, 5200000.0)
SOUTH_UP = (0.5, 0.0, 400000.0, 0.0, 0.5, 5200000.0 - HEIGHT * 0.5)
UTM = "EPSG:32633"


def write(path, transform=NORTH_UP, crs=UTM, count=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(0).integers(0, 2, (count, HEIGHT, WIDTH), np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", height=HEIGHT, width=WIDTH, count=count, dtype="uint8", crs=crs,
        transform=rasterio.Affine(*transform),
    ) as dataset:  # fmt: skip
        dataset.write(values)
    return path


def shifted(columns, rows):
    return (0.5, 0.0, 400000.0 + 0.5 * columns, 0.0, -0.5, 5200000.0 - 0.5 * rows)


@pytest.mark.parametrize(
    ("transform", "crs", "found"),
    [
        (shifted(30, 0), UTM, "a corner +30 columns and +0 rows away"),
        (shifted(0, -0.75), UTM, "a corner +0 columns and -0.75 rows away"),
        (SOUTH_UP, UTM, "a corner +0 columns and +32 rows away"),
        ((1.0, 0.0, 400000.0, 0.0, -1.0, 5200000.0), UTM, "a corner +48 columns and +0 rows away"),
        (NORTH_UP, "EPSG:32634", "EPSG:32634 beside EPSG:32633"),
        (NORTH_UP, "EPSG:4326", "EPSG:4326 beside EPSG:32633"),
        (shifted(30, 0), None, "a corner +30 columns and +0 rows away"),
    ],
)
def test_another_place_is_refused(tmp_path, transform, crs, found):
    image = write(tmp_path / "image.tif")
    mask = write(tmp_path / "mask.tif", transform, crs)
    with pytest.raises(UserError) as error:
        check_same_place(image, mask)
    (line,) = error.value.lines
    assert str(mask) in line and "image.tif" in line and found in line and "Fix: rio " in line


@pytest.mark.parametrize(
    ("transform", "crs"),
    [
        (NORTH_UP, UTM),
        (shifted(0.5, -0.5), UTM),
        (NORTH_UP, None),
        (NORTH_UP, "EPSG:25833"),  # ETRS89 for WGS 84: the same place within a metre's fraction
        (NORTH_UP, "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs"),
    ],
)
def test_one_place_passes(tmp_path, transform, crs):
    check_same_place(write(tmp_path / "image.tif"), write(tmp_path / "mask.tif", transform, crs))


def test_files_without_coordinates_pass(tmp_path, monkeypatch):
    image, mask = write(tmp_path / "image.tif"), tmp_path / "mask.png"
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(mask)
    check_same_place(image, mask)
    check_same_place(mask, image)
    (tmp_path / "mask.pgw").write_text("0.5\n0\n0\n-0.5\n400015.25\n5199999.75\n")  # 30 columns to the east
    with pytest.raises(UserError, match=r"mask.png: .* a corner \+30 columns"):
        check_same_place(image, mask)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    check_same_place(image, mask)


@pytest.mark.parametrize("remedy", ["rio warp", "rio edit-info"])
def test_the_remedies_work(tmp_path, remedy):
    image, mask = write(tmp_path / "an image.tif"), write(tmp_path / "a mask.tif", SOUTH_UP)
    with pytest.raises(UserError) as error:
        check_same_place(image, mask)
    command = remedy + error.value.lines[0].split(remedy, 1)[1].split(", and", 1)[0]
    command = command.split(";", 1)[0]
    words = shlex.split(command.replace("WARPED.tif", shlex.quote(str(tmp_path / "WARPED.tif"))))
    run = "import sys; from rasterio.rio.main import main_group; main_group(sys.argv[1:])"
    subprocess.run([sys.executable, "-c", run, *words[1:]], check=True)
    with rasterio.open(mask) as dataset:
        stored = dataset.read(1)
    fixed = tmp_path / "WARPED.tif" if remedy == "rio warp" else mask
    check_same_place(image, fixed)
    with rasterio.open(fixed) as dataset:
        expected = stored[::-1] if remedy == "rio warp" else stored
        np.testing.assert_array_equal(dataset.read(1), expected)


def test_a_folder_names_each_mask(tmp_path):
    for name, transform in (("a", NORTH_UP), ("b", shifted(3, 0)), ("c", SOUTH_UP)):
        write(tmp_path / f"MY/images/{name}.tif", count=3)
        write(tmp_path / f"MY/masks/{name}.tif", transform)
    options = {"validation_share": 0, "test_share": 0}
    with pytest.raises(UserError) as error:
        load_dataset("folder", tmp_path / "MY", cache_dir=tmp_path / "cache", options=options)
    assert ["b.tif" in error.value.lines[0], "c.tif" in error.value.lines[1], len(error.value.lines)] == [True, True, 2]
