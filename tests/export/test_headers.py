"""What strangers send to the served graph: sizes by header, formats refused, and the memory that it costs."""

import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.export.headers import pixels_by_header
from tests.peak_memory import PROGRAM


def encode(format, size, mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, format, **options)
    return buffer.getvalue()


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, *before_pixels):
    """A grey PNG of zeros, packed row by row: it may be far larger than memory."""
    packer, packed = zlib.compressobj(1), b""
    for _ in range(height):
        packed += packer.compress(bytes(width + 1))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", packed + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before_pixels) + pixels + chunk(b"IEND", b"")


ANIMATION = chunk(b"acTL", struct.pack(">II", 3, 0))


@pytest.mark.parametrize(
    ("encoded", "sides", "code"),
    [
        (encode("PNG", (30, 20)), [20, 30], 0),
        (encode("JPEG", (30, 20)), [20, 30], 0),
        (encode("JPEG", (31, 20), "L", progressive=True), [20, 31], 0),
        (png(70_000, 2), [2, 70_000], 0),
        (png(2, 2, ANIMATION), [0, 0], -4),
        (png(2, 2, chunk(b"gAMA", b"\0\0\0\1"), ANIMATION), [0, 0], -4),
        (encode("PNG", (30, 20))[:23], [0, 0], -1),
        (png(2, 2).replace(b"IHDR", b"IHDX"), [0, 0], -1),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31, 2, 8, 0, 0, 0, 0)), [0, 0], -1),
        (encode("JPEG", (30, 20))[:12], [0, 0], -1),
        (encode("GIF", (30, 20), "L"), [0, 0], -4),
        (encode("BMP", (30, 20)), [0, 0], -4),
        (b"%!PS", [0, 0], -4),
        (b"", [0, 0], -4),
    ],
    ids=range(14),
)
def test_sizes_and_codes(encoded, sides, code):
    found, why = tf.function(pixels_by_header)(tf.constant(encoded))
    assert found.numpy().tolist() == sides and why.numpy() == code


def test_the_pixels_of_a_request_are_limited(exported):
    # Served are 100,000 pixels per image, and 3 x 100,000 per request; one that is too large by itself does not count.
    signatures = tf.saved_model.load(str(exported)).signatures
    sizes = [(300, 300), (400, 300), (300, 300), (300, 300), (300, 300), (100, 100)]
    encoded = tf.constant([encode("PNG", size) for size in sizes])
    fractions = signatures["predict_bytes"](image_bytes=encoded)["foreground_fraction"].numpy()
    assert [float(fraction) if fraction < 0 else 0 for fraction in fractions] == [0, -2, 0, 0, -3, -3]
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 300000 pixels in all"):
        signatures["serving_default"](image=tf.zeros((31, 100, 100, 3), tf.uint8))


PROBE = (
    PROGRAM
    + """
import json, sys
import tensorflow as tf
graph = tf.Graph()
with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
    signature = tf.compat.v1.saved_model.load(session, ["serve"], sys.argv[1]).signature_def["predict_bytes"]
    ask = lambda images: session.run(signature.outputs["foreground_fraction"].name,
                                     {signature.inputs["image_bytes"].name: images}).tolist()
    images = [open(file, "rb").read() for file in sys.argv[2:]]
    ask(images[:1])
    before = peak()
    codes = ask(images)
    print(json.dumps([codes, (peak() - before) / 2**20]))
"""
)


def test_memory_does_not_grow_by_what_is_refused(exported, tmp_path):
    frames = [Image.new("L", (600, 600), value) for value in range(40)]
    frames[0].save(tmp_path / "c.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "b.png").write_bytes(png(16_000, 16_000))  # 256 MB once decoded, three times that as RGB
    (tmp_path / "a.png").write_bytes(encode("PNG", (64, 64)))
    files = [str(tmp_path / name) for name in ("a.png", "b.png", "c.gif")]
    done = subprocess.run([sys.executable, "-c", PROBE, str(exported), *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes, grown_mb = json.loads(done.stdout)
    assert codes[0] >= 0 and codes[1:] == [-2, -4]
    assert grown_mb < 50


def test_sixteen_bit_pngs_still_keep_their_high_byte(exported):
    signature = tf.saved_model.load(str(exported)).signatures["predict_bytes"]
    low = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(low.astype(np.uint16) * 257).save(buffer, "PNG")
    plain = io.BytesIO()
    Image.fromarray(low).save(plain, "PNG")
    masks = signature(image_bytes=tf.constant([buffer.getvalue(), plain.getvalue()]))["mask_bytes"].numpy()
    assert masks[0] == masks[1]
