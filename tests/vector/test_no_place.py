"""Map coordinates that have no place in another reference system: that file fails, in a line, and the others go on."""

import json

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid
from tests.vector.conftest import band
from tests.vector.test_command import call

rasterio = pytest.importorskip("rasterio", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")
pytest.importorskip("pyogrio", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")

from rasterio.control import GroundControlPoint  # noqa: E402
from rasterio.crs import CRS  # noqa: E402
from rasterio.transform import from_origin  # noqa: E402

from semicurv_tf.images.georeference import NoPlace, converted  # noqa: E402

UTM = CRS.from_epsg(32632)
SITE = CRS.from_wkt('LOCAL_CS["site grid",UNIT["metre",1]]')
IN_PLACE, FAR = from_origin(500_000, 5_500_000, 0.5, 0.5), from_origin(5e7, 5.5e7, 0.5, 0.5)


def write(path, crs, transform, **more):
    path.parent.mkdir(exist_ok=True)
    mask = band(20, 5, 120).astype(np.uint8) * 255
    height, width = mask.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=height, width=width, dtype="uint8", crs=crs, transform=transform
    ) as file:
        file.write(mask, 1)
        if more:
            file.gcps = more["gcps"]
    return path


def lines(path, *points):
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": points}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


@pytest.mark.parametrize("crs, transform, found", [(SITE, IN_PLACE, "local CRS (site grid)"), (UTM, FAR, "x 5e+07")])
def test_only_that_file_fails_and_the_remedies_work(tmp_path, crs, transform, found):
    write(tmp_path / "masks" / "good.tif", UTM, IN_PLACE)
    bad = write(tmp_path / "masks" / "bad.tif", crs, transform)
    (line,) = call("--input", tmp_path / "masks", "--output", tmp_path / "out", fails=True)
    assert str(bad) in line and found in line and "gpkg" in line and "--crs pixels" in line
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.geojson"]
    call("--input", bad, "--output", tmp_path / "bad.gpkg")
    call("--input", bad, "--output", tmp_path / "bad.geojson", "--crs", "pixels")


def test_lines_to_compare_with_that_are_no_degrees(tmp_path):
    mask = write(tmp_path / "m.tif", UTM, IN_PLACE)
    given = lines(tmp_path / "given.geojson", [500_000, 5_499_990], [500_060, 5_499_990])
    (line,) = call("--input", mask, "--output", tmp_path / "o.geojson", "--compare", given, fails=True)
    assert f"--compare {given}" in line and "expected degrees" in line and "500060" in line and "ogr2ogr" in line


def test_a_mask_on_a_site_grid_is_compared_with_nothing_on_the_earth(tmp_path):
    mask = write(tmp_path / "m.tif", SITE, IN_PLACE)
    given = lines(tmp_path / "given.geojson", [9, 49.6], [9.001, 49.6])
    (line,) = call("--input", mask, "--output", tmp_path / "o.gpkg", "--compare", given, fails=True)
    assert f"--compare {given}" in line and "site grid" in line and "in the CRS of the mask" in line


@pytest.mark.parametrize("unit, factor, column", [("metre", 1, "m"), ("foot", 0.3048, "foot")])
def test_a_site_grid_measures_in_its_own_unit(tmp_path, unit, factor, column):
    crs = CRS.from_wkt(f'LOCAL_CS["site grid",UNIT["{unit}",{factor}]]')
    mask, table = write(tmp_path / "m.tif", crs, IN_PLACE), tmp_path / "m.csv"
    output = call("--input", mask, "--output", tmp_path / "o.gpkg", "--table", table)
    header, row = (line.split(",") for line in table.read_text().split())
    values = dict(zip(header, row))
    assert float(values[f"length_{column}"]) == pytest.approx(float(values["length_px"]) / 2, rel=1e-4)  # 0.5 per px
    assert not any("unknown" in name for name in header)
    assert "coordinates: site grid" in str(output)


def test_points_of_the_same_local_system_stay():
    points = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(converted(points, SITE, SITE.to_wkt(), "none"), points)
    with pytest.raises(NoPlace, match="Fix: none"):
        converted(points, SITE, "EPSG:4326", "none")


def test_a_latitude_beyond_the_pole_is_no_length(tmp_path):
    mask = write(tmp_path / "m.tif", "EPSG:4326", from_origin(0, 5000, 1, 1))
    (line,) = call("--input", mask, "--output", tmp_path / "o.geojson", fails=True)
    assert str(mask) in line and "-90 to 90" in line and "to 5000" in line


def test_grids_on_the_earth():
    at_the_pole = Grid("m", (0.5, 0, 0, 0, -0.5, 89.75), "EPSG:4326", True)
    at_the_pole.expect_on_earth((360, 720))
    with pytest.raises(UserError, match="found -91 to 90"):
        at_the_pole.expect_on_earth((362, 720))
    with pytest.raises(UserError, match="on one line"):
        Grid("m", (0.5, 0, 0, 0, 0, 5e6), "EPSG:32632").expect_on_earth((10, 10))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_control_points_alone_are_said(tmp_path):
    corners = [(0, 0, 500_000, 5_500_000), (0, 160, 500_080, 5_500_000), (80, 0, 500_000, 5_499_960)]
    points = [GroundControlPoint(*corner) for corner in corners]
    mask = write(tmp_path / "m.tif", None, None, gcps=(points, UTM))
    assert "3 ground control points give no transform" in call("--input", mask, "--output", tmp_path / "o.geojson")
    said = call("--input", mask, "--output", tmp_path / "p.geojson", "--crs", "pixels")
    assert "control point" not in said
