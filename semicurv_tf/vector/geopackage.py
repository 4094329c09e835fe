"""Layers as a GeoPackage (OGC 12-128), in any reference system, with the styles that QGIS takes up by itself.

GDAL writes the tables, by pyogrio (the extra `gis`). QGIS looks for styles in the table `layer_styles`.
"""

import json
import sqlite3
import warnings
from pathlib import Path

import numpy as np
import shapely

from semicurv_tf.errors import UserError
from semicurv_tf.vector.layers import GEOMETRY, Layer
from semicurv_tf.vector.styles import style
from semicurv_tf.whole_files import written_whole

INSTALL = "pip install 'semicurv-tf[gis]'"
_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)
"""
_GEOMETRY_COLUMN = "geom"


def require_pyogrio(option: str):
    """The module that writes.

    Args:
        option: that asks for it, for the error.

    Raises:
        UserError: pyogrio is not installed.
    """
    try:
        import pyogrio.raw
    except ImportError:
        raise UserError(f"{option}: expected the package pyogrio, found none. Fix: {INSTALL}") from None
    return pyogrio.raw


def write_geopackage(path: Path, layers: list[Layer], about: dict, kind: str, crs: str | None) -> None:
    """Writes layers, a table each, named `KIND_LAYER`; whole or not at all.

    Args:
        path: the file.
        layers: in the coordinates of the file.
        about: kept as metadata of the file, as JSON.
        kind: what the lines are of.
        crs: reference system, such as "EPSG:32633" or WKT; None writes the coordinates without one.

    Raises:
        UserError: the file cannot be written, or pyogrio is missing.
    """
    raw = require_pyogrio("--format gpkg")
    tables = {}
    with written_whole(path) as part:
        for layer in _split_dots(layers):
            name = f"{kind}_{layer.name}"
            tables[name] = layer.name
            columns = list(dict.fromkeys(key for feature in layer.features for key in feature.properties))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "'crs' was not provided")
                _written(
                    path, raw, part, shapely.to_wkb([feature.geometry for feature in layer.features]),
                    [_column([feature.properties.get(key) for feature in layer.features]) for key in columns], columns,
                    layer=name, driver="GPKG", geometry_type=GEOMETRY[layer.name], crs=crs, append=len(tables) > 1,
                    dataset_metadata={"semicurv_tf": json.dumps(about, ensure_ascii=False)},
                    layer_options={"GEOMETRY_NAME": _GEOMETRY_COLUMN},
                )  # fmt: skip
        _write_styles(path, part, tables)


def _split_dots(layers: list[Layer]) -> list[Layer]:
    """Dots apart from lines: a table holds one kind of geometry."""
    split = []
    for layer in layers:
        is_dot = [layer.name == "lines" and feature.geometry.geom_type == "Point" for feature in layer.features]
        split.append(Layer(layer.name, [one for one, dot in zip(layer.features, is_dot) if not dot]))
        if any(is_dot):
            split.append(Layer("dots", [one for one, dot in zip(layer.features, is_dot) if dot]))
    return split


def _column(values: list) -> np.ndarray:
    """A column of one type; numbers that are missing are NaN, which GDAL writes as NULL."""
    if any(isinstance(value, str) for value in values):
        return np.array(values, object)
    missing = any(value is None or isinstance(value, float) for value in values)
    return np.array([np.nan if value is None else value for value in values], float if missing else np.int64)


def _written(path: Path, raw, part: Path, *content, **options) -> None:
    import pyogrio.errors

    try:
        raw.write(part, *content, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        raise UserError(f"{path}: cannot be written ({error}). Fix: choose a folder you may write to") from error
    except pyogrio.errors.CRSError:
        raise UserError(
            f"{path}: GDAL does not know the reference system {str(options['crs'])[:80]}. Fix: --crs EPSG:4326"
        ) from None


def _write_styles(path: Path, part: Path, tables: dict[str, str]) -> None:
    try:
        database = sqlite3.connect(part)
        try:
            with database:
                database.execute(_STYLES)
                database.execute(
                    "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
                    "VALUES ('layer_styles', 'attributes', 'layer_styles')"
                )
                database.executemany(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner) "
                    "VALUES ('', '', ?, ?, ?, ?, '', 1, '', '')",
                    [(name, _GEOMETRY_COLUMN, name[:30], style(layer)) for name, layer in tables.items()],
                )
        finally:
            database.close()
    except sqlite3.Error as error:
        raise UserError(f"{path}: cannot be written ({error}). Fix: choose a folder you may write to") from error
