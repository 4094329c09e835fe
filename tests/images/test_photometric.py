"""What a TIFF's PhotometricInterpretation makes of its values, as a whole and by windows."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.decode import decode
from semicurv_tf.images.header import read_header
from semicurv_tf.images.photometric import as_shown
from semicurv_tf.images.reader import read_pages, read_valid_image

# Cyan, magenta, yellow, black: none; full cyan; half black; full cyan under half black.
INKS = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 128], [255, 0, 0, 128]]], np.uint8)
COLOURS = np.array([[[255, 255, 255], [0, 255, 255], [127, 127, 127], [0, 127, 127]]], np.uint8)


def by_windows(path, channels=3):
    pytest.importorskip("rasterio")
    from semicurv_tf.images.rasters import open_raster, raster_environment

    with raster_environment(), open_raster(path, channels) as raster:
        return raster.rows(0, raster.height), raster.notes


def big(pixels):
    """Each pixel 16 times in both directions."""
    return np.repeat(np.repeat(pixels, 16, axis=0), 16, axis=1)


def test_inks_by_hand():
    np.testing.assert_array_equal(as_shown(INKS, "SEPARATED", 8), COLOURS)
    np.testing.assert_array_equal(as_shown(INKS * np.uint16(257), "SEPARATED", 16), COLOURS * np.uint16(257))


def test_inks_are_those_of_pillow():
    inks = np.random.default_rng(0).integers(0, 256, (64, 64, 4)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(inks, "CMYK").convert("RGB"))
    np.testing.assert_array_equal(as_shown(inks, "SEPARATED", 8), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_is_rgb_in_every_way_of_reading(tmp_path, dtype):
    path = tmp_path / "print.tif"
    tifffile.imwrite(path, big(INKS).astype(dtype) * (257 if dtype == "uint16" else 1), photometric="separated")
    read = read_valid_image(path, 3)
    np.testing.assert_array_equal(read.pixels, big(COLOURS))
    assert read.bands == 3
    assert not any("bands" in note for note in read_header(path).conversions(3))
    (pixels, _), notes = by_windows(path)
    np.testing.assert_array_equal(pixels, big(COLOURS))
    assert not any("bands" in note for note in notes)
    with pytest.raises(UserError, match="expected 4 bands, found 3"):
        read_valid_image(path, 4)


@pytest.mark.parametrize(
    "photometric, dtype, bands, found",
    [
        ("cielab", "uint16", 3, "CIELAB (3 x 16 bit)"),
        ("icclab", "uint8", 3, "ICCLAB (3 x 8 bit)"),
        ("separated", "float32", 4, "inks (4 x 32 bit)"),
        ("separated", "uint8", 4, "inks (4 x 8 bit)"),
        ("ycbcr", "uint16", 3, "YCbCr (3 x 16 bit)"),
        (32803, "uint16", 1, "CFA (1 x 16 bit)"),
    ],
)
def test_other_colours_are_refused_with_a_command(tmp_path, photometric, dtype, bands, found):
    path = tmp_path / "a map.tif"
    values = np.zeros((32, 32, bands) if bands > 1 else (32, 32), dtype)
    planar = "contig" if bands > 1 else None
    other_inks = [(332, "H", 1, 2, True)] if dtype == "uint8" else []  # InkSet: not CMYK
    tifffile.imwrite(path, values, photometric=photometric, planarconfig=planar, extratags=other_inks)
    for read in (lambda: read_valid_image(path, 3), lambda: by_windows(path), lambda: list(read_pages(path, 3))):
        with pytest.raises(UserError) as refused:
            read()
        assert found in str(refused.value) and f"magick '{path}' -colorspace sRGB" in str(refused.value)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_white_at_zero_of_any_type_is_turned(tmp_path, dtype):
    values = np.linspace(0, 1 if dtype == "float32" else 100, 32 * 32).reshape(32, 32).astype(dtype)
    tifffile.imwrite(tmp_path / "white.tif", values, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "black.tif", values, photometric="minisblack")
    black, white = (read_valid_image(tmp_path / name, 1).pixels for name in ("black.tif", "white.tif"))
    np.testing.assert_allclose(white.astype(int), 255 - black.astype(int), atol=1)  # halves are rounded to even
    (pixels, _), _ = by_windows(tmp_path / "white.tif", 1)
    np.testing.assert_array_equal(pixels, white)


@pytest.mark.parametrize("dtype, value", [("uint8", 200), ("uint16", 200), ("float32", -9999)])
def test_no_data_is_looked_for_among_stored_values(tmp_path, dtype, value):
    values = np.arange(32 * 32).reshape(32, 32).astype(dtype) % 100
    values[:8] = value
    path = tmp_path / "white.tif"
    tifffile.imwrite(path, values, photometric="miniswhite", extratags=[(42113, "s", 0, str(value), True)])
    np.testing.assert_array_equal(decode(path).no_data, values == value)
    (_, valid), _ = by_windows(path, 1)
    np.testing.assert_array_equal(valid, values != value)


def test_alpha_of_an_image_with_white_at_zero_stays(tmp_path):
    values = np.stack([np.full((32, 32), 100), np.full((32, 32), 65535)], axis=-1).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / "white.tif", values, photometric="miniswhite", extrasamples=["unassalpha"], planarconfig="contig"
    )
    decoded = decode(tmp_path / "white.tif")
    assert (decoded.values == 65435).all() and (decoded.alpha == 65535).all()
