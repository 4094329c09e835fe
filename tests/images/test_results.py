import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.images.results import PngRows, open_result


@pytest.mark.parametrize("channels", [1, 3])
def test_png_rows_are_what_pillow_reads(channels):
    shape = (37, 21) if channels == 1 else (37, 21, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    buffer = io.BytesIO()
    writer = PngRows(buffer, channels)
    writer.page(37, 21)
    for top, bottom in ((0, 1), (1, 20), (20, 37)):
        writer.rows(pixels[top:bottom], None)
    writer.close()
    buffer.seek(0)
    image = Image.open(buffer)
    assert image.mode == {1: "L", 3: "RGB"}[channels]
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_pages_of_different_sizes_become_a_stack(tmp_path):
    pages = [np.random.default_rng(seed).integers(0, 256, (20 + seed, 16), np.uint8) for seed in range(3)]
    with open_result(tmp_path / "a.tif", 1) as result:
        for page in pages:
            result.page(*page.shape)
            result.rows(page[:9], None)
            result.rows(page[9:], None)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert len(tiff.pages) == 3
        for page, expected in zip(tiff.pages, pages, strict=True):
            np.testing.assert_array_equal(page.asarray(), expected)


def test_nothing_is_left_where_the_block_fails(tmp_path):
    for name in ("a.png", "a.tif"):
        with pytest.raises(KeyError), open_result(tmp_path / name, 1) as result:
            result.page(20, 20)
            result.rows(np.zeros((5, 20), np.uint8), None)
            raise KeyError
    assert not list(tmp_path.iterdir())
