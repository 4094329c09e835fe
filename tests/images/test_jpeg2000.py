"""JPEG 2000 as GDAL writes it: read as stored, and placed on the map."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.header import read_header
from semicurv_tf.images.jpeg2000 import bits_of, tells_place
from semicurv_tf.images.opened import open_pages
from semicurv_tf.images.reader import measure_files, read_image, read_valid_image

rasterio = pytest.importorskip("rasterio")
pytestmark = pytest.mark.skipif(
    "JP2OpenJPEG" not in rasterio.drivers.raster_driver_extensions().values(), reason="GDAL without OpenJPEG"
)
_WHERE = {"crs": "EPSG:32633", "transform": rasterio.Affine(0.5, 0, 5e5, 0, -0.5, 55e5)}


def write(path: Path, values: np.ndarray, **options) -> Path:
    """A lossless file of values `(bands, height, width)`."""
    bands, height, width = values.shape
    with rasterio.open(
        path, "w", driver="JP2OpenJPEG", count=bands, height=height, width=width, dtype=values.dtype,
        QUALITY=100, REVERSIBLE="YES", **_WHERE, **options,
    ) as file:  # fmt: skip
        file.write(values)
    return path


def ramp(bands: int, dtype=np.uint8, step: int = 1) -> np.ndarray:
    """Values 0, step, 2 step, ... along a row of 32, the next band one step further."""
    columns = np.arange(32, dtype=dtype) * step
    return np.stack([np.broadcast_to(columns + band * step, (24, 32)) for band in range(bands)])


def test_three_bands_are_no_damage(tmp_path):
    values = ramp(3)
    assert (read_image(write(tmp_path / "a.jp2", values), 3) == np.moveaxis(values, 0, -1)).all()


@pytest.mark.parametrize("bits", [12, 15, 16])
def test_values_are_those_that_the_file_holds(tmp_path, bits):
    path = write(tmp_path / "a.jp2", ramp(1, np.uint16, 100), NBITS=bits)
    assert bits_of(path) == read_header(path).bits == bits
    # 0 to 3100: Pillow spreads them over 16 bit, by 16 and by 2
    assert measure_files([path]).of(np.dtype(np.uint16)).high == pytest.approx(3100, abs=100)
    whole = read_valid_image(path, 1).pixels
    for by_windows in open_pages(path, read_header(path), 1, place=True):
        assert (by_windows.source.rows(0, 24)[0] == whole).all()


def test_colour_of_16_bit_keeps_its_low_byte(tmp_path):
    path = write(tmp_path / "a.jp2", ramp(3, np.uint16, 4))  # 0 to 132: the high byte is 0 everywhere
    assert len(np.unique(read_image(path, 3)[..., 0])) == 32


def test_the_file_says_where_it_lies(tmp_path):
    placed, world = write(tmp_path / "a.jp2", ramp(1)), tmp_path / "b.jp2"
    Image.fromarray(ramp(1)[0]).save(world)
    assert tells_place(placed) and not tells_place(world)
    assert read_header(placed).georeferenced and not read_header(world).georeferenced
    (tmp_path / "b.j2w").write_text("0.5\n0\n0\n-0.5\n500000.25\n5499999.75\n")
    for path in (placed, world):
        opened = next(open_pages(path, read_header(path), 1, place=True))
        assert opened.place.transform == _WHERE["transform"]
    opened = next(open_pages(placed, read_header(placed), 1, place=True))
    assert opened.place.crs.to_epsg() == 32633


def test_a_bare_codestream(tmp_path):
    path = tmp_path / "a.j2k"
    pixels = np.moveaxis(ramp(3), 0, -1)
    Image.fromarray(pixels).save(path, irreversible=False)
    assert bits_of(path) == 8 and not tells_place(path)
    assert (read_image(path, 3) == pixels).all()


@pytest.mark.parametrize("values", [ramp(1), ramp(3), ramp(1, np.uint16, 100)])
def test_a_file_that_breaks_off_is_damaged(tmp_path, values):
    path = write(tmp_path / "a.jp2", values)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"a\.jp2: expected a readable image, found damage"):
        read_image(path, 3)


def test_without_gdal_the_pip_command_is_named(tmp_path, monkeypatch):
    colour, wide = write(tmp_path / "a.jp2", ramp(3)), write(tmp_path / "b.jp2", ramp(1, np.uint16, 100))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(UserError, match=r"a\.jp2: Pillow cannot read .* pip install 'semicurv-tf\[geo\]', or save it"):
        read_image(colour, 3)
    assert read_image(wide, 1).shape == (24, 32, 1)
