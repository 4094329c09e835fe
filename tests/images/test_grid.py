import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import raster_grid
from semicurv_tf.vector import Grid, vectorize_mask
from semicurv_tf.vector.segments import measure
from tests.vector.conftest import band


def length_and_width(grid, line, width_px=2.0):
    line = np.asarray(line, float)
    step = line[-1] - line[0]
    tangent = (step / np.hypot(*step))[None]
    found = measure(line, np.array([width_px]), line[:1], tangent, grid)
    return found.length, found.mean_width, found.orientation_deg


def test_transform_of_pixel_centres():
    grid = Grid("m", (0.5, 0.0, 1000.0, 0.0, -0.5, 2000.0), "EPSG:32633")
    np.testing.assert_allclose(grid.to_map(np.array([[0.0, 0.0], [4.0, 2.0]])), [[1000, 2000], [1002, 1999]])
    assert grid.pixel_area((10, 20)) == pytest.approx(0.25)
    assert length_and_width(grid, [[0, 0], [30, 0]]) == pytest.approx((15.0, 1.0, 0.0))
    assert length_and_width(grid, [[0, 0], [30, -30]]) == pytest.approx((15 * 2**0.5, 1.0, 45.0))


def test_pixels_that_are_not_square():
    """Pixels of 1 m x 3 m: a line along x is three times as wide as its rows, one along y is three times as long."""
    grid = Grid("m", (1.0, 0.0, 0.0, 0.0, -3.0, 0.0), "EPSG:32633")
    assert length_and_width(grid, [[0, 0], [10, 0]]) == pytest.approx((10.0, 6.0, 0.0))
    assert length_and_width(grid, [[0, 0], [0, 10]]) == pytest.approx((30.0, 2.0, 90.0))


def test_turned_raster_turns_orientations():
    angle = np.radians(30)
    grid = Grid(
        "m", (2 * np.cos(angle), 2 * np.sin(angle), 0.0, 2 * np.sin(angle), -2 * np.cos(angle), 0.0), "EPSG:32633"
    )
    assert length_and_width(grid, [[0, 0], [10, 0]]) == pytest.approx((20.0, 4.0, 30.0))


@pytest.mark.parametrize("latitude", [0.0, 45.0, 60.0])
def test_degrees_are_measured_in_metres(latitude):
    """Against the length of a degree as tables of WGS 84 give it (series of the American Practical Navigator)."""
    phi = np.radians(latitude)
    north_m = 111132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    east_m = 111412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi) + 0.118 * np.cos(5 * phi)
    grid = Grid("m", (1e-4, 0.0, 10.0, 0.0, -1e-4, latitude), "EPSG:4326", geographic=True)
    length, width, _ = length_and_width(grid, [[0, 0], [10, 0]])
    assert length == pytest.approx(1e-3 * east_m, rel=1e-4) and width == pytest.approx(2e-4 * north_m, rel=1e-4)
    length, width, _ = length_and_width(grid, [[0, 0], [0, 10]])
    assert length == pytest.approx(1e-3 * north_m, rel=1e-4) and width == pytest.approx(2e-4 * east_m, rel=1e-4)


def test_summary_in_map_units():
    grid = Grid("m", (0.5, 0.0, 1000.0, 0.0, -0.5, 2000.0), "EPSG:32633")
    summary = vectorize_mask(band(0, 4), grid=grid).summary()
    assert summary["total_length_m"] == pytest.approx(summary["total_length_px"] / 2)
    assert summary["density_per_m"] == pytest.approx(summary["total_length_m"] / (0.25 * 160 * 160))
    assert summary["mean_width_m"] == pytest.approx(summary["mean_width_px"] / 2)


def test_grads_are_nine_tenths_of_a_degree():
    """At 50 grads, 45 degrees north, a degree is 78,846.8 m east and 111,131.8 m north, by the ellipsoid's formulas."""
    grid = Grid("m", (1e-5, 0.0, 8.0, 0.0, -1e-5, 50.0), "EPSG:4807", geographic=True, degrees=0.9)
    east, north = np.abs(np.diag(grid.step_matrices(np.zeros((1, 2)))[0]))
    np.testing.assert_allclose([east, north], [9e-6 * 78846.8, 9e-6 * 111131.8], rtol=1e-6)
    grid.expect_on_earth((10, 10))
    beyond = Grid("m", (1e-5, 0.0, 8.0, 0.0, -1e-5, 101.0), "EPSG:4807", geographic=True, degrees=0.9)
    with pytest.raises(UserError, match="latitudes"):
        beyond.expect_on_earth((10, 10))


def test_the_unit_of_a_geographic_system_is_read():
    rasterio = pytest.importorskip("rasterio")
    for code, degrees in ((4807, 0.9), (4326, 1.0)):
        where = {"crs": rasterio.crs.CRS.from_epsg(code), "transform": rasterio.Affine(1e-5, 0, 8, 0, -1e-5, 50)}
        with (
            rasterio.MemoryFile() as memory,
            memory.open(driver="GTiff", width=16, height=16, count=1, dtype="uint8", **where) as file,
        ):
            assert raster_grid(file).degrees == degrees
