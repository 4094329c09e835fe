"""Libraries write nothing of their own to the terminal."""

import logging

import numpy as np
import pytest

from semicurv_tf.images.reader import read_valid_image
from tests.images.test_photometric import by_windows

rasterio = pytest.importorskip("rasterio", reason="needs the extra geo: pip install 'semicurv-tf[geo]'")
from rasterio.transform import from_origin  # noqa: E402

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 40, 50)).astype(np.uint8)


def test_the_no_data_value_of_esri_is_that_of_the_pixels_and_says_nothing(tmp_path, caplog, capfd):
    lowest = -3.4028234663852886e38
    bands = PIXELS.astype(np.float32)
    bands[:, :, :10] = lowest
    path = tmp_path / "esri.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=40, width=50, dtype="float32", nodata=lowest,
        crs="EPSG:32633", transform=from_origin(500_000, 4_600_000, 0.5, 0.5),
    ) as file:  # fmt: skip
        file.write(bands)
    logging.getLogger("tifffile").setLevel(logging.NOTSET)
    read = read_valid_image(path, 3)
    assert not read.valid[:, :10].any() and read.valid[:, 10:].all()
    np.testing.assert_array_equal(read.pixels[:, 10:], np.moveaxis(PIXELS, 0, -1)[:, 10:])
    (_, valid), _ = by_windows(path)
    np.testing.assert_array_equal(valid, read.valid)
    assert not caplog.records and capfd.readouterr().err == ""
