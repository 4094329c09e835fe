"""Image files are opened in one package, by allowed formats, below a pixel limit, without touching Pillow's own."""

import ast
import itertools
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import semicurv_tf
from semicurv_tf.errors import UserError
from semicurv_tf.images.header import read_header
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.masks import read_mask
from semicurv_tf.images.opener import LARGEST_WHOLE_PIXELS, open_picture, upright
from semicurv_tf.images.reader import measure_files, read_image, read_pages
from semicurv_tf.images.walk import find_images
from tests.peak_memory import PROGRAM

PACKAGE = Path(semicurv_tf.__file__).parent
READERS = {
    "Image.open",
    "tifffile.imread",
    "tifffile.TiffFile",
    "rasterio.open",
    "imageio.imread",
    "plt.imread",
    "TiffFile",
}


def _calls(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {ast.unparse(call) for call in calls} & READERS


def test_nothing_else_opens_images():
    found = {str(path.relative_to(PACKAGE)): _calls(path) for path in PACKAGE.rglob("*.py") if _calls(path)}
    assert set(found) == {"images/opener.py", "images/rasters.py", "images/results.py"}
    assert found["images/opener.py"] == {"tifffile.TiffFile"}
    texts = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert "MAX_IMAGE_PIXELS" not in texts


def test_the_package_stands_at_the_bottom():
    """It imports nothing of the project but itself and single files that everything stands on."""
    below = ("errors", "wording", "json_files", "whole_files")
    for path in (PACKAGE / "images").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("semicurv_tf"):
                assert node.module.split(".")[1] in (*below, "images"), f"{path}: {node.module}"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_postscript_under_another_name_is_damage_and_starts_nothing(tmp_path, name):
    (tmp_path / name).write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\n{} loop\n")
    for read in (lambda path: read_image(path, 3), read_mask, read_mask_file):
        with pytest.raises(UserError, match="found damage"):
            read(tmp_path / name)


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes], data: bytes = b"") -> bytes:
    """A PNG whose header says so, whatever its pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = b"".join(chunk(*one) for one in ((b"IDAT", data), *chunks, (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + head + body


def test_too_many_pixels_are_refused_by_the_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(60_000, 60_000, data=zlib.compress(bytes(1000))))
    with pytest.raises(UserError, match="its header says 60000x60000"):
        read_image(path, 1)
    assert read_header(path).pixels == 60_000**2


PEAK = (
    PROGRAM
    + """
import sys
from pathlib import Path
from semicurv_tf.images.header import read_header
before = peak()
assert read_header(Path(sys.argv[1])).large
print((peak() - before) // 1024)
"""
)


def test_a_header_takes_no_memory_of_pixels(tmp_path):
    """A grey PNG of 12,000 px square is 144 MB decoded; its header, with EXIF behind the pixels, is a few KB."""
    side = 12_000
    rows = zlib.compress(bytes(side * (side + 1)), 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "large.png"
    path.write_bytes(png_of(side, side, (b"eXIf", exif.tobytes()[6:]), data=rows))
    found = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 20_000  # KiB
    assert read_header(path).turned


def test_reading_in_threads_agrees_and_leaves_pillow_alone(tmp_path):
    """The limit of Pillow is a global of the process: 300 good images, read while other threads read headers."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "good.png")
    (tmp_path / "bomb.png").write_bytes(png_of(60_000, 60_000, data=zlib.compress(bytes(1000))))
    limit, wrong = Image.MAX_IMAGE_PIXELS, []

    def read():
        for _ in range(75):
            read_header(tmp_path / "bomb.png")
            if not np.array_equal(read_image(tmp_path / "good.png", 3), pixels):
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong and limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_orientations_are_those_of_pillow(tmp_path, orientation, suffix):
    stored = np.arange(24 * 40).reshape(24, 40) // 4
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored.astype(np.uint8)).save(tmp_path / f"a.{suffix}", exif=exif)
    turns = [
        None,
        "FLIP_LEFT_RIGHT",
        "ROTATE_180",
        "FLIP_TOP_BOTTOM",
        "TRANSPOSE",
        "ROTATE_270",
        "TRANSVERSE",
        "ROTATE_90",
    ]
    with Image.open(tmp_path / f"a.{suffix}") as image:
        plain = Image.fromarray(np.asarray(image)) if suffix == "jpg" else Image.fromarray(stored.astype(np.uint8))
    turn = turns[orientation - 1]
    expected = np.asarray(plain.transpose(Image.Transpose[turn]) if turn else plain)
    np.testing.assert_array_equal(read_image(tmp_path / f"a.{suffix}", 1)[..., 0], expected)
    np.testing.assert_array_equal(
        upright(upright(stored, orientation), {6: 8, 8: 6}.get(orientation, orientation)), stored
    )
    assert read_header(tmp_path / f"a.{suffix}").turned == (orientation != 1)


def test_a_loop_of_links_lists_an_image_once(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    Image.new("L", (20, 20)).save(tmp_path / "in" / "deep" / "a.png")
    (tmp_path / "in" / "deep" / "again").symlink_to(tmp_path / "in")
    assert find_images(tmp_path / "in") == [tmp_path / "in" / "deep" / "a.png"]


@pytest.mark.parametrize(
    ("kind", "compression"),
    [
        *itertools.product(("minisblack", "miniswhite", "rgb", "alpha", "turned"), (None, "zlib")),
        ("minisblack", "packbits"),
        ("rgb", "packbits"),
    ],
)
def test_a_page_of_a_stack_has_the_values_of_a_file_of_its_own(tmp_path, kind, compression):
    """Whichever library decodes it."""
    sides = (2, 20, 30, {"rgb": 3, "alpha": 4}.get(kind, 1))
    pages = np.random.default_rng(2).integers(0, 256, sides, np.uint8)
    options = {"photometric": {"alpha": "rgb", "turned": "minisblack"}.get(kind, kind), "metadata": None}
    if kind == "alpha":
        options |= {"extrasamples": ["ASSOCALPHA"]}
    if kind == "turned":
        options |= {"extratags": [(274, "H", 1, 6, True)]}
    if compression == "packbits":  # which tifffile reads, but does not write, without a further package
        images = [Image.fromarray(page.squeeze()) for page in pages]
        images[0].save(tmp_path / "stack.tif", compression="packbits", save_all=True, append_images=images[1:])
        images[1].save(tmp_path / "one.tif", compression="packbits")
    else:
        with tifffile.TiffWriter(tmp_path / "stack.tif") as stack:
            for page in pages:
                stack.write(page.squeeze(), compression=compression, contiguous=False, **options)
        tifffile.imwrite(tmp_path / "one.tif", pages[1].squeeze(), compression=compression, **options)
    for channels in (1, 3):
        _, second = read_pages(tmp_path / "stack.tif", channels)
        np.testing.assert_array_equal(second.pixels, read_image(tmp_path / "one.tif", channels))


def test_pages_of_a_stack_one_after_the_other(tmp_path):
    pages = np.random.default_rng(1).integers(0, 256, (5, 20, 30), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    read = list(read_pages(tmp_path / "a.tif", 1))
    np.testing.assert_array_equal(np.stack([page.pixels for page in read])[..., 0], pages)
    wide = pages.astype(np.uint16)[..., None] * [257, 0, 257]
    tifffile.imwrite(tmp_path / "b.tif", wide.astype(np.uint16), photometric="rgb")
    read = [page.pixels for page in read_pages(tmp_path / "b.tif", 3)]
    np.testing.assert_array_equal(np.stack(read)[..., 2], pages)


def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    for read in (lambda path: read_image(path, 3), read_mask, read_mask_file):
        with pytest.raises(UserError, match="pipe"):
            read(tmp_path / "a.png")
    # What looks at headers alone passes over it without waiting.
    assert read_header(tmp_path / "a.png").pixels == 0 and measure_files([tmp_path / "a.png"]) is None


def test_bytes_are_bounded_too():
    assert LARGEST_WHOLE_PIXELS < 10**8
    with pytest.raises(UserError, match="at most|million pixels"), open_picture(png_of(20_000, 20_000)):
        pass
