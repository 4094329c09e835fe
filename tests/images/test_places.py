"""Where images lie: world files, projections, Mercator's metres, and the memory of large masks."""

import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import world_file
from semicurv_tf.images.grid import Grid
from semicurv_tf.images.header import read_header
from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.opened import open_pages
from semicurv_tf.predict.plan_files import Outputs, plan_jobs
from semicurv_tf.predict.predict_files import predict_job
from semicurv_tf.vector.vectorize import vectorize_mask
from tests.peak_memory import PROGRAM

EQUATOR_M, ECCENTRICITY_SQUARED = 6378137.0, 0.00669437999014


@pytest.mark.parametrize("latitude", [0.0, 30.0, 60.0, -75.0])
@pytest.mark.parametrize("mercator", ["web", "world"])
def test_a_metre_of_mercator_on_the_ground(latitude, mercator):
    """Against steps of longitude and latitude on the ellipsoid, by differences of the map's own formulas."""
    e = math.sqrt(ECCENTRICITY_SQUARED)

    def northing(degrees):
        phi = math.radians(degrees)
        isometric = math.asinh(math.tan(phi))
        return EQUATOR_M * (isometric - (e * math.atanh(e * math.sin(phi)) if mercator == "world" else 0.0))

    phi, step = math.radians(latitude), 1e-4
    bend = 1 - ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    east = EQUATOR_M / math.sqrt(bend) * math.cos(phi) / EQUATOR_M
    ground = EQUATOR_M * (1 - ECCENTRICITY_SQUARED) / bend**1.5 * math.radians(2 * step)
    north = ground / (northing(latitude + step) - northing(latitude - step))
    grid = Grid("m", (2.0, 0.0, 0.0, 0.0, -2.0, northing(latitude)), "EPSG:3857", mercator=mercator)
    (found,) = grid.step_matrices(np.zeros((1, 2)))
    np.testing.assert_allclose(found, [[2 * east, 0], [0, -2 * north]], rtol=1e-7, atol=1e-12)


def test_which_systems_are_mercator():
    rasterio = pytest.importorskip("rasterio")
    from semicurv_tf.images.georeference import _mercator

    found = {code: _mercator(rasterio.crs.CRS.from_epsg(code)) for code in (3857, 3395, 32633, 4326, 2056)}
    assert found == {3857: "web", 3395: "world", 32633: None, 4326: None, 2056: None}
    esri = rasterio.crs.CRS.from_epsg(3857).to_wkt(version="WKT1_ESRI")
    assert _mercator(rasterio.crs.CRS.from_wkt(esri)) == "web"


WORLD = "0.5\n0\n0\n-0.25\n500000.25\n5799999.875\n"


@pytest.mark.parametrize(
    "name", ["a.tif/a.tfw", "a.tif/a.TFW", "a.png/a.pgw", "a.jpg/a.jgw", "a.png/a.wld", "a.tif/a.tifw"]
)
def test_a_world_file_places_the_mask(tmp_path, name, red_predictor):
    rasterio = pytest.importorskip("rasterio")
    image, world = (tmp_path / part for part in name.split("/"))
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)).save(image)
    assert world_file(image) is None and not read_header(image).georeferenced
    world.write_text(WORLD)
    (tmp_path / "a.prj").write_text(rasterio.crs.CRS.from_epsg(32633).to_wkt(version="WKT1_ESRI"))
    assert world_file(image) == world
    (job,) = plan_jobs(image, tmp_path / "out", Outputs())
    assert predict_job(red_predictor, job).faults == () and job.outputs["mask"].suffix == ".tif"
    with rasterio.open(job.outputs["mask"]) as mask:
        assert tuple(mask.transform)[:6] == (0.5, 0, 500000, 0, -0.25, 5800000)
        assert mask.crs.to_epsg() == 32633
        assert mask.shape == (40, 60)


@pytest.mark.parametrize("text, told", [("", True), ("0.5\n0\nwide\n", True), (WORLD, False)])
def test_a_world_file_that_says_nothing_is_told(tmp_path, text, told):
    pytest.importorskip("rasterio")
    image = tmp_path / "a.png"
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(image)
    image.with_suffix(".pgw").write_text(text)
    for opened in open_pages(image, read_header(image), 3, place=True):
        assert any("its world file gives no transform" in note for note in opened.notes) is told


def test_lengths_by_a_world_file(tmp_path):
    pytest.importorskip("rasterio")
    from rasterio.crs import CRS

    values = np.zeros((40, 60), np.uint8)
    values[18:21, 5:55] = 255
    Image.fromarray(values).save(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text(WORLD)
    (tmp_path / "a.prj").write_text(CRS.from_epsg(32633).to_wkt())
    found = read_mask_file(tmp_path / "a.png")
    assert (found.grid.unit, found.grid.crs) == ("m", "EPSG:32633")
    (segment,) = vectorize_mask(found.mask, grid=found.grid).segments
    assert segment.units.length == pytest.approx(0.5 * segment.pixels.length)
    (tmp_path / "a.prj").write_text("no such thing")
    with pytest.raises(UserError, match=r"a\.prj: expected a coordinate reference system as WKT"):
        read_mask_file(tmp_path / "a.png")


def test_a_mask_that_does_not_fit_is_named_by_its_header(tmp_path):
    from tests.images.test_one_reader import png_of

    (tmp_path / "a.png").write_bytes(png_of(30_000, 30_000))
    with pytest.raises(UserError, match=r"found 30000x30000 pixels, which take .* GB\. Fix: --memory"):
        read_mask_file(tmp_path / "a.png", memory_bytes=1_000_000_000)
    mask = np.zeros((500, 500), bool)
    mask[::7] = True
    with pytest.raises(UserError, match="--memory 0.4.*GB: too little for lines of"):
        vectorize_mask(mask, memory_bytes=405_000_000)
    assert vectorize_mask(mask[:20], memory_bytes=405_000_000).segments


PEAK = (
    PROGRAM
    + """
import sys
from click.testing import CliRunner
from semicurv_tf.cli.vectorize import vectorize
result = CliRunner().invoke(vectorize, ["--input", sys.argv[1], "--output", sys.argv[2], "--memory", sys.argv[3]])
print(result.exit_code, peak())
"""
)


def test_vectorize_stays_below_its_memory(tmp_path):
    pytest.importorskip("rasterio")
    mask = np.zeros((6000, 6000), bool)
    mask[100:103, 50:5000] = True
    Image.fromarray(mask).save(tmp_path / "a.png", compress_level=1)
    found = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / "a.png", tmp_path / "a.geojson", "600MB"],
        capture_output=True,
        text=True,
    )
    code, peak = (int(part) for part in found.stdout.split()[-2:])
    assert code == 0 and (tmp_path / "a.geojson").exists()
    assert peak < 600e6
