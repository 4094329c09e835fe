"""Lines and areas of a map over GeoTIFFs: GeoJSON and GeoPackage.

GeoJSON is WGS84, longitude before latitude (RFC 7946), unless an older file names another system under `crs`. A
GeoPackage is an SQLite file: its feature tables, their reference systems and its geometries, a header before
well-known binary, are read as https://www.geopackage.org/spec/ describes. A feature's label is its property `label`
or `class`; else the name of the table, or of the GeoJSON file.
"""

import json
import shlex
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from semicurv_tf.annotations.material import Material, displayed_size, read_json
from semicurv_tf.annotations.shapes import AnnotatedImage, Annotations, Line, Polygon, Shape
from semicurv_tf.errors import UserError
from semicurv_tf.images.formats import is_tiff
from semicurv_tf.images.georeference import projection_beside, title
from semicurv_tf.images.header import read_header
from semicurv_tf.images.opener import naming
from semicurv_tf.images.own_files import is_own
from semicurv_tf.images.rasters import open_dataset
from semicurv_tf.wording import counted, in_short

_OTHER_FORMATS = (".shp", ".kml", ".kmz", ".gml", ".gpx", ".fgb", ".dxf", ".tab", ".mif", ".sqlite")
_LABEL_PROPERTIES = ("label", "class")
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True)
class Layer:
    """Geometries of one reference system: `crs` as rasterio takes it, and (label, geometry) of each feature."""

    path: Path
    crs: Any
    features: list[tuple[str, object]]

    @cached_property
    def predicted(self) -> bool:
        """Whether `vectorize` wrote the file and nobody changed it; a GeoPackage does not tell, as editors keep all."""
        return self.path.suffix.lower() != ".gpkg" and is_own(self.path)


def read_geo(material: Material) -> Annotations:
    """Every GeoTIFF of the material with what the vector files show on it."""
    _rasterio()
    found = Annotations()
    layers: list[Layer] = []
    for path in material.files(".geojson", ".json", ".gpkg"):
        try:
            read = read_layers(path, found)
            _expect_degrees(read)
            layers.extend(read)
        except UserError as error:
            found.faults.extend(error.lines)
    _tell_other_formats(material, found, bool(layers))
    if not layers:
        return found
    used = [0] * len(layers)
    for _, image in material.images:
        if not is_tiff(image) and not read_header(image).georeferenced:
            found.passed_over["image that is no GeoTIFF"] += 1
            continue
        size = displayed_size(image)
        if isinstance(size, str):
            found.passed_over[size] += 1
            continue
        try:
            with naming(image), open_dataset(image) as raster:
                crs, transform = raster.crs or projection_beside(image), raster.transform
                stored = (raster.width, raster.height)
        except UserError:
            found.passed_over["image cannot be read"] += 1
            continue
        if crs is None or transform.is_identity or stored != size:
            found.passed_over["GeoTIFF without map coordinates"] += 1
            continue
        shapes, unread, corrected = [], 0, False
        for number, layer in enumerate(layers):
            on_it = list(_on_raster(layer, crs, transform, size, found))
            drawn = [shape for shape in on_it if shape is not None]
            used[number] += len(drawn)
            shapes.extend(drawn)
            unread += len(on_it) - len(drawn)
            corrected |= bool(drawn) and not layer.predicted
        name, looked_at = material.name_of(image), bool(shapes)
        found.images.append(
            AnnotatedImage(name, image, size, tuple(shapes), looked_at, unread, corrected=corrected or not shapes)
        )
    for layer, count in zip(layers, used):
        if layer.features and not count:
            found.passed_over["layer that meets no GeoTIFF"] += 1
    return found


def _tell_other_formats(material: Material, found: Annotations, has_layers: bool) -> None:
    """Counts the vector files that are not read; where they are all there is, each is a fault."""
    for suffix in _OTHER_FORMATS:
        files = material.files(suffix)
        if not files:
            continue
        command = shlex.join(["ogr2ogr", "-f", "GPKG", files[0].with_suffix(".gpkg").name, files[0].name])
        if has_layers:
            found.passed_over[f"vector file of another format ({suffix}; convert it: {command})"] += len(files)
        else:
            found.faults.append(
                f"{files[0]}: expected GeoJSON or a GeoPackage, found {counted(len(files), f'{suffix} file')} alone. "
                f"Fix: in its folder, {command}"
            )


def read_layers(path: Path, found: Annotations) -> list[Layer]:
    """The layers of a GeoPackage or a GeoJSON file; features that cannot be read are counted in `found`.

    Raises:
        UserError: damaged, of a reference system that is not known, or rasterio is missing.
    """
    return list(_geopackage(path, found) if path.suffix.lower() == ".gpkg" else _geojson(path, found))


def _expect_degrees(layers: list[Layer]) -> None:
    """Refuses a file of degrees whose features all lie beyond them: they are of another system, whatever it says.

    Raises:
        UserError: naming the file.
    """
    for layer in layers:
        if layer.features and all(_beyond_degrees(layer, geometry) for _, geometry in layer.features):
            x, y = np.abs(np.concatenate([shapely.get_coordinates(one) for _, one in layer.features])).max(axis=0)
            converted = f"{layer.path.stem}_wgs84{layer.path.suffix}"
            raise UserError(
                f"{layer.path}: expected longitudes and latitudes, as {title(layer.crs)} has them, found coordinates "
                f"up to {x:.6g}, {y:.6g}. Fix: {shlex.join(['ogr2ogr', '-s_srs', 'EPSG:N', '-t_srs', 'EPSG:4326'])} "
                f"{shlex.quote(converted)} {shlex.quote(layer.path.name)} in its folder, N being the system it was "
                "drawn in, and remove the old file"
            )


def _beyond_degrees(layer: Layer, geometry) -> bool:
    """Whether a geometry cannot be of the layer's system, as that is of degrees: where it lies, nobody knows."""
    if not layer.crs.is_geographic:
        return False
    west, south, east, north = shapely.bounds(geometry)
    return bool(max(-west, east) > 360 or max(-south, north) > 90)


def _on_raster(layer: Layer, crs, transform, size, found: Annotations) -> Iterator[Shape | None]:
    """The shapes of a layer that meet a raster, in its pixels; None for what was drawn there and cannot be used."""
    from rasterio.warp import transform as reproject

    a, b, c, d, e, f, *_ = ~transform
    turn, shift = np.array([[a, b], [d, e]]), np.array([c, f])

    def to_pixels(coordinates: np.ndarray) -> np.ndarray:
        xs, ys = reproject(layer.crs, crs, *coordinates.T)
        return np.stack([xs, ys], axis=1) @ turn.T + shift

    canvas = shapely.box(0, 0, *size)
    for label, geometry in layer.features:
        if _beyond_degrees(layer, geometry):
            found.passed_over["geometry beyond the degrees of its reference system"] += 1
            yield None  # it may have been drawn on this raster
            continue
        try:
            moved = shapely.transform(shapely.force_2d(geometry), to_pixels)
        except Exception:  # GDAL's own kinds, of which rasterio lets private ones through
            found.passed_over["geometry that cannot be brought to the GeoTIFF's reference system"] += 1
            continue
        for part in shapely.get_parts(moved):
            if not np.isfinite(shapely.get_coordinates(part)).all():
                found.passed_over["geometry that cannot be brought to the GeoTIFF's reference system"] += 1
            elif part.geom_type in ("LineString", "LinearRing"):
                if part.intersects(canvas):
                    yield Line(label, shapely.get_coordinates(part))
            elif part.geom_type == "Polygon":
                if part.envelope.intersects(canvas):
                    rings = [part.exterior, *part.interiors]
                    yield Polygon(label, tuple(shapely.get_coordinates(ring)[:-1] for ring in rings))
            else:
                found.passed_over[f"shape of a kind that covers no area ({part.geom_type})"] += 1
                if part.intersects(canvas):
                    yield None


def _geojson(path: Path, found: Annotations) -> Iterator[Layer]:
    content = read_json(path)
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "FeatureCollection" and isinstance(content.get("features"), list):
        features = content["features"]
    elif kind == "Feature":
        features = [content]
    else:
        found.passed_over["JSON file that is no GeoJSON of features"] += 1
        return
    named, rows = "EPSG:4326", []
    if isinstance(content.get("crs"), dict):
        named = (content["crs"].get("properties") or {}).get("name", named)
    for feature in features:
        try:
            geometry = shapely.from_geojson(json.dumps(feature["geometry"]))
            if geometry is None or geometry.is_empty:
                raise ValueError("no geometry")
            rows.append((_label(feature.get("properties") or {}, path.stem), geometry))
        except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError):
            found.passed_over["feature without a geometry that can be read"] += 1
    yield Layer(path, _crs(named, path), rows)


def _geopackage(path: Path, found: Annotations) -> Iterator[Layer]:
    try:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                raise UserError(f"{path}: expected a GeoPackage, found another file. Fix: export it again")
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        tables = database.execute(
            "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id, s.definition "
            "FROM gpkg_geometry_columns g JOIN gpkg_spatial_ref_sys s ON g.srs_id = s.srs_id"
        ).fetchall()
        for table in tables:
            authority = f"{table['organization']}:{table['organization_coordsys_id']}"
            rows = []
            name = str(table["table_name"]).replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{name}"'):  # a name cannot be a parameter; it is quoted
                try:
                    geometry = _geometry(row[table["column_name"]])
                except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError):
                    geometry = None
                if geometry is None or geometry.is_empty:
                    found.passed_over["feature without a geometry that can be read"] += 1
                else:
                    rows.append((_label(dict(row), table["table_name"]), geometry))
            known = authority if authority.upper().startswith("EPSG:") else table["definition"]
            yield Layer(path, _crs(known, path), rows)
        database.close()
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            f"{path}: expected a GeoPackage, found damage ({in_short(error)}). Fix: export it again"
        ) from None


def _geometry(blob: bytes | None):
    """The geometry of a GeoPackage: "GP", version, flags, reference system, envelope, then well-known binary."""
    if blob is None:
        return None
    if blob[:2] != b"GP":
        raise ValueError("no geometry of a GeoPackage")
    flags = blob[3]
    return shapely.from_wkb(blob[8 + _ENVELOPE_BYTES.get(flags >> 1 & 7, 0) :])


def _label(properties: dict, otherwise: str) -> str:
    lowered = {str(key).lower(): value for key, value in properties.items()}
    return next((str(lowered[key]) for key in _LABEL_PROPERTIES if lowered.get(key) not in (None, "")), otherwise)


def _crs(named, path: Path):
    rasterio = _rasterio()
    try:
        return rasterio.crs.CRS.from_user_input(named)
    except (rasterio.errors.CRSError, ValueError, TypeError):
        raise UserError(
            f"{path}: expected a reference system that is known, found {str(named)[:80]!r}. Fix: export it as WGS84"
        ) from None


def _rasterio():
    try:
        import rasterio
        import rasterio.crs
        import rasterio.errors
    except ImportError:
        raise UserError(
            "--from geojson: expected the package rasterio, found none. Fix: pip install 'semicurv-tf[geo]'"
        ) from None
    return rasterio
