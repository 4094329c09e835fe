"""Masks to labelme's JSON and back through the import: the same masks."""

import base64
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.annotations.rasterise import paint
from semicurv_tf.annotations.shapes import Polygon
from semicurv_tf.annotations.to_labelme import shapes_of, write_labelme
from semicurv_tf.cli.datasets import datasets
from semicurv_tf.images.masks import read_mask


def painted(shapes, height, width):
    canvas = np.zeros((height, width), bool)
    for shape in shapes:
        paint(canvas, Polygon("", (np.array(shape["points"]),)), shape["label"] == "foreground", 1.0)
    return canvas


def random_mask(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 40, 2)
    return rng.uniform(size=(height, width)) < rng.uniform(0.1, 0.9)


@pytest.mark.parametrize("seed", range(60))
def test_any_mask_comes_back(seed):
    mask = random_mask(seed)
    assert (painted(shapes_of(mask), *mask.shape) == mask).all()


@pytest.mark.parametrize("seed", range(5))
def test_smooth_masks_come_back_with_few_points(seed):
    from scipy.ndimage import gaussian_filter

    mask = gaussian_filter(np.random.default_rng(seed).normal(size=(90, 80)), 4) > 0.02
    shapes = shapes_of(mask)
    assert (painted(shapes, 90, 80) == mask).all()
    edges = np.count_nonzero(np.diff(mask, axis=0)) + np.count_nonzero(np.diff(mask, axis=1))
    assert sum(len(shape["points"]) for shape in shapes) < 0.7 * edges


def test_a_ring_with_an_island():
    mask = np.zeros((20, 20), bool)
    mask[2:18, 2:18] = True
    mask[5:15, 5:15] = False
    mask[8:12, 8:12] = True
    assert [shape["label"] for shape in shapes_of(mask)] == ["foreground", "_background_", "foreground"]


def test_empty_and_full():
    assert shapes_of(np.zeros((5, 6), bool)) == []
    (shape,) = shapes_of(np.ones((5, 6), bool))
    assert (painted([shape], 5, 6)).all()


@pytest.mark.parametrize(("suffix", "tag"), [("png", 1), ("jpg", 1), ("jpg", 6), ("bmp", 1)])
def test_through_the_command(tmp_path, suffix, tag):
    """`datasets import --from labelme` of the JSON alone: image and mask as they were."""
    mask = np.random.default_rng(3).uniform(size=(20, 30)) > 0.6
    stored = np.zeros((20, 30, 3), np.uint8) if tag == 1 else np.zeros((30, 20, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = tag
    image = tmp_path / f"a.{suffix}"
    Image.fromarray(stored).save(image, **({"exif": exif} if suffix == "jpg" else {}))
    (tmp_path / "labelme").mkdir()
    write_labelme(tmp_path / "labelme" / "a.json", mask, image, np.zeros((20, 30, 3), np.uint8))
    content = json.loads((tmp_path / "labelme" / "a.json").read_text())
    same = base64.b64decode(content["imageData"]) == image.read_bytes()
    assert same == (suffix in ("png", "jpg") and tag == 1)
    arguments = ["import", "--from", "labelme", str(tmp_path / "labelme"), "--output", str(tmp_path / "MY")]
    result = CliRunner().invoke(datasets, arguments)
    assert result.exit_code == 0, result.output
    assert (read_mask(tmp_path / "MY" / "masks" / "a.png")[..., 0] == mask).all()


def test_predictions_that_nobody_corrected_are_named(tmp_path):
    folder = tmp_path / "labelme"
    folder.mkdir()
    mask = np.zeros((20, 30), bool)
    mask[5:9] = True
    for name, predicted in (("a", mask), ("b", mask), ("empty", mask & False), ("mine", mask)):
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / f"{name}.png")
        write_labelme(folder / f"{name}.json", predicted, tmp_path / f"{name}.png", np.zeros((20, 30, 3), np.uint8))
    changed = json.loads((folder / "b.json").read_text())
    changed["shapes"][0]["points"][0][0] += 1  # labelme keeps what it does not know, our member as well
    (folder / "b.json").write_text(json.dumps(changed))
    drawn = json.loads((folder / "mine.json").read_text())
    del drawn["semicurv_tf"]
    (folder / "mine.json").write_text(json.dumps(drawn))
    arguments = ["import", "--from", "labelme", str(folder), "--output", str(tmp_path / "MY")]
    result = CliRunner().invoke(datasets, arguments)
    assert result.exit_code == 0, result.output
    assert "note: 2 of 4 masks were written by semicurv-tf and not corrected since (a, empty)" in result.output
    assert "4 labelled images, 0 unlabelled" in result.output
