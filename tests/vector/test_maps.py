"""Layers opened by what GIS programs stand on: GDAL (pyogrio, rasterio) and PROJ (pyproj)."""

import json
import sqlite3
import xml.etree.ElementTree as ElementTree

import networkx as nx
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from semicurv_tf.cli.vectorize import vectorize
from tests.vector.conftest import band, ring
from tests.vector.test_command import call, read_csv, save

pytest.importorskip("rasterio", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")
raw = pytest.importorskip("pyogrio.raw", reason="needs the extra gis: pip install 'semicurv-tf[gis]'")
pyproj = pytest.importorskip("pyproj", reason="pip install pyproj: checks axes and units")

from tests.images.test_mask_files import write_geotiff  # noqa: E402


def layer(path, name):
    """Geometries, columns and the reference system of a layer."""
    about, _, geometry, columns = raw.read(path, layer=name)
    return shapely.from_wkb(geometry), dict(zip(about["fields"], columns)), about["crs"]


@pytest.fixture
def roads(tmp_path):
    """A cross, a ring and a speck, as a GeoTIFF: half a metre a pixel, north of 46 degrees."""
    mask = band(20, 5, 120) | band(110, 5, 120) | ring(12, 4, centre=(20, 140))
    mask[4, 4] = True
    return write_geotiff(tmp_path / "roads.tif", mask.astype(np.uint8) * 255), mask


def test_a_geopackage_lies_in_the_rasters_own_system_in_layers_named_by_task(tmp_path, roads):
    raster, mask = roads
    said = call("--input", raster, "--output", tmp_path / "r.gpkg", "--kind", "road")
    assert "1 dot under 10 px left out" in said and said.rstrip().endswith("coordinates: EPSG:32633")
    import pyogrio

    names = pyogrio.list_layers(tmp_path / "r.gpkg")[:, 0].tolist()
    assert names == ["road_lines", "road_junctions", "road_areas", "layer_styles"]
    lines, columns, crs = layer(tmp_path / "r.gpkg", "road_lines")
    assert crs == "EPSG:32633" and len(lines) == 5 and not {"crack", "cracks"} & set(columns)
    assert sorted(columns["road"].tolist()) == [1, 1, 1, 1, 2]
    np.testing.assert_allclose(shapely.length(lines), columns["length_m"], rtol=0.02)
    assert columns["length_m"].sum() == pytest.approx(0.5 * columns["length_px"].sum(), rel=1e-5)
    assert not any("crack" in str(value) for values in columns.values() for value in values)
    junctions, columns, _ = layer(tmp_path / "r.gpkg", "road_junctions")
    # Column and row 80 of half a metre, corners at (400000, 5200000): the middle of the cross.
    np.testing.assert_allclose(shapely.get_coordinates(junctions), [[400040.25, 5199959.75]], atol=0.5)
    assert columns["degree"].tolist() == [4] and columns["type"].tolist() == ["junction"]
    areas, columns, _ = layer(tmp_path / "r.gpkg", "road_areas")
    assert shapely.is_valid(areas).all() and columns["area_px2"].sum() == mask.sum() - 1  # without the speck
    np.testing.assert_allclose(shapely.area(areas), columns["area_m2"], rtol=1e-5)
    (whole,) = areas[columns["road"] == 2]
    assert [len(part.interiors) for part in whole.geoms] == [1]  # the ring's hole


def test_outlines_burnt_into_the_raster_again_are_the_mask(tmp_path, roads):
    import rasterio.features

    raster, mask = roads
    call("--input", raster, "--output", tmp_path / "r.gpkg", "--min-length-px", "0")
    areas, _, _ = layer(tmp_path / "r.gpkg", "crack_areas")
    with rasterio.open(raster) as dataset:
        burnt = rasterio.features.rasterize(list(areas), dataset.shape, transform=dataset.transform)
    np.testing.assert_array_equal(burnt > 0, mask)
    assert "crack_dots" in [name for name, _ in __import__("pyogrio").list_layers(tmp_path / "r.gpkg")]


def test_geojson_is_wgs84_with_longitude_first_without_a_crs_member(tmp_path, roads):
    raster, _ = roads
    arguments = ["--input", raster, "--kind", "road", "--layer", "lines", "--layer", "areas"]
    said = call(*arguments, "--output", tmp_path / "r.geojson")
    assert said.rstrip().endswith("coordinates: WGS 84, longitude first")
    call(*arguments, "--output", tmp_path / "r.gpkg")
    content = json.loads((tmp_path / "r.geojson").read_text())
    assert set(content) == {"type", "semicurv_tf", "features"}
    to_wgs84 = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    for name in ("lines", "areas"):
        own, _, _ = layer(tmp_path / "r.gpkg", f"road_{name}")
        features = [one for one in content["features"] if one["properties"]["layer"] == name]
        found = [shapely.geometry.shape(one["geometry"]) for one in features]
        assert len(found) == len(own)
        for here, there in zip(found, own):
            expected = np.stack(to_wgs84.transform(*shapely.get_coordinates(there).T), axis=1)
            np.testing.assert_allclose(shapely.get_coordinates(here), expected, atol=2e-8)  # 2 mm
            assert 13 < here.centroid.x < 14 and 46 < here.centroid.y < 47  # Carinthia, not Yemen
        for shape in found if name == "areas" else ():
            for part in shape.geoms:  # the right-hand rule
                assert part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors)
    # The lengths are the ground's: those of the ellipsoid by PROJ, whatever the coordinates are.
    ellipsoid = pyproj.Geod(ellps="WGS84")
    for feature in content["features"]:
        if feature["properties"]["layer"] == "lines":
            length = ellipsoid.geometry_length(shapely.geometry.shape(feature["geometry"]))
            assert feature["properties"]["length_m"] == pytest.approx(length, rel=0.02)


@pytest.mark.parametrize("crs", ["EPSG:3035", "EPSG:2180", "EPSG:4326"])
def test_axes_of_systems_that_name_north_first(tmp_path, roads, crs):
    raster, _ = roads
    call("--input", raster, "--output", tmp_path / "own.gpkg")
    call("--input", raster, "--output", tmp_path / "r.gpkg", "--crs", crs)
    own, _, _ = layer(tmp_path / "own.gpkg", "crack_lines")
    there, _, found = layer(tmp_path / "r.gpkg", "crack_lines")
    assert found == crs
    transform = pyproj.Transformer.from_crs("EPSG:32633", crs, always_xy=True)
    expected = np.stack(transform.transform(*shapely.get_coordinates(own).T), axis=1)
    np.testing.assert_allclose(shapely.get_coordinates(there), expected, rtol=0, atol=1e-3)


def test_the_styles_are_those_that_qgis_reads(tmp_path, roads):
    call("--input", roads[0], "--output", tmp_path / "r.gpkg", "--kind", "vessel")
    database = sqlite3.connect(tmp_path / "r.gpkg")
    rows = database.execute("SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles")
    drawn = {}
    for table, column, default, qml in rows:
        assert column == "geom" and default == 1
        root = ElementTree.fromstring(qml)
        assert root.tag == "qgis"
        drawn[table] = root.find("renderer-v2/symbols/symbol").get("type")
    database.close()
    assert drawn == {"vessel_lines": "line", "vessel_junctions": "marker", "vessel_areas": "fill"}


def test_without_map_coordinates_pixels_are_written_and_said(tmp_path):
    mask = save(tmp_path / "m.png", band(0, 4, 100))
    for name in ("m.geojson", "m.gpkg"):
        said = call("--input", mask, "--output", tmp_path / name)
        assert said.rstrip().endswith("coordinates: pixels, x right, y down")
    lines, _, crs = layer(tmp_path / "m.gpkg", "crack_lines")
    assert not crs or "undefined" in crs.lower()
    content = json.loads((tmp_path / "m.geojson").read_text())
    assert content["semicurv_tf"]["coordinates"].startswith("pixels")
    np.testing.assert_allclose(
        shapely.get_coordinates(lines), content["features"][0]["geometry"]["coordinates"], atol=0.01
    )


def test_an_empty_mask_has_empty_layers(tmp_path):
    raster = write_geotiff(tmp_path / "e.tif", np.zeros((40, 40), np.uint8))
    call("--input", raster, "--output", tmp_path / "e.gpkg")
    for name in ("lines", "junctions", "areas"):
        geometries, _, crs = layer(tmp_path / "e.gpkg", f"crack_{name}")
        assert len(geometries) == 0 and crs == "EPSG:32633"


def test_a_network_as_layers_and_graphml_is_one_graph(tmp_path, roads):
    raster, mask = roads
    torn = mask & ~band(110, 8, 20, centre=(115, 93))
    write_geotiff(raster, torn.astype(np.uint8))
    said = call(
        "--input", raster, "--output", tmp_path / "n.gpkg", "--graphml", tmp_path / "n.graphml", "--network",
        "--kind", "road", "--table", tmp_path / "t.csv",
    )  # fmt: skip
    assert "1 bridge;" in said
    edges, columns, _ = layer(tmp_path / "n.gpkg", "road_edges")
    nodes, points, _ = layer(tmp_path / "n.gpkg", "road_nodes")
    place = dict(zip(points["node"].tolist(), nodes))
    for line, start, end in zip(edges, columns["from_node"].tolist(), columns["to_node"].tolist()):
        assert place[start].coords[0] == line.coords[0] and place[end].coords[0] == line.coords[-1]
    graph = nx.read_graphml(tmp_path / "n.graphml", node_type=int)
    assert graph.graph["coordinates"] == "EPSG:32633" and sorted(graph) == sorted(place)
    assert nx.number_connected_components(graph) == 2 and nx.number_of_selfloops(graph) == 1  # the ring
    assert sorted(length for *_, length in graph.edges(data="length_m")) == sorted(columns["length_m"].tolist())
    assert all(graph.nodes[node]["x"] == place[node].x for node in graph)
    # From end to end of the bar that was torn: 120 px of half a metre.
    ends = sorted((node for node in graph if graph.degree(node) == 1), key=lambda node: graph.nodes[node]["x"])
    assert nx.shortest_path_length(graph, ends[0], ends[-1], weight="length_m") == pytest.approx(60, abs=2)
    assert sum(float(row["bridged_px"]) for row in read_csv(tmp_path / "t.csv")) == pytest.approx(8, abs=2)


def test_compared_with_given_lines_in_another_system(tmp_path, roads):
    raster, _ = roads
    call("--input", raster, "--output", tmp_path / "own.gpkg", "--kind", "road", "--crs", "EPSG:4326")
    line = "against {}: completeness 1.000, correctness 1.000, quality 1.000 within 1 m"
    said = call("--input", raster, "--output", tmp_path / "a.geojson", "--compare", tmp_path / "own.gpkg",
                "--buffer", "1m")  # fmt: skip
    assert line.format(tmp_path / "own.gpkg") in said
    said = call("--input", raster, "--output", tmp_path / "b.gpkg", "--compare", tmp_path / "a.geojson",
                "--buffer", "1m")  # fmt: skip
    assert line.format(tmp_path / "a.geojson") in said
    # One bar of 120 px of the two, and the ring, are missing: nothing else of what there is is wrong.
    write_geotiff(raster, band(20, 5, 120).astype(np.uint8))
    said = call("--input", raster, "--output", tmp_path / "c.geojson", "--compare", tmp_path / "own.gpkg")
    assert "correctness 1.000" in said
    share = 120 / (240 + 2 * np.pi * 12)
    assert float(said.split("completeness ")[1].split(",")[0]) == pytest.approx(share, abs=0.03)


def test_compared_in_pixels_over_a_folder(tmp_path):
    for name in ("a", "b"):
        save(tmp_path / "masks" / f"{name}.png", band(0, 4, 100))
    line = {"type": "LineString", "coordinates": [[30, 80], [130, 80]]}
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    reference = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "given.geojson").write_text(json.dumps(reference))
    said = call("--input", tmp_path / "masks", "--output", tmp_path / "out", "--compare", tmp_path / "given.geojson")
    assert said.count("completeness 1.000") == 3 and "all against" in said.splitlines()[-1]
    assert "passed over" not in said


def test_given_features_that_are_not_compared_are_counted(tmp_path):
    save(tmp_path / "a.png", band(0, 4, 100))
    given = tmp_path / "given.geojson"
    geometries = [
        {"type": "LineString", "coordinates": [[30, 80], [130, 80]]}, None, {"type": "LineString", "coordinates": 7},
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
    ]  # fmt: skip
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in geometries]
    given.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    said = call("--input", tmp_path / "a.png", "--output", tmp_path / "out.geojson", "--compare", given)
    assert "completeness 1.000" in said
    assert f"passed over in {given}: 2 x feature without a geometry that can be read" in said
    assert f"passed over in {given}: 2 x Point, which is no line" in said
    given.write_text(json.dumps({"type": "FeatureCollection", "features": features[1:2]}))
    (line,) = call("--input", tmp_path / "a.png", "--output", tmp_path / "b.geojson", "--compare", given, fails=True)
    assert "found 0 features of other kinds, 1 x feature without a geometry" in line


def test_what_is_refused_in_one_line(tmp_path, roads):
    raster, _ = roads
    save(tmp_path / "m.png", band(0, 4, 100))
    out = tmp_path / "o.geojson"
    into, none, bad = (["--input", raster, "--output", out], tmp_path / "none.geojson", tmp_path / "bad.gpkg")
    none.write_text('{"type": "FeatureCollection", "features": []}')
    bad.write_bytes(b"nothing")
    for arguments, words in [
        ([*into, "--crs", "EPSG:3857"], ["--crs EPSG:3857", "WGS 84", "gpkg"]),
        ([*into, "--format", "gpkg"], ["o.geojson", ".gpkg"]),
        ([*into, "--graphml", tmp_path / "o.xml"], ["--graphml", ".graphml"]),
        ([*into, "--compare", tmp_path / "absent.gpkg"], ["absent.gpkg", "none"]),
        ([*into, "--compare", raster], ["roads.tif", ".gpkg"]),
        ([*into, "--compare", none], ["none.geojson", "expected lines"]),
        ([*into, "--compare", bad], ["bad.gpkg", "GeoPackage"]),
        ([*into, "--buffer", "3", "--compare", bad], ["--buffer 3", "3px"]),
    ]:  # fmt: skip
        (line,) = call(*arguments, fails=True)
        for word in words:
            assert word in line
    assert not out.exists()


def test_without_pyogrio_the_line_names_the_command(tmp_path, roads, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyogrio.raw", None)
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    (line,) = call("--input", roads[0], "--output", tmp_path / "o.gpkg", fails=True)
    assert "pip install 'semicurv-tf[gis]'" in line and not (tmp_path / "o.gpkg").exists()


def test_help_has_examples_of_maps_and_networks():
    shown = CliRunner().invoke(vectorize, ["--help"]).output
    for words in ("--kind road", "--graphml", "--compare osm.gpkg", "WGS 84"):
        assert words in shown
