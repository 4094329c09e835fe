"""Sound files that only some decoders know: each way of reading gives their pixels, and stderr stays clean."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images import header as headers
from semicurv_tf.images.header import read_header
from semicurv_tf.images.opened import open_pages
from semicurv_tf.images.reader import read_pages, read_valid_image
from tests.images.test_photometric import by_windows

rasterio = pytest.importorskip("rasterio", reason="needs the extra geo: pip install 'semicurv-tf[geo]'")
from rasterio.transform import from_origin  # noqa: E402

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 40, 50)).astype(np.uint8)


def write(path, bands, **profile):
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype,
        crs="EPSG:32633", transform=from_origin(500_000, 4_600_000, 0.5, 0.5), **profile,
    ) as file:  # fmt: skip
        file.write(bands)
    return path


@pytest.mark.parametrize(
    "bands, profile",
    [
        (PIXELS.astype(np.uint16) * 257, {"compress": "zstd", "predictor": 2}),
        (PIXELS, {"compress": "webp", "webp_lossless": True}),
        (PIXELS, {"compress": "lerc"}),
        (np.concatenate([PIXELS, PIXELS[:1]]), {"compress": "webp", "webp_lossless": True, "alpha": "unspecified"}),
    ],
)
def test_compressions_that_pillow_lacks(tmp_path, capfd, bands, profile):
    path = write(tmp_path / "map.tif", bands, **profile)
    expected = np.moveaxis(PIXELS, 0, -1)
    np.testing.assert_array_equal(read_valid_image(path, 3).pixels, expected)
    (pixels, _), _ = by_windows(path)
    np.testing.assert_array_equal(pixels, expected)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_are_spread_over_eight(tmp_path, bits):
    levels = PIXELS % 2**bits
    path = write(tmp_path / "map.tif", levels, nbits=bits)
    expected = np.moveaxis(levels * (255 // (2**bits - 1)), 0, -1)
    np.testing.assert_array_equal(read_valid_image(path, 3).pixels, expected)
    (pixels, _), _ = by_windows(path)
    np.testing.assert_array_equal(pixels, expected)


def test_ycbcr_that_is_not_packed(tmp_path):
    grey = np.repeat(PIXELS[0][..., None], 3, axis=-1)
    grey[..., 1:] = 128  # no colour
    tifffile.imwrite(tmp_path / "ycc.tif", grey, photometric="ycbcr")
    pixels = read_valid_image(tmp_path / "ycc.tif", 3).pixels
    np.testing.assert_allclose(pixels, np.repeat(PIXELS[0][..., None], 3, axis=-1), atol=1)
    (windows, _), _ = by_windows(tmp_path / "ycc.tif")
    np.testing.assert_array_equal(windows, pixels)


def test_a_page_that_only_gdal_reads_is_that_page(tmp_path):
    bands = PIXELS.astype(np.uint16)
    profile = {"compress": "zstd", "predictor": 2}
    path = write(tmp_path / "stack.tif", bands, **profile)
    write(path, 255 - bands, append_subdataset=True, **profile)
    first, second = read_pages(path, 3)
    np.testing.assert_array_equal(second.pixels, 255 - first.pixels)


def test_a_truncated_file_is_refused_by_all(tmp_path):
    path = write(tmp_path / "map.tif", PIXELS.astype(np.uint16), compress="zstd", predictor=2)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UserError, match="found damage"):
        read_valid_image(path, 3)


def test_large_files_of_formats_that_windows_do_not_know(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, "WHOLE_PIXELS", 1000)
    expected = np.moveaxis(PIXELS, 0, -1)
    for name in ("a.ppm", "a.jp2"):
        Image.fromarray(expected).save(tmp_path / name, **({"irreversible": False} if name == "a.jp2" else {}))
        for opened in open_pages(tmp_path / name, read_header(tmp_path / name), 3):
            np.testing.assert_array_equal(opened.source.rows(0, 40)[0], expected)
    monkeypatch.setattr(headers, "LARGEST_WHOLE_PIXELS", 1000)
    with pytest.raises(UserError, match="found PPM of 50x40 pixels. Fix: cut it into tiles"):
        list(open_pages(tmp_path / "a.ppm", read_header(tmp_path / "a.ppm"), 3))
