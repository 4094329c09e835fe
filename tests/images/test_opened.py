import numpy as np
import pytest
import tifffile
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.opened import TWO_VALUES, read_with_notes
from semicurv_tf.images.walk import find_images

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_grey_for_a_colour_network(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    read = read_with_notes(tmp_path / "a.png", 3)
    np.testing.assert_array_equal(read.pixels, np.repeat(GREY[..., None], 3, axis=-1))
    assert read.notes == ("grey repeated to 3 channels",)


def test_colour_for_a_grey_network_is_luma(tmp_path):
    Image.new("RGB", (20, 16), (200, 100, 50)).save(tmp_path / "a.bmp")
    read = read_with_notes(tmp_path / "a.bmp", 1)
    assert read.pixels.shape == (16, 20, 1)
    assert np.all(read.pixels == 124)  # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
    assert read.notes == ("colour turned to grey (ITU-R 601 luma)",)


def test_alpha_is_dropped_and_named(tmp_path):
    Image.new("RGBA", (16, 16), (1, 2, 3, 40)).save(tmp_path / "a.webp", lossless=True)
    read = read_with_notes(tmp_path / "a.webp", 3)
    assert read.pixels[0, 0].tolist() == [1, 2, 3] and read.notes == ("alpha channel dropped",)


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_16_bit(tmp_path, name):
    values = GREY.astype(np.uint16) * 257
    if name == "a.tif":
        tifffile.imwrite(tmp_path / name, values)
    else:
        Image.fromarray(values).save(tmp_path / name)
    read = read_with_notes(tmp_path / name, 1)
    np.testing.assert_array_equal(read.pixels[..., 0], GREY)
    assert read.notes == ("16 bit values cut to 8 bit (value // 256)",)


def test_a_photograph_on_its_side_is_turned(tmp_path):
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    read = read_with_notes(tmp_path / "a.jpg", 3)
    assert read.pixels.shape == (40, 20, 3) and read.notes == ("turned upright by its EXIF orientation",)


def test_two_values_alone_are_told(tmp_path):
    """Dithered to 1 bit, or a mask in place of a photograph; a blank image, and one with a third value, are not."""
    dithered = Image.fromarray(np.repeat(GREY, 2, axis=0)).convert("1")
    dithered.save(tmp_path / "dithered.tif")
    blank, mask = np.full((64, 64, 3), (200, 100, 100), np.uint8), np.zeros((64, 64), np.uint8)
    mask[33, 5:9] = 255  # on none of the rows that are looked at first
    third = mask.copy()
    third[35, 0] = 1
    for name, pixels in (("blank", blank), ("mask", mask), ("third", third)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    grey = "grey repeated to 3 channels"
    assert read_with_notes(tmp_path / "dithered.tif", 3).notes == (grey, TWO_VALUES)
    assert read_with_notes(tmp_path / "mask.png", 3).notes == (grey, TWO_VALUES)
    assert read_with_notes(tmp_path / "third.png", 3).notes == (grey,)
    assert read_with_notes(tmp_path / "blank.png", 3).notes == ()


def test_bad_files_are_named(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "good.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:-40])
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.tif").write_bytes(b"")
    for name in ("cut.png", "text.jpg", "empty.tif", "missing.png"):
        with pytest.raises(UserError, match=name):
            read_with_notes(tmp_path / name, 3)


def test_find_images_goes_down_and_leaves_out(tmp_path):
    for name in ("b.png", "sub/a.TIF", "out/b.png", ".hidden/c.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert find_images(tmp_path, leave_out=(tmp_path / "out",)) == [tmp_path / "b.png", tmp_path / "sub" / "a.TIF"]
