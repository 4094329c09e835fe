"""TIFFs that unpack to more than they say: refused before memory is taken, by each reader."""

import lzma
import struct
import zlib

import numpy as np
import pytest
import tifffile

from semicurv_tf.errors import UserError
from semicurv_tf.images import tiff_parts
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.reader import read_image, read_pages

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262  # tags of TIFF 6.0
OFFSETS, SAMPLES, ROWS, COUNTS, FORMAT = 273, 277, 278, 279, 339
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325


def write(path, tags: dict[int, int], data: bytes = b""):
    """One directory of tags, after the data at byte 8."""
    data += bytes(len(data) % 2)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    path.write_bytes(head + data + struct.pack("<H", len(tags)) + entries + bytes(4))
    return path


def plain(bits, sample_format, side=16, samples=1, compression=1):
    return {WIDTH: side, HEIGHT: side, BITS: bits, COMPRESSION: compression, PHOTOMETRIC: 1, SAMPLES: samples,
            FORMAT: sample_format}  # fmt: skip


@pytest.mark.parametrize(("compression", "pack"), [(8, zlib.compress), (32946, zlib.compress), (34925, lzma.compress)])
@pytest.mark.parametrize(("bits", "sample_format"), [(16, 1), (32, 3)])
def test_a_strip_that_swells(tmp_path, monkeypatch, compression, pack, bits, sample_format):
    monkeypatch.setattr(tiff_parts, "_HARMLESS_BYTES", 100)
    packed = pack(bytes(2_000_000))
    tags = plain(bits, sample_format, compression=compression) | {OFFSETS: 8, ROWS: 16, COUNTS: len(packed)}
    path = write(tmp_path / "a.tif", tags, packed)
    for read in (lambda: read_image(path, 3), lambda: list(read_pages(path, 1))):
        with pytest.raises(UserError, match="at most, found one that unpacks to more.*part 0"):
            read()
    packed = pack(bytes(16 * 16 * bits // 8))  # of the right length, the same tags are read
    write(path, tags | {COUNTS: len(packed)}, packed)
    if compression != 34925:  # which Pillow's library need not know
        assert read_image(path, 3).shape == (16, 16, 3)


@pytest.mark.parametrize(("bits", "sample_format"), [(8, 1), (16, 1), (32, 3)])
def test_a_tile_far_larger_than_the_image(tmp_path, bits, sample_format):
    tags = plain(bits, sample_format) | {TILE_WIDTH: 40_000, TILE_HEIGHT: 40_000, TILE_OFFSETS: 8, TILE_COUNTS: 1024}
    path = write(tmp_path / "a.tif", tags, bytes(1024))
    for read in (lambda: read_image(path, 3), lambda: list(read_pages(path, 1)), lambda: read_mask_file(path)):
        with pytest.raises(UserError, match="expected tiles no larger than the image of 16x16, found 40000x40000"):
            read()


def test_bands_without_bytes(tmp_path):
    """A part of no bytes stands for zeros: 81 million pixels of 200 bands, in a file of 200 bytes."""
    tags = plain(8, 1, side=9000, samples=200) | {OFFSETS: 0, ROWS: 9000, COUNTS: 0}
    with pytest.raises(UserError, match="expected at most 1073 MB of values, found 9000x9000 pixels of 200 bytes"):
        read_image(write(tmp_path / "a.tif", tags), 3)


@pytest.mark.parametrize(
    "options", [{"tile": (64, 32)}, {"rowsperstrip": 7}, {"rowsperstrip": 200}, {"predictor": True}]
)
@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_sound_files_are_read_as_before(tmp_path, monkeypatch, options, kind):
    monkeypatch.setattr(tiff_parts, "_HARMLESS_BYTES", 0)
    values = np.random.default_rng(0).integers(0, 65536, (150, 130, 3)).astype(kind)
    if options == {"predictor": True} and kind == np.float32:
        options = {}  # which needs a further package
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", compression="zlib", **options)
    tifffile.imwrite(tmp_path / "b.tif", values, photometric="rgb")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3), read_image(tmp_path / "b.tif", 3))
