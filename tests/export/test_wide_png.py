"""PNG of 16 bit inside the served graph: against this project's reader of files, and `predict` on the same file."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.export.exif_orientation import decode_as_read
from semicurv_tf.export.from_run import export_network
from semicurv_tf.export.graph_guard import require_harmless
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.predict.open_predictor import open_predictor
from semicurv_tf.predict.options import PredictorOptions
from tests.export.conftest import CARD, random_network

COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels: grey, grey with alpha, colour, colour with alpha
RANGE = parse_ranges("uint16=600.0:1110.0")


def wide_png(values, orientation=None):
    """ISO/IEC 15948 by hand: no library at hand writes all colour types of 16 bit."""
    height, width, channels = values.shape
    chunk = lambda kind, content: (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    )
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPE[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    exif = b""
    if orientation:
        exif = chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + bytes(7))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + exif + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def values(channels, low=500, high=1200, shape=(40, 56)):
    return np.random.default_rng(channels).integers(low, high, (*shape, channels)).astype(np.uint16)


def as_served(content, channels, value_range):
    graph = tf.function(
        lambda bytes_: decode_as_read(bytes_, channels, value_range), input_signature=[tf.TensorSpec((), tf.string)]
    )
    return graph(content).numpy()


@pytest.mark.parametrize("value_range", [RANGE, parse_ranges("0:65535"), None])
@pytest.mark.parametrize("wanted", [1, 3])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_as_the_reader_of_files_reads_it(tmp_path, channels, wanted, value_range):
    pytest.importorskip("rasterio", reason="without it, the reader keeps the high byte of 16 bit colour")
    content = wide_png(values(channels))
    (tmp_path / "a.png").write_bytes(content)
    expected = read_image(tmp_path / "a.png", wanted, value_range)
    np.testing.assert_array_equal(as_served(content, wanted, value_range), expected)
    if value_range is RANGE:
        assert expected.min() == 0 and expected.max() == 255  # not the high byte, which is 1 to 4 here


@pytest.mark.parametrize(("low", "high"), [(0, 65536), (7, 8), (0, 4096), (30000, 46000)])
def test_measured_alone_where_the_run_keeps_no_range(tmp_path, low, high):
    # Larger than what is sampled: every fifth value counts, in the order of the upright image.
    content = wide_png(values(1, low, high, (500, 601)), orientation=6)
    (tmp_path / "a.png").write_bytes(content)
    expected = read_image(tmp_path / "a.png", 1)
    assert expected.shape == (601, 500, 1)
    np.testing.assert_array_equal(as_served(content, 1, None), expected)


def test_bands_one_below_the_other():
    stacked = values(1, shape=(5 * 32, 48))
    served = as_served(wide_png(stacked), 5, RANGE)
    expected = RANGE.of(np.dtype(np.uint16)).to_uint8(stacked).reshape(5, 32, 48)
    np.testing.assert_array_equal(served, np.moveaxis(expected, 0, -1))


def test_8_bit_goes_as_before(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    np.testing.assert_array_equal(as_served(buffer.getvalue(), 3, RANGE), pixels)


def test_predict_and_the_served_bytes_agree(tmp_path):
    network = random_network(1)
    card = {**CARD, "channels": 1, "dataset": "folder", "value_range": RANGE.text}
    version = export_network(network, tmp_path / "models" / "semicurv", card).version
    require_harmless(version)
    content = wide_png(values(1, shape=(64, 80)))
    (tmp_path / "a.png").write_bytes(content)
    pixels = read_image(tmp_path / "a.png", 1, RANGE)
    signatures = tf.saved_model.load(str(version)).signatures
    assert (
        signatures["value_range"](image_bytes=tf.constant([b"", b""]))["value_range_bytes"].numpy().tolist()
        == [RANGE.text.encode()] * 2
    )
    answer = signatures["predict_bytes"](image_bytes=tf.constant([content]))
    served = tf.io.decode_png(answer["mask_bytes"][0]).numpy()[..., 0]
    own = Predictor.from_network(network, 1)
    probability = own.probability(pixels)
    undecided = abs(probability - 0.5) < 1e-5
    assert 0.1 < np.mean(served > 0) < 0.9
    np.testing.assert_array_equal((served > 0)[~undecided], (probability > 0.5)[~undecided])
    # The high byte alone, as served before, gives another mask.
    high_byte = own.probability((values(1, shape=(64, 80)) >> 8).astype(np.uint8))
    assert np.mean((high_byte > 0.5) != (served > 0)) > 0.05
    predictor, _ = open_predictor(PredictorOptions(saved_model=str(version)))
    assert predictor.value_range == RANGE
