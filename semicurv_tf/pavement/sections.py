"""Sums over sections of a road, and their layer in WGS 84, a feature per section: GeoJSON (RFC 7946) or GeoPackage."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely
import shapely.geometry

from semicurv_tf.images.own_files import MEMBER
from semicurv_tf.pavement.stations import Station
from semicurv_tf.vector.layers import Feature, Layer
from semicurv_tf.whole_files import written_whole

_ABOUT = {"layer": "totals per section"}
_DECIMALS = 7  # of degrees: a centimetre


def section_of(station: Station, section_m: float) -> str | None:
    """The name of the section that an image is of; None where its station is not known.

    >>> section_of(Station(station_m=130.0), 100.0), section_of(Station(130.0, "A7"), 100.0), section_of(Station(), 1.0)
    ('100-200 m', 'A7', None)
    """
    if station.section is not None:
        return station.section
    if station.station_m is None:
        return None
    begin = station.station_m // section_m * section_m
    return f"{begin:g}-{begin + section_m:g} m"


def sum_sections(rows: Iterable[tuple[dict, Station]], section_m: float, classes: Sequence[str]) -> list[dict]:
    """A row per section, in the order of their stations.

    Areas and lengths are sums over images: what two images show both counts twice.

    Args:
        rows: of images (`measure.measure_mask`), with their stations.
        section_m: length of sections where they have no names.
        classes: of `class_names`.

    Returns:
        Rows for the layer; "places" are (longitude, latitude) of the images in the order of their stations.
    """
    members: dict[str, list[tuple[dict, Station]]] = {}
    for row, station in rows:
        name = section_of(station, section_m)
        if name is not None:
            members.setdefault(name, []).append((row, station))
    found = []
    for name, each in members.items():
        each.sort(key=lambda one: (one[1].station_m is None, one[1].station_m or 0.0, one[0]["image"]))
        total = lambda column, each=each: sum(row[column] for row, _ in each)
        area, length = total("area_m2"), total("crack_length_m")
        stations = [station.station_m for _, station in each if station.station_m is not None]
        found.append(
            {
                "section": name,
                "images": len(each),
                "from_m": min(stations, default=None),
                "to_m": max(stations, default=None),
                "area_m2": area,
                "crack_length_m": length,
                "density_m_per_m2": length / area if area else 0.0,
                **{column: total(column) for column in classes},
                "mean_width_mm": total_width(each) / length if length else 0.0,
                "max_width_mm": max(row["max_width_mm"] for row, _ in each),
                "scale_error_percent": max(row["scale_error_percent"] for row, _ in each),
                "places": [
                    (station.longitude, station.latitude) for _, station in each if station.latitude is not None
                ],
            }
        )
    return sorted(found, key=lambda row: (row["from_m"] is None, row["from_m"] or 0.0, row["section"]))


def total_width(each: Sequence[tuple[dict, Station]]) -> float:
    """Sum over images of mean width times length: for a mean weighted by length."""
    return sum(row["mean_width_mm"] * row["crack_length_m"] for row, _ in each)


def write_sections(path: Path, sections: Sequence[dict]) -> None:
    """Writes the layer, whole or not at all: lines through the images' places; a point of one; null of none.

    Args:
        path: `.geojson`, `.json` or `.gpkg`.
        sections: of `sum_sections`.

    Raises:
        UserError: the file cannot be written, or pyogrio, which writes a GeoPackage, is missing.
    """
    features = _features(sections)
    if path.suffix.lower() == ".gpkg":
        from semicurv_tf.vector.geopackage import write_geopackage

        layer = Layer("sections", [Feature(_shape(one["geometry"]), one["properties"]) for one in features])
        write_geopackage(path, [layer], _ABOUT, "road", "EPSG:4326")
        return
    head = json.dumps({"type": "FeatureCollection", MEMBER: _ABOUT})[:-1]
    with written_whole(path) as part:
        text = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
        part.write_text(
            f'{head}, "features": [\n{text}\n]}}\n',
            encoding="utf-8",
        )


def _shape(geometry: dict | None):
    return None if geometry is None else shapely.geometry.shape(geometry)


def _features(sections: Sequence[dict]) -> list[dict]:
    features = []
    for row in sections:
        places = [[round(value, _DECIMALS) for value in place] for place in row["places"]]
        distinct = len({tuple(place) for place in places})
        geometry: dict | None = {"type": "LineString", "coordinates": places}
        if distinct < 2:
            geometry = {"type": "Point", "coordinates": places[0]} if places else None
        properties = {
            name: float(f"{value:.6g}") if isinstance(value, float) else value
            for name, value in row.items()
            if name != "places"
        }
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return features
