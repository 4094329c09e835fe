import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.encoded import decode_bytes, encode_png, verbatim
from semicurv_tf.images.masks import MaskRule, read_mask
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.walk import list_images


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
def test_lossless_formats_return_the_pixels(files, suffix):
    pixels = files.pixels("a", 20, 30)
    file = files.save(f"a.{suffix}", pixels, **({"lossless": True} if suffix == "webp" else {}))
    assert (read_image(file, 3) == pixels).all()


def test_grey_becomes_three_equal_channels_and_colour_becomes_luma(files):
    grey = files.pixels("g", channels=1)
    assert (read_image(files.save("g.png", grey[..., 0]), 3) == np.repeat(grey, 3, -1)).all()
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert (read_image(files.save("r.png", red), 1) == round(0.299 * 200)).all()


def test_transparency_is_dropped_and_cmyk_converted(files):
    pixels = files.pixels("t")
    rgba = np.concatenate([pixels, np.full((32, 32, 1), 7, np.uint8)], -1)
    assert (read_image(files.save("t.png", rgba), 3) == pixels).all()
    white = Image.new("CMYK", (20, 20), (0, 0, 0, 0))
    assert (read_image(files.save("c.tif", white), 3) == 255).all()


@pytest.mark.parametrize("name", ["g.png", "g.tif", "c.tif"])
def test_16_bit_keeps_the_high_byte(files, name):
    shape = (16, 17, 3) if name.startswith("c") else (16, 17)
    wide = np.random.default_rng(0).integers(0, 65536, shape, np.uint16)
    file = files.root / name
    file.parent.mkdir(exist_ok=True)
    if name.endswith("tif"):
        tifffile.imwrite(file, wide)
    else:
        Image.fromarray(wide).save(file)
    expected = wide >> 8 if wide.ndim == 3 else (wide >> 8)[..., None]
    assert (read_image(file, 3 if wide.ndim == 3 else 1) == expected).all()


def test_orientation_tag_is_obeyed(files):
    pixels = files.pixels("o", 20, 30)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    file = files.save("o.png", pixels, exif=exif)
    assert (read_image(file, 3) == np.rot90(pixels, -1)).all()
    assert verbatim(file, 3) is None


def test_masks(files):
    expected = np.zeros((32, 32, 1), np.uint8)
    expected[:, :4] = 1
    for high in (1, 255, 7):
        assert (read_mask(files.mask(f"{high}.png", high=high)) == expected).all()
    inverted = read_mask(files.mask("inv.png"), MaskRule(invert=True))
    assert (inverted == 1 - expected).all()
    chosen = np.where(expected[..., 0] == 1, 3, np.arange(32, dtype=np.uint8)[None] % 3)
    file = files.save("chosen.png", chosen.astype(np.uint8))
    assert (read_mask(file, MaskRule(positive_value=3)) == expected).all()
    soft = files.save("soft.png", np.where(expected[..., 0] == 1, 128, 127).astype(np.uint8))
    assert (read_mask(soft, MaskRule(threshold=127)) == expected).all()
    one_bit = files.save("bit.png", Image.fromarray(expected[..., 0] == 1))
    assert (read_mask(one_bit) == expected).all()


def test_palette_masks_count_by_index_unless_the_palette_is_grey(files):
    indices = np.zeros((16, 16), np.uint8)
    indices[:, :4] = 1
    coloured = Image.fromarray(indices).convert("P")
    coloured.putdata(list(indices.ravel()))
    coloured.putpalette([0, 0, 0, 128, 0, 0])
    assert (read_mask(files.save("p.png", coloured))[..., 0] == indices).all()
    grey = coloured.copy()
    grey.putpalette([255, 255, 255, 0, 0, 0])  # index 1 is black
    assert (read_mask(files.save("q.png", grey))[..., 0] == 1 - indices).all()


def test_mask_of_many_values_or_colours_is_refused(files):
    with pytest.raises(UserError, match=r"m\.png: expected a two-valued mask .* found \d+ values"):
        read_mask(files.photo("m.png", channels=1))
    with pytest.raises(UserError, match="two-valued.*found 2 values: 3, 9"):
        read_mask(files.save("n.png", np.where(np.eye(16) > 0, 3, 9).astype(np.uint8)))
    with pytest.raises(UserError, match="found colours"):
        read_mask(files.photo("c.png"))


def _truncated(files, name):
    file = files.photo(name, 64, 64)
    file.write_bytes(file.read_bytes()[:-200])
    return file


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda f: f.text("t.png", "no image"), "damage"),
        (lambda f: f.text("t.tif", "no image"), "damage"),
        (lambda f: _truncated(f, "t.png"), "damage"),
        (lambda f: _truncated(f, "t.jpg"), "damage"),
        (lambda f: _truncated(f, "t.tif"), "damage"),
        (lambda f: f.photo("t.png", 15, 40), "found 15x40"),
        (lambda f: f.save("t.gif", Image.new("L", (20, 20)), save_all=True,
                          append_images=[Image.new("L", (20, 20), 9)]), "found 2 frames"),
        (lambda f: f.root / "t.png", "found none"),
    ],
)  # fmt: skip
def test_unusable_files_are_named(files, make, found):
    with pytest.raises(UserError) as error:
        read_image(make(files), 3)
    assert len(error.value.lines) == 1
    line = error.value.lines[0]
    assert str(files.root / "t.") in line and found in line and "Fix: " in line


def test_encoding_is_exact_and_verbatim_only_where_decoding_agrees(files):
    for channels in (1, 3):
        pixels = files.pixels("e", 21, 17, channels)
        assert (decode_bytes(encode_png(pixels), channels) == pixels).all()
    jpeg = files.photo("e.jpg", quality=80)
    assert (decode_bytes(verbatim(jpeg, 3), 3) == read_image(jpeg, 3)).all()
    assert verbatim(jpeg, 1) is None
    assert verbatim(files.save("e.bmp", files.pixels("e")), 3) is None


def test_listing_shows_broken_links_and_hides_hidden_files(files):
    files.photo("b.png")
    files.photo(".hidden.png")
    files.text("notes.txt", "x")
    (files.root / "a.png").symlink_to(files.root / "gone.png")
    (files.root / "loop.png").symlink_to(files.root / "loop.png")
    assert [file.name for file in list_images(files.root)] == ["a.png", "b.png", "loop.png"]


def test_photographs_of_phones(files):
    pillow_heif = pytest.importorskip("pillow_heif")
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    pixels = np.stack([smooth, 120 - smooth, smooth * 2], axis=-1)
    files.root.mkdir(parents=True)
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(files.root / "a.heic", quality=95)
    assert abs(read_image(files.root / "a.heic", 3).astype(int) - pixels).max() < 12


@pytest.mark.parametrize(
    "name, module, package", [("a.heic", "pillow_heif", "pillow-heif"), ("a.dng", "rawpy", "rawpy")]
)
def test_a_missing_package_is_named(files, monkeypatch, name, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    files.root.mkdir(parents=True)
    (files.root / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(UserError, match=f"{name}.*Fix: pip install {package}"):
        read_image(files.root / name, 3)
