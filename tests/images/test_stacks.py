"""Stacks whose pages are not all found by their directories, and the commands that errors name: they work as pasted."""

import shlex
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from semicurv_tf.errors import UserError
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.reader import read_image, read_pages

PAGES = np.random.default_rng(0).integers(0, 255, (3, 24, 32)).astype(np.uint8)


def pasted(error: UserError) -> None:
    """Runs the command of the remedy."""
    remedy = str(error).partition("Fix: ")[2]
    words = shlex.split(remedy[remedy.index("python -c") :])
    subprocess.run([sys.executable, *words[1:]], check=True)


@pytest.mark.parametrize(
    "how", [{"volumetric": True, "tile": (3, 16, 16)}, {"truncate": True}, {"imagej": True, "truncate": True}]
)
def test_pages_behind_one_directory_are_told(tmp_path, how):
    path = tmp_path / "it's.tif"
    tifffile.imwrite(path, PAGES, photometric="minisblack", **how)
    with pytest.raises(UserError, match=r"it's\.tif: expected one directory per page, found 1 for 3 pages") as caught:
        read_image(path, 1)  # which gave the first of them
    pasted(caught.value)
    pages = read_pages(tmp_path / "it's_pages.tif", 1)
    assert (np.stack([page.pixels[..., 0] for page in pages]) == PAGES).all()


def test_a_vrt_is_no_damage(tmp_path):
    path = tmp_path / "m.vrt"
    path.write_text('<VRTDataset rasterXSize="32" rasterYSize="24"></VRTDataset>')
    with pytest.raises(
        UserError, match=r"m\.vrt: expected an image, found a VRT.* Fix: gdal_translate \S+m\.vrt \S+m\.tif"
    ):
        read_image(path, 3)


@pytest.mark.parametrize("read", [lambda path: read_image(path, 1), read_mask_file])
def test_a_stack_where_one_image_is_expected(tmp_path, read):
    path = tmp_path / "a b.tif"
    tifffile.imwrite(path, PAGES, photometric="minisblack")
    with pytest.raises(UserError, match="found 3") as caught:
        read(path)
    pasted(caught.value)
    for number, page in enumerate(PAGES):
        assert (tifffile.imread(tmp_path / f"a b_{number}.tif") == page).all()
