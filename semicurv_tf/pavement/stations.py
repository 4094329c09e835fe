"""Where along a road each image lies: from a CSV of stations, or from the photographs' GPS."""

import csv
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.pavement.photograph import Photograph

EARTH_RADIUS_M = 6_371_008.8  # mean radius (IUGG)
_COLUMNS = ("image", "station_m", "section", "lat", "lon")
_LARGEST = {"lat": 90.0, "lon": 180.0, "station_m": 1e9}


@dataclasses.dataclass(frozen=True)
class Station:
    """Where an image lies; None where that is not known.

    Attributes:
        station_m: along the road from its beginning.
        section: its name.
        latitude, longitude: in degrees, WGS 84.
    """

    station_m: float | None = None
    section: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_stations(path: Path) -> dict[str, Station]:
    """Reads a CSV with the column `image` and any of `station_m`, `section`, and `lat` with `lon`.

    Returns:
        Name, without suffix, to station.

    Raises:
        UserError: no such file or columns, or lines with values that are none; all of them.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"--stations {path}: cannot be read ({getattr(error, 'strerror', None) or error}). Fix: a CSV in UTF-8"
        ) from None
    columns = set(rows[0]) if rows else set()
    if (
        "image" not in columns
        or not columns & {"station_m", "section", "lat"}
        or ("lat" in columns) != ("lon" in columns)
    ):
        raise UserError(
            f"--stations {path}: expected the column image, and station_m, section, or lat and lon, found "
            f"{', '.join(str(column) for column in rows[0]) if rows else 'no line'}. Fix: image,station_m as first line"
        )
    found: dict[str, Station] = {}
    faults = []
    for line, row in enumerate(rows, 2):
        try:
            path_of = Path((row["image"] or "").strip())
            if not path_of.name:
                raise ValueError("image: expected a name, found none")
            name = path_of.with_suffix("").as_posix()
            if name in found:
                raise ValueError(f"image {name}: is there twice")
            numbers = {column: _number(column, row.get(column)) for column in _LARGEST}
            if (numbers["lat"] is None) != (numbers["lon"] is None):
                raise ValueError("expected lat and lon, found one of them")
            section = (row.get("section") or "").strip() or None
            found[name] = Station(numbers["station_m"], section, numbers["lat"], numbers["lon"])
        except ValueError as error:
            faults.append(f"--stations {path}, line {line}: {error}. Fix: correct the line, or remove it")
    if faults:
        raise UserError(faults)
    return found


def from_photographs(photographs: Mapping[str, Photograph]) -> dict[str, Station]:
    """Stations of the photographs that have GPS: the way along them, in the order in which they were taken."""
    found: dict[str, Station] = {}
    way, before = 0.0, None
    placed = {name: one for name, one in photographs.items() if one.latitude is not None}
    for name, one in sorted(placed.items(), key=lambda item: (item[1].taken or "", item[0])):
        here = (one.latitude or 0.0, one.longitude or 0.0)
        way += distance_m(before, here) if before else 0.0
        found[name], before = Station(way, None, *here), here
    return found


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way between two places (latitude, longitude) in degrees, on a sphere: within 0.6 % (haversine).

    >>> round(distance_m((0.0, 0.0), (0.0, 1.0)))  # 2 pi R / 360
    111195
    """
    (lat, lon), (other_lat, other_lon) = ((math.radians(value) for value in place) for place in (one, other))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def _number(column: str, text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    least = 0.0 if column == "station_m" else -_LARGEST[column]
    if not least <= value <= _LARGEST[column]:
        raise ValueError(f"{column}: expected a number of {least:g} to {_LARGEST[column]:g}, found {text!r}")
    return value
