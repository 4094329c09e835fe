"""Orientation tags inside the served graph: against Pillow and this project's reader of files."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.export.exif_orientation import decode_as_read, orientation_of, turned_upright
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.opener import upright
from semicurv_tf.images.reader import read_image

STORED = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)


def encoded(orientation, format="JPEG", **save):
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(STORED).save(buffer, format, exif=exif, **save)
    return buffer.getvalue()


graph = tf.function(lambda bytes_: decode_as_read(bytes_, 3), input_signature=[tf.TensorSpec((), tf.string)])
tag = tf.function(orientation_of, input_signature=[tf.TensorSpec((), tf.string)])


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_each_orientation_is_read_as_the_reader_of_files_does(tmp_path, format):
    for orientation in range(1, 9):
        content = encoded(orientation, format)
        assert tag(content) == orientation
        (tmp_path / "a").write_bytes(content)
        np.testing.assert_array_equal(graph(content), read_image(tmp_path / "a", 3))
        np.testing.assert_array_equal(
            turned_upright(tf.constant(STORED), tf.constant(orientation)), upright(STORED, orientation)
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_pixels_has_the_values_that_the_reader_of_files_gives(tmp_path, channels):
    """Two decoders of JPEG differ by up to 8 where one takes a faster transform, two greys of colours by up to 16."""
    blocks = Image.fromarray(np.kron(STORED, np.ones((3, 3, 1), np.uint8)))
    adaptive = blocks.convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    kinds = [
        *((blocks.convert(mode), "JPEG", {"quality": 85}) for mode in ("RGB", "L", "CMYK")),
        *((blocks, "JPEG", {"quality": 70, "subsampling": factor}) for factor in (0, 1, 2)),
        (blocks, "JPEG", {"progressive": True}),
        (blocks, "JPEG", {"keep_rgb": True}),
        *((blocks.convert(mode), "PNG", {}) for mode in ("RGB", "RGBA", "L", "LA", "P", "1")),
        (blocks.convert("P"), "PNG", {"transparency": 3}),
        (adaptive, "PNG", {"bits": 2}),
    ]
    decode = tf.function(lambda bytes_: decode_as_read(bytes_, channels), [tf.TensorSpec((), tf.string)])
    for image, format, options in kinds:
        image.save(tmp_path / "a", format, **options)
        np.testing.assert_array_equal(
            decode((tmp_path / "a").read_bytes()), read_image(tmp_path / "a", channels), f"{image.mode} {options}"
        )


def big_endian(value: int) -> bytes:
    """EXIF of one entry, as cameras write it too: most significant byte first."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + value.to_bytes(2, "big") + b"\0\0"
    return b"MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"


def jpeg_with(block: bytes, *before: bytes) -> bytes:
    plain = io.BytesIO()
    Image.fromarray(STORED).save(plain, "JPEG")
    segment = b"\xff\xe1" + (len(block) + 8).to_bytes(2, "big") + b"Exif\0\0" + block
    return b"\xff\xd8" + b"".join(before) + segment + plain.getvalue()[2:]


def test_byte_order_other_segments_and_fill_bytes():
    assert tag(jpeg_with(big_endian(6))) == 6
    comment = b"\xff\xfe\x00\x07hello"
    assert tag(jpeg_with(big_endian(8), comment, b"\xff\xff")) == 8


@pytest.mark.parametrize(
    "block",
    [
        b"", b"II", big_endian(6)[:12], big_endian(0), big_endian(9), b"MM\0*\xff\xff\xff\xff" + bytes(40),
        b"II*\0\x08\0\0\0\xff\xff" + bytes(30), b"XX" * 40,
    ],
)  # fmt: skip
def test_damaged_tags_leave_the_image_as_it_is_stored(block):
    content = jpeg_with(block)
    assert tag(content) == 1
    assert graph(content).shape == (24, 40, 3)


def test_short_and_strange_bytes_have_no_tag():
    for content in (
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1",
        b"\x89PNG",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff",
        b"text" * 9,
    ):
        assert tag(content) == 1


def test_other_numbers_of_bands_lie_one_below_the_other():
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 5), np.uint8)
    np.testing.assert_array_equal(decode_as_read(tf.constant(encode_png(pixels)), 5), pixels)


def test_an_export_for_one_size_takes_photographs_that_are_upright_of_that_size(exported_grey, tmp_path):
    """Height 32, width 48: of a photograph as it is seen, whatever way round the camera stored it."""
    signatures = tf.saved_model.load(str(exported_grey)).signatures
    generator = np.random.default_rng(1)
    contents, expected = [], []
    for orientation in range(1, 9):
        sides = (48, 32) if orientation >= 5 else (32, 48)
        exif = Image.Exif()
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        stored = generator.integers(0, 256, sides, np.uint8)
        Image.fromarray(stored).save(buffer, "PNG", exif=exif)
        contents.append(buffer.getvalue())
        image = tf.constant(np.ascontiguousarray(upright(stored, orientation))[None, ..., None])
        expected.append(signatures["serving_default"](image=image)["mask"][0].numpy())
    lying = io.BytesIO()  # stored as 32 x 48, seen as 48 x 32
    Image.fromarray(generator.integers(0, 256, (32, 48), np.uint8)).save(lying, "PNG", exif=exif)
    answer = signatures["predict_bytes"](image_bytes=tf.constant([*contents, lying.getvalue()]))
    for mask, wanted in zip(answer["mask_bytes"], expected):
        assert np.mean(tf.io.decode_png(mask).numpy() != wanted) < 0.01  # one at the threshold may round otherwise
    assert answer["mask_bytes"][8] == b"" and answer["foreground_fraction"][8] == -2
