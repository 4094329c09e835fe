"""Masks as tools write them: depth, palettes, transparency, orientation; the foreground is the same in all."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.masks import MaskRule, read_mask, read_mask_of, unknown_value
from semicurv_tf.images.reader import read_image

LINE = np.zeros((24, 40), bool)
LINE[5:8, 3:30] = True


def rgba(colour_of_line, colour_elsewhere):
    pixels = np.zeros((*LINE.shape, 4), np.uint8)
    pixels[..., :3] = np.where(LINE[..., None], colour_of_line, colour_elsewhere)
    pixels[..., 3] = LINE * 255
    return Image.fromarray(pixels)


def palette(indices, *colours):
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette([part for colour in colours for part in colour])
    return image


KINDS = {
    "1 bit": Image.fromarray(LINE),
    "8 bit, 1": Image.fromarray(LINE.astype(np.uint8)),
    "8 bit, 255": Image.fromarray(LINE.astype(np.uint8) * 255),
    "8 bit, 2": Image.fromarray(LINE.astype(np.uint8) * 2),
    "16 bit, 1": Image.fromarray(LINE.astype(np.uint16)),
    "16 bit, 255": Image.fromarray(LINE.astype(np.uint16) * 255),
    "16 bit, 65535": Image.fromarray(LINE.astype(np.uint16) * 65535),
    "palette, black first": palette(LINE, (0, 0, 0), (200, 0, 0)),
    "palette, black second": palette(~LINE, (200, 0, 0), (0, 0, 0)),
    "palette without black": palette(LINE, (255, 255, 255), (200, 0, 0)),
    "white on transparent white": rgba(255, 255),
    "white on transparent black": rgba(255, 0),
    "black on transparent black": rgba(0, 0),
    "black on transparent white": rgba(0, 255),
    "red on transparent": rgba([255, 0, 0], 0),
    "opaque": Image.fromarray(
        np.dstack([np.repeat(LINE[..., None] * np.uint8(255), 3, -1), np.full(LINE.shape, 255, np.uint8)])
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_foreground_is_the_line(tmp_path, kind):
    KINDS[kind].save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png")[..., 0], LINE)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "8 bit, 2"])
def test_vectors_see_the_same(tmp_path, kind):
    KINDS[kind].save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask_file(tmp_path / "a.png").mask, LINE)


def test_what_drawn_masks_without_transparency_say(tmp_path):
    """Black and white drawn on part of a transparent layer: the layer is background."""
    pixels = np.zeros((*LINE.shape, 4), np.uint8)
    pixels[:12, :20] = (0, 0, 0, 255)
    pixels[LINE] = 255
    pixels[20:, :, :3] = 255  # white, but not to be seen
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png")[..., 0], LINE)


def test_values_are_labels_and_never_cut(tmp_path):
    Image.fromarray(np.where(LINE, 300, 44).astype(np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", MaskRule(positive_value=300))[..., 0], LINE)
    assert read_mask(tmp_path / "a.png", MaskRule(positive_value=1)).sum() == 0
    Image.fromarray(np.where(LINE, 9000, 10).astype(np.uint16)).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "b.png", MaskRule(threshold=500))[..., 0], LINE)


def test_labels_tell_classes_apart(tmp_path):
    labels = {}
    for kind in KINDS:
        KINDS[kind].save(tmp_path / "a.png")
        labels[kind] = read_mask_of(tmp_path / "a.png").label
    assert labels["8 bit, 1"] == labels["16 bit, 65535"] == labels["1 bit"] == "foreground"
    assert labels["8 bit, 2"] == "value 2"
    assert labels["palette, black first"] == labels["palette, black second"] == "colour #c80000"
    assert read_mask_of(tmp_path / "a.png", MaskRule(positive_value=255)).label is None


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_without_a_tag_is_read_on_the_stored_grid(tmp_path, orientation, square):
    stored = LINE[:, :24] if square else LINE
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(stored.astype(np.uint8) * 200 + np.uint8(20))
    image.save(tmp_path / "image.png", exif=exif)
    upright = read_image(tmp_path / "image.png", 1)[..., 0] > 100
    Image.fromarray(stored).save(tmp_path / "plain.png")
    found = read_mask_of(tmp_path / "plain.png", image=tmp_path / "image.png")
    np.testing.assert_array_equal(found.mask[..., 0], upright)
    assert found.on_stored_grid == (orientation != 1)
    Image.fromarray(stored.astype(np.uint8)).save(tmp_path / "tagged.png", exif=exif)
    tagged = read_mask_of(tmp_path / "tagged.png", image=tmp_path / "image.png")
    np.testing.assert_array_equal(tagged.mask[..., 0], upright)
    assert not tagged.on_stored_grid


def test_a_mask_of_the_upright_size_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(LINE.astype(np.uint8)).save(tmp_path / "image.png", exif=exif)
    upright = np.rot90(LINE, -1)
    Image.fromarray(upright).save(tmp_path / "mask.png")
    found = read_mask_of(tmp_path / "mask.png", image=tmp_path / "image.png")
    np.testing.assert_array_equal(found.mask[..., 0], upright)
    assert not found.on_stored_grid


def test_soft_transparency_is_no_mask_of_two_values(tmp_path):
    image = rgba(255, 255)
    image.putalpha(Image.fromarray(np.tile(np.arange(40, dtype=np.uint8) * 6, (24, 1))))
    image.save(tmp_path / "a.png")
    with pytest.raises(UserError, match="two-valued.*mask_threshold=127"):
        read_mask(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", MaskRule(threshold=127)).mean() == pytest.approx(18 / 40)


@pytest.mark.parametrize(
    ("found", "dtype", "rule", "unknown"),
    [
        ((0, 1, 255), np.uint8, {}, 255),
        ((1, 255), np.uint8, {}, 255),
        ((0, 255), np.uint8, {}, None),
        ((0, 1), np.uint8, {}, None),
        ((255,), np.uint8, {}, None),
        ((0, 1, 2, 255), np.uint8, {}, None),
        ((0, 1, 255), np.uint16, {}, 255),
        ((0, 1, 65535), np.uint16, {}, 65535),
        ((0, 65535), np.uint16, {}, None),
        ((0, 1, 255, 65535), np.uint16, {}, None),
        ((0, 1, 255), np.uint8, {"invert": True}, 255),
        ((0, 1, 255), np.uint8, {"positive_value": 1}, None),
        ((0, 1, 255), np.uint8, {"threshold": 127}, None),
        ((0, 1, 255), np.uint8, {"find_ignored": False}, None),
        ((0, 255), np.uint8, {"ignore": 255}, 255),
        ((0, 1, 7), np.uint8, {"ignore": 7, "positive_value": 1}, 7),
        ((False, True), bool, {}, None),
        ((False, True), bool, {"ignore": 255}, 1),
        ((False, True), bool, {"ignore": 7}, 7),
    ],
)
def test_which_value_is_unknown(found, dtype, rule, unknown):
    assert unknown_value(np.array([found], dtype), MaskRule(**{"find_ignored": True} | rule)) == unknown


VOID = np.zeros_like(LINE)
VOID[10:14, 3:30] = True
UNKNOWN_KINDS = {
    "8 bit": Image.fromarray((LINE + 255 * VOID).astype(np.uint8)),
    "16 bit, 255": Image.fromarray((LINE + 255 * VOID).astype(np.uint16)),
    "16 bit, 65535": Image.fromarray((LINE + 65535 * VOID).astype(np.uint16)),
    "palette of PASCAL VOC": palette(LINE + 255 * VOID, (0, 0, 0), (128, 0, 0), *253 * [(9, 9, 9)], (224, 224, 192)),
}


@pytest.mark.parametrize("kind", UNKNOWN_KINDS)
def test_unknown_pixels_are_neither(tmp_path, kind):
    UNKNOWN_KINDS[kind].save(tmp_path / "a.png")
    read = read_mask_of(tmp_path / "a.png", MaskRule(find_ignored=True))
    np.testing.assert_array_equal(read.mask[..., 0], LINE)
    np.testing.assert_array_equal(read.known[..., 0], ~VOID)
    assert read.positive_value == 1 and read.label == ("colour #800000" if "VOC" in kind else "foreground")
    inverted = read_mask_of(tmp_path / "a.png", MaskRule(find_ignored=True, invert=True))
    np.testing.assert_array_equal(inverted.mask[..., 0], ~LINE & ~VOID)
    with pytest.raises(UserError, match="found 3 values"):  # masks of published datasets know of no such value
        read_mask_of(tmp_path / "a.png")


def gdal_tiff(path, values, no_data, **options):
    tags = [] if no_data is None else [(42113, "s", 0, no_data, True)]
    tifffile.imwrite(path, values, extratags=tags, **options)
    return path


@pytest.mark.parametrize(
    ("line", "void", "dtype", "no_data", "rule"),
    [
        (1, 255, np.uint8, "255", {}),
        (1, -9999, np.int16, "-9999", {}),
        (7, -9999, np.int16, "-9999", {}),
        (1, np.nan, np.float32, "nan", {}),
        (1, np.nan, np.float32, None, {}),
        (1, -3.4028234663852886e38, np.float32, "-3.4028234663852886e+38", {}),
        (200, 255, np.uint8, "255", {"threshold": 127}),
        (3, 9, np.uint8, "9", {"positive_value": 3}),
    ],
)
def test_no_data_of_a_mask_is_unknown(tmp_path, line, void, dtype, no_data, rule):
    path = gdal_tiff(tmp_path / "a.tif", np.where(VOID, void, LINE * line).astype(dtype), no_data)
    read = read_mask_of(path, MaskRule(find_ignored=True, **rule))
    np.testing.assert_array_equal(read.mask[..., 0], LINE)
    np.testing.assert_array_equal(read.known[..., 0], ~VOID)
    assert read.unknown_value is None and read.lacks_data
    if not rule:
        assert read.label == ("value 7" if line == 7 else "foreground") and read.positive_value == line
    if line == 1:
        found = read_mask_file(path)
        np.testing.assert_array_equal(found.mask, LINE)
        assert found.valid == VOID.size - VOID.sum()


def test_no_data_0_is_background_and_so_says_a_rule_of_the_foreground(tmp_path):
    path = gdal_tiff(tmp_path / "a.tif", LINE * np.uint8(255), "0")
    read = read_mask_of(path)
    np.testing.assert_array_equal(read.mask[..., 0], LINE)
    assert read.known is None and not read.lacks_data
    path = gdal_tiff(tmp_path / "b.tif", LINE * np.uint8(255), "255")
    read = read_mask_of(path, MaskRule(positive_value=255))
    np.testing.assert_array_equal(read.mask[..., 0], LINE)
    assert read.known is None
    assert read_mask_of(path).mask.sum() == 0  # without the rule, the file's own word counts


def test_no_data_of_a_palette_is_an_index(tmp_path):
    colours = np.zeros((3, 256), np.uint16)
    colours[0, 1] = 65535
    values = (LINE + 255 * VOID).astype(np.uint8)
    path = gdal_tiff(tmp_path / "a.tif", values, "255", photometric="palette", colormap=colours)
    read = read_mask_of(path)
    np.testing.assert_array_equal(read.mask[..., 0], LINE)
    np.testing.assert_array_equal(read.known[..., 0], ~VOID)


@pytest.mark.parametrize("bands", [2, 5])
@pytest.mark.parametrize("line", [LINE, np.zeros_like(LINE)])
def test_a_band_for_each_class_is_no_mask(tmp_path, bands, line):
    """[background, line, nothing, ...]: the first band is the line inverted."""
    values = np.stack([~line, line, *(bands - 2) * [np.zeros_like(line)]], axis=-1).astype(np.uint8) * np.uint8(255)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig="contig")
    for read in (read_mask_of, read_mask_file):
        with pytest.raises(UserError, match=f"a.tif: expected a mask of one band, found {bands} bands.*-b 2 .*a.tif"):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize("further", [[LINE], 4 * [LINE], [np.ones_like(LINE)]])
def test_bands_that_repeat_the_first_are_one_mask(tmp_path, further):
    """The last: alpha that is opaque, and not marked as such."""
    values = np.stack([LINE, *further], axis=-1).astype(np.uint8) * np.uint8(255)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig="contig")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif")[..., 0], LINE)
    np.testing.assert_array_equal(read_mask_file(tmp_path / "a.tif").mask, LINE)
