"""Values keep their meaning: depth, ranges, white is zero, bands, no-data; worked out by hand."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import decode_bytes, encode_png
from semicurv_tf.images.header import read_header
from semicurv_tf.images.opened import open_pages
from semicurv_tf.images.reader import measure_files, read_image, read_valid_image
from semicurv_tf.images.values import (
    FarOff,
    ValueRange,
    ValueRanges,
    find_far_off,
    measure_range,
    parse_ranges,
    to_channels,
)

GENERATOR = np.random.default_rng(0)
BIT12 = GENERATOR.integers(500, 800, (64, 48)).astype(np.uint16)


def test_stretching_by_hand():
    values = np.array([0, 600, 855, 1110, 4095], np.uint16)
    assert ValueRange(600, 1110).to_uint8(values).tolist() == [0, 0, 128, 255, 255]  # 127.5 is rounded to even
    assert ValueRange(0, 65535).to_uint8(np.array([255, 256, 65535], np.uint16)).tolist() == [0, 1, 255]
    assert ValueRange(-1, 1).to_uint8(np.array([-2.0, 0.0, 1.0, np.nan])).tolist() == [0, 128, 255, 0]


def test_a_range_is_widened_by_half_of_itself_as_far_as_values_go():
    values = np.concatenate([np.full(1000, 100), np.full(1000, 200), [0, 4000]]).astype(np.uint16)
    assert measure_range([values]) == ValueRange(50.0, 250.0)  # 0 and 4000 are 0.05 % each
    assert measure_range([np.full((20, 20), 7, np.uint16)]) == ValueRange(7.0, 8.0)
    assert measure_range([np.zeros((20, 20), np.uint8)]) is None


def test_16_bit_that_uses_its_range_keeps_its_high_byte():
    values = np.linspace(0, 65535, 5000).astype(np.uint16)
    assert measure_range([values]) == ValueRange(0.0, 65535.0)
    assert measure_range([values // 8]) != ValueRange(0.0, 65535.0)  # 13 bit in 16


def test_one_range_for_a_folder_whatever_a_file_holds(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", BIT12)
    tifffile.imwrite(tmp_path / "b.tif", BIT12 + np.uint16(300))
    Image.fromarray(np.full((20, 20), 9, np.uint8)).save(tmp_path / "c.png")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    files = sorted(tmp_path.iterdir())
    ranges = measure_files(files)
    ((name, one),) = ranges.by_type
    assert name == "uint16" and one.low < 510 and one.high > 1090
    a, b = (read_image(tmp_path / f"{letter}.tif", 1, ranges)[..., 0].astype(float) for letter in "ab")
    np.testing.assert_allclose(b - a, 300 / (one.high - one.low) * 255, atol=1)
    assert (read_image(tmp_path / "c.png", 1, ranges) == 9).all()
    assert measure_files([tmp_path / "c.png"]) is None
    assert parse_ranges(ranges.text) == ranges


def test_ranges_as_text():
    assert parse_ranges("0:4095").of(np.uint16) == parse_ranges("0:4095").of(np.float32) == ValueRange(0, 4095)
    two = parse_ranges("float32=0:1, uint16=0:4095")
    assert two.of(np.float32) == ValueRange(0, 1) and two.of(np.int16) is None
    for text in ("4095", "5:1", "a:b", "0:nan"):
        with pytest.raises(UserError, match="value_range: expected LOW:HIGH"):
            parse_ranges(text)


def test_one_bit_is_black_and_white(tmp_path):
    bits = GENERATOR.random((30, 20)) > 0.5
    for name in ("a.png", "a.tif", "a.bmp"):
        Image.fromarray(bits).save(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name, 1)[..., 0], bits * 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero(tmp_path, dtype):
    values = GENERATOR.integers(0, np.iinfo(dtype).max + 1, (30, 20)).astype(dtype)
    tifffile.imwrite(tmp_path / "white.tif", values, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "black.tif", np.iinfo(dtype).max - values, photometric="minisblack")
    np.testing.assert_array_equal(read_image(tmp_path / "white.tif", 1), read_image(tmp_path / "black.tif", 1))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.float64])
def test_other_types_are_read(tmp_path, dtype):
    values = np.linspace(-100, 100, 600).reshape(20, 30).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values)
    read = read_image(tmp_path / "a.tif", 1)[..., 0].astype(int)
    assert (read.min(), read.max()) == (0, 255) and (np.diff(read.ravel()) >= 0).all()


def test_values_that_are_no_numbers_hold_no_data(tmp_path):
    values = np.linspace(0, 1, 600).reshape(20, 30).astype(np.float32)
    values[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    read = read_valid_image(tmp_path / "a.tif", 3)
    assert not read.valid[3, 4] and read.valid.sum() == 599


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")  # a PNG has none
def test_16_bit_colour_of_a_png_is_read_in_full(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    wide = np.stack([BIT12, BIT12 + np.uint16(10), BIT12 + np.uint16(20)])
    with rasterio.open(tmp_path / "a.png", "w", driver="PNG", height=64, width=48, count=3, dtype="uint16") as file:
        file.write(wide)
    read = read_image(tmp_path / "a.png", 3)
    assert len(np.unique(read[..., 0])) > 100  # the high byte has two values


@pytest.mark.parametrize("bands", [2, 4, 5, 16])
def test_any_number_of_bands(tmp_path, bands):
    pixels = GENERATOR.integers(0, 256, (20, 30, bands), np.uint8)
    extra = {"extrasamples": ["unspecified"] * (bands - 1)}
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", planarconfig="contig", **extra)
    assert read_header(tmp_path / "a.tif").colours == bands
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", bands), pixels)
    np.testing.assert_array_equal(decode_bytes(encode_png(pixels), bands), pixels)
    if bands > 2:
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3), pixels[..., :3])
        (opened,) = open_pages(tmp_path / "a.tif", read_header(tmp_path / "a.tif"), 3)
        assert opened.notes == (f"only the first 3 of {bands} bands used",)
    with pytest.raises(UserError, match=f"a.tif: expected 17 bands, found {bands}"):
        read_image(tmp_path / "a.tif", 17)


def test_a_fourth_band_that_is_called_alpha(tmp_path):
    """GDAL calls the fourth band of a byte image alpha unless it is told otherwise: near infrared, mostly."""
    pixels = GENERATOR.integers(0, 256, (20, 30, 4), np.uint8)
    pixels[:2, :, 3] = 0
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    four, three = read_valid_image(tmp_path / "a.tif", 4), read_valid_image(tmp_path / "a.tif", 3)
    np.testing.assert_array_equal(four.pixels, pixels)
    np.testing.assert_array_equal(three.pixels, pixels[..., :3])
    assert four.valid is None
    np.testing.assert_array_equal(three.valid, pixels[..., 3] > 0)


def test_luma_and_repetition_are_of_the_first_bands():
    pixels = np.full((16, 16, 5), 10, np.uint8)
    pixels[..., 1] = 20
    assert to_channels(pixels, 1)[0, 0, 0] == 16  # 0.299 * 10 + 0.587 * 20 + 0.114 * 10 = 15.87
    assert to_channels(pixels[..., :2], 3)[0, 0].tolist() == [10, 10, 10]


def test_no_data_of_a_geotiff_by_value_mask_and_alpha_in_every_way_of_reading(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    bands = GENERATOR.integers(1, 256, (3, 40, 30), np.uint8)
    bands[:, :, :7] = 0
    bands[0, 5, 3] = 4  # data in one band are data
    expected = (bands > 0).any(axis=0)
    common = {"driver": "GTiff", "height": 40, "width": 30, "dtype": "uint8", "crs": "EPSG:32633",
              "transform": rasterio.Affine(1, 0, 5e5, 0, -1, 5e6)}  # fmt: skip
    with rasterio.open(tmp_path / "value.tif", "w", count=3, nodata=0, **common) as file:
        file.write(bands)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(tmp_path / "mask.tif", "w", count=3, **common) as file,
    ):
        file.write(bands)
        file.write_mask(expected)
    with rasterio.open(tmp_path / "alpha.tif", "w", count=4, photometric="RGB", alpha="YES", **common) as file:
        file.write(np.concatenate([bands, expected[None].astype(np.uint8) * 255]))
    for path in sorted(tmp_path.iterdir()):
        whole = read_valid_image(path, 3)
        np.testing.assert_array_equal(whole.valid, expected, err_msg=path.name)
        np.testing.assert_array_equal(whole.pixels, np.moveaxis(bands, 0, -1))
        for place in (False, True):
            (read,) = (opened.source.rows(0, 40) for opened in open_pages(path, read_header(path), 3, place=place))
            np.testing.assert_array_equal(read[1], expected, err_msg=path.name)


def test_windows_stretch_by_the_same_range_as_whole_reading(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", height=64, width=48, count=1, dtype="uint16", crs="EPSG:32633",
        transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6),
    ) as file:  # fmt: skip
        file.write(BIT12, 1)
    for given in (None, parse_ranges("uint16=400:900")):
        whole = read_image(tmp_path / "a.tif", 1, given)
        header = read_header(tmp_path / "a.tif")
        for opened in open_pages(tmp_path / "a.tif", header, 1, place=True, value_range=given):
            np.testing.assert_array_equal(opened.source.rows(0, 64)[0], whole)
            assert any("stretched to 8 bit" in note for note in opened.notes)


def test_pages_of_a_stack_share_a_range(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([BIT12, BIT12 + np.uint16(200)]), photometric="minisblack")
    first, second = (
        opened.source.pixels.astype(float)
        for opened in open_pages(tmp_path / "a.tif", read_header(tmp_path / "a.tif"), 1)
    )
    assert np.ptp(second - first) <= 2 and (second - first).min() > 50


def test_ranges_know_their_types():
    assert (
        ValueRanges((("uint16", ValueRange(0.0, 65535.0)),)).said()
        == "uint16: 16 bit values cut to 8 bit (value // 256)"
    )


def test_a_constant_far_from_all_others_is_named_with_the_command():
    image = np.concatenate([np.full(100, -9999.0), np.linspace(0, 200, 300)]).astype(np.float32)
    found = find_far_off(image)
    assert found == FarOff(-9999.0, 0.25)
    said = measure_range([image]).said()
    assert "-9999 on 25 % of the pixels" in said and "gdal_edit.py -a_nodata -9999 FILE" in said
    lowest = float(np.finfo(np.float32).min)
    assert find_far_off(np.where(image == -9999, np.float32(lowest), image)) == FarOff(lowest, 0.25)
    assert f"-a_nodata {lowest!r} " in FarOff(lowest, 0.25).said()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100.0),
        np.full(50, -9999.0),
        np.zeros(0),
        np.concatenate([np.full(1, -9999.0), np.linspace(0, 200, 300)]),  # a third of a per cent
        np.concatenate([np.zeros(100), np.linspace(100, 200, 300)]),  # dark, and no nearer to a gap than that
        np.concatenate([np.full(100, -9999.0), np.linspace(-9000, 9000, 300)]),
        np.concatenate([np.full(100, 65535), np.linspace(0, 65000, 300)]),  # overexposed
    ],
)
def test_constants_that_belong_to_the_picture(values):
    assert find_far_off(values) is None


def test_files_with_such_a_constant_are_listed(tmp_path):
    picture = np.linspace(0, 200, 32 * 32).reshape(32, 32).astype(np.float32)
    with_gap = picture.copy()
    with_gap[:8] = -9999
    tifffile.imwrite(tmp_path / "whole.tif", picture)
    tifffile.imwrite(tmp_path / "gap.tif", with_gap)
    ranges = measure_files([tmp_path / "whole.tif", tmp_path / "gap.tif"])
    assert ranges.far_off == ((tmp_path / "gap.tif", FarOff(-9999.0, 0.25)),)
    tifffile.imwrite(tmp_path / "gap.tif", with_gap, extratags=[(42113, "s", 0, "-9999", True)])  # the remedy
    ranges = measure_files([tmp_path / "whole.tif", tmp_path / "gap.tif"])
    assert ranges.far_off == () and ranges.of(np.float32) == ValueRange(0.0, 200.0)
