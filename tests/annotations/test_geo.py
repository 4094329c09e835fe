"""Lines of a map over GeoTIFFs: GeoJSON in WGS84, GeoPackage in a system of its own."""

import sqlite3
import struct

import numpy as np
import pytest
import shapely

from semicurv_tf.vector.geojson import write_geojson
from semicurv_tf.vector.layers import Feature, Layer
from tests.annotations.conftest import HEIGHT, WIDTH, block

rasterio = pytest.importorskip("rasterio", reason="pip install 'semicurv-tf[geo]'")
EAST, NORTH, METRES = 500_000.0, 5_500_000.0, 0.5  # the upper left corner in UTM 32N, and the side of a pixel


def _geotiff(export, path="a.tif", crs="EPSG:32632"):
    pixels = np.random.default_rng(0).integers(0, 255, (3, HEIGHT, WIDTH), np.uint8)
    transform = rasterio.Affine(METRES, 0, EAST, 0, -METRES, NORTH)
    (export.root / path).parent.mkdir(exist_ok=True)
    with rasterio.open(
        export.root / path, "w", driver="GTiff", width=WIDTH, height=HEIGHT, count=3, dtype="uint8", crs=crs,
        transform=transform,
    ) as raster:  # fmt: skip
        raster.write(pixels)


def _on_map(points):
    """Pixel corners as metres of the raster's system."""
    return [(EAST + x * METRES, NORTH - y * METRES) for x, y in points]


def _degrees(points):
    from rasterio.warp import transform

    xs, ys = transform("EPSG:32632", "EPSG:4326", *zip(*_on_map(points)))
    return [list(pair) for pair in zip(xs, ys)]


def _geojson(*geometries, **more):
    features = [{"type": "Feature", "properties": {"class": "road"}, "geometry": one} for one in geometries]
    return {"type": "FeatureCollection", "features": features} | more


def _geopackage(path, *geometries, organization="EPSG", system=32632):
    """As the standard describes it: the three tables that are needed, and a geometry with its header."""
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,"
            " organization_coordsys_id INTEGER, definition TEXT);"
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT,"
            " srs_id INTEGER, z TINYINT, m TINYINT);"
            'CREATE TABLE "my roads" (fid INTEGER PRIMARY KEY, geom BLOB, label TEXT);'
            "INSERT INTO gpkg_geometry_columns VALUES ('my roads', 'geom', 'GEOMETRY', 1, 0, 0);"
        )
        database.execute(
            "INSERT INTO gpkg_spatial_ref_sys VALUES ('s', 1, ?, ?, ?)",
            (organization, system, rasterio.crs.CRS.from_epsg(32632).to_wkt()),
        )  # fmt: skip
        for number, geometry in enumerate(geometries):
            flags, envelope = (0b0000_0011, struct.pack("<4d", 0, 1, 0, 1)) if number % 2 else (0b0000_0001, b"")
            blob = b"GP\0" + bytes([flags]) + struct.pack("<i", 1) + envelope + shapely.to_wkb(geometry)
            database.execute('INSERT INTO "my roads" (geom, label) VALUES (?, NULL)', (blob,))


def test_lines_and_polygons_with_holes_of_geojson(export):
    _geotiff(export)
    ring = lambda *corners: _degrees([*corners, corners[0]])
    export.text("roads.geojson", _geojson(
        {"type": "LineString", "coordinates": _degrees([(5.0, 4.02), (20.0, 4.02)])},
        {"type": "Polygon", "coordinates": [ring((24.02, 2.02), (36.02, 2.02), (36.02, 14.02), (24.02, 14.02)),
                                            ring((28.02, 6.02), (32.02, 6.02), (32.02, 10.02), (28.02, 10.02))]},
    ))  # fmt: skip
    expected = block(3, 5, 4, 21) | block(2, 14, 24, 36) & ~block(6, 10, 28, 32)
    assert (export.imported("geojson", "--width-px", 2.2) == expected).all()


@pytest.mark.parametrize("organization, system", [("EPSG", 32632), ("NONE", 0)])
def test_geopackage_in_its_own_system(export, organization, system):
    _geotiff(export)
    line = shapely.LineString(_on_map([(5, 4), (20, 4)]))
    area = shapely.MultiPolygon([shapely.Polygon(_on_map([(24, 2), (36, 2), (36, 14), (24, 14)]))])
    _geopackage(export.root / "roads.gpkg", line, area, organization=organization, system=system)
    result = export.run("geojson", "--width-px", 2.2)
    assert result.exit_code == 0 and "label my roads: 2 shapes, foreground" in result.output
    assert (export.mask() == block(3, 5, 4, 21) | block(2, 14, 24, 36)).all()


def test_geopackage_of_pyogrio(export):
    raw = pytest.importorskip("pyogrio.raw", reason="pip install pyogrio: writes GeoPackages by GDAL")
    _geotiff(export)
    lines = shapely.to_wkb(np.array([shapely.LineString(_on_map([(5, 4), (20, 4)]))]))
    raw.write(
        str(export.root / "roads.gpkg"), lines, [np.array(["kerb"], object)], ["class"],
        geometry_type="LineString", crs="EPSG:32632", driver="GPKG", layer="roads",
    )  # fmt: skip
    assert (export.imported("geojson", "--width-px", 2.2, "--labels", "kerb") == block(3, 5, 4, 21)).all()


def test_metres_in_a_geojson_of_degrees_are_refused(export):
    _geotiff(export)
    line = {"type": "LineString", "coordinates": _on_map([(3, 5), (20, 5)])}
    export.text("roads.geojson", _geojson(line))
    result = export.run("geojson", "--empty-is-background")  # which made an empty mask of it
    said = str(result.exception)
    assert "roads.geojson: expected longitudes and latitudes, as EPSG:4326 has them, found" in said
    assert "ogr2ogr -s_srs EPSG:N -t_srs EPSG:4326 roads_wgs84.geojson roads.geojson" in said
    assert not export.output.exists()


def test_an_image_where_a_feature_may_lie_gets_no_empty_mask(export):
    _geotiff(export)
    metres = {"type": "LineString", "coordinates": _on_map([(3, 5), (20, 5)])}
    elsewhere = {"type": "LineString", "coordinates": [[50, 10], [51, 10]]}
    export.text("roads.geojson", _geojson(metres, elsewhere))
    result = export.run("geojson", "--empty-is-background")
    assert result.exit_code == 0, result.output
    assert "1 x geometry beyond the degrees of its reference system" in result.output
    assert "0 labelled images, 1 unlabelled" in result.output


def test_an_image_with_a_world_file_is_placed(export):
    image = export.image("a.png")
    image.with_suffix(".pgw").write_text(f"{METRES}\n0\n0\n{-METRES}\n{EAST + METRES / 2}\n{NORTH - METRES / 2}\n")
    image.with_suffix(".prj").write_text(rasterio.crs.CRS.from_epsg(32632).to_wkt())
    line = {"type": "LineString", "coordinates": _degrees([(0, 5), (40, 5)])}
    export.text("roads.geojson", _geojson(line))
    assert (export.imported("geojson", "--width-px", 2.2) == block(4, 6, 0, 40)).all()


def test_what_is_left_out_is_counted(export):
    _geotiff(export)
    _geotiff(export, "plain.tif", crs=None)
    export.image("photo.png")
    line = lambda *points: {"type": "LineString", "coordinates": _degrees(points)}
    export.text("roads.geojson", _geojson(
        line((0, 5), (40, 5)), line((100, 100), (200, 100)), None,
        {"type": "Point", "coordinates": _degrees([(3, 3)])[0]},
        {"type": "LineString", "coordinates": [[500, 1], [700, 2]]},
    ))  # fmt: skip
    export.text("far.geojson", _geojson({"type": "LineString", "coordinates": [[50, 10], [51, 10]]}))
    export.text("words.json", ["nothing"])
    result = export.run("geojson")
    assert result.exit_code == 0, (result.output, result.exception)
    for line in (
        "1 x GeoTIFF without map coordinates", "1 x image that is no GeoTIFF", "(Point)",
        "1 x feature without a geometry",
        "1 x layer that meets no GeoTIFF", "1 x JSON file that is no GeoJSON", "label road: 1 shape",
    ):  # fmt: skip
        assert line in result.output, (line, result.output)


def test_faults_are_one_line_each(export):
    _geotiff(export)
    export.text("a.geojson", _geojson(crs={"type": "name", "properties": {"name": "no such system"}}))
    export.text("b.gpkg", "SQLite format 3\0 cut short")
    export.text("c.gpkg", "no database")
    lines = export.run("geojson").exception.lines
    assert len(lines) == 3 and all("expected a" in line and "Fix:" in line for line in lines)


def test_a_tile_with_a_point_on_it_is_no_negative(export):
    for name in ("line", "point", "empty"):
        _geotiff(export, f"{name}/{name}.tif")
    for name, shift in (("point", 1000), ("empty", 2000)):
        with rasterio.open(export.root / name / f"{name}.tif", "r+") as raster:
            raster.transform = rasterio.Affine(METRES, 0, EAST + shift, 0, -METRES, NORTH)
    x = 1000 / METRES
    line, point = shapely.LineString(_on_map([(2, 3), (30, 3)])), shapely.Point(_on_map([(x + 5, 5)])[0])
    _geopackage(export.root / "roads.gpkg", line, point)
    result = export.run("geojson", "--empty-is-background")
    assert {file.stem for file in (export.output / "masks").rglob("*.png")} == {"line", "empty"}
    assert "1 x image left unlabelled, as what was drawn on it was not read" in result.output


def test_vector_files_of_other_formats_are_counted(export):
    _geotiff(export)
    for name in ("sub/cracks 1.shp", "sub/other.shp", "sub/cracks 1.dbf", "x.kml"):
        export.text(name, "x")
    result = export.run("geojson")
    shapes, earth = result.exception.lines
    assert "sub/cracks 1.shp: expected GeoJSON or a GeoPackage, found 2 .shp files alone" in shapes
    assert shapes.endswith("Fix: in its folder, ogr2ogr -f GPKG 'cracks 1.gpkg' 'cracks 1.shp'")
    assert earth.endswith("found 1 .kml file alone. Fix: in its folder, ogr2ogr -f GPKG x.gpkg x.kml")
    _geopackage(export.root / "roads.gpkg", shapely.LineString(_on_map([(2, 3), (30, 3)])))
    result = export.run("geojson")
    assert result.exit_code == 0 and export.mask().any()
    assert "2 x vector file of another format (.shp; convert it: ogr2ogr -f GPKG 'cracks 1.gpkg'" in result.output


def test_lines_that_vectorize_wrote_and_nobody_changed_are_named(export):
    for name in ("a.tif", "b.tif"):
        _geotiff(export, name)
    line = shapely.LineString(_degrees([(5, 4), (20, 4)]))
    features = Layer("lines", [Feature(line, {"class": "road"})])
    write_geojson(export.root / "lines.geojson", [features], {"version": 1}, 8)
    result = export.run("geojson")
    assert "note: 2 of 2 masks were written by semicurv-tf and not corrected since (a, b)" in result.output
    # An editor's file that shows more on the same images makes them labels.
    export.output.rename(export.root.parent / "first")
    export.text("more.geojson", _geojson({"type": "LineString", "coordinates": _degrees([(5, 9), (20, 9)])}))
    result = export.run("geojson")
    assert result.exit_code == 0 and "not corrected" not in result.output and "2 labelled" in result.output


def test_a_prediction_that_becomes_no_mask_is_not_named(export):
    _geotiff(export)
    between_centres = shapely.LineString(_degrees([(5, 4), (5.01, 4)]))
    features = Layer("lines", [Feature(between_centres, {"class": "road"})])
    write_geojson(export.root / "lines.geojson", [features], {"version": 1}, 8)
    result = export.run("geojson", "--width-px", 1)
    assert result.exit_code == 0, result.output
    assert "0 labelled images, 1 unlabelled" in result.output and "not corrected" not in result.output
