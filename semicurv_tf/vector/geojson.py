"""Lines as GeoJSON (RFC 7946), with what the coordinates are said in the file.

Map coordinates are in the raster's CRS, named in the member `crs` of GeoJSON 2008, which GIS programs read;
in degrees of WGS 84 the member is not needed. Without map coordinates they are pixels: x right, y down, pixel centres
at integers. The member `semicurv_tf` says so, and holds the sums over the image and the settings.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.vector.segments import Segment, Vectors
from semicurv_tf.vector.table import segment_row, summary_row
from semicurv_tf.vector.vectorize import VectorSettings
from semicurv_tf.whole_files import written_whole

_PIXELS = "pixels: x right, y down, pixel centres at integers, (0, 0) is the first pixel's centre"
_WGS84 = ("EPSG:4326", "OGC:CRS84")  # longitude first, as GeoJSON has it without saying so
# About 0.01 pixel, a millimetre in metres or feet, and in degrees.
_DECIMALS_PIXELS, _DECIMALS_MAP, _DECIMALS_DEGREES = 2, 3, 8


@dataclasses.dataclass(frozen=True)
class Target:
    """The CRS that coordinates are converted to: its name, whether in degrees, and what converts `(n, 2)` points."""

    crs: str
    degrees: bool
    convert: Callable[[np.ndarray], np.ndarray]


def write_geojson(
    path: Path, vectors: Vectors, image: str, settings: VectorSettings = VectorSettings(), target: Target | None = None
) -> None:
    """Writes the lines of a mask, whole or not at all.

    Args:
        path: the file.
        vectors: of `vectorize_mask`.
        image: the mask's name, for the record.
        settings: what the lines were made with, for the record.
        target: what map coordinates are converted to; None keeps the grid's.

    Raises:
        UserError: the file cannot be written.
    """
    crs = target.crs if target else vectors.grid.crs
    degrees = target.degrees if target else vectors.grid.geographic
    decimals = _DECIMALS_PIXELS if crs is None else _DECIMALS_DEGREES if degrees else _DECIMALS_MAP

    def place(points: np.ndarray) -> list:
        points = vectors.grid.to_map(points)
        return np.round(target.convert(points) if target else points, decimals).tolist()

    head = {
        "type": "FeatureCollection",
        **({} if crs is None or crs in _WGS84 else {"crs": {"type": "name", "properties": {"name": _urn(crs)}}}),
        "semicurv_tf": {
            "width_px": vectors.shape[1],
            "height_px": vectors.shape[0],
            "coordinates": _PIXELS if crs is None else crs,
            "summary": summary_row(vectors, image),
            "settings": dataclasses.asdict(settings),
        },
    }
    with written_whole(path) as part, part.open("w", encoding="utf-8") as file:
        # A feature a line: files of a hundred thousand lines are compared and searched by line.
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [')
        for index, segment in enumerate(vectors.segments):
            file.write(
                (",\n" if index else "\n") + json.dumps(_feature(segment, place(segment.points), vectors.grid.unit))
            )
        file.write("\n]}\n")


def _feature(segment: Segment, coordinates: list, unit: str | None) -> dict:
    geometry = {"type": "LineString", "coordinates": coordinates}
    if segment.start == "dot":
        geometry = {"type": "Point", "coordinates": coordinates[0]}
    return {"type": "Feature", "geometry": geometry, "properties": segment_row(segment, unit)}


def _urn(crs: str) -> str:
    authority, _, code = crs.partition(":")
    return f"urn:ogc:def:crs:{authority.upper()}::{code}" if code.isdigit() else crs
