"""VGG Image Annotator: the JSON or CSV of version 1 or 2, and the project of version 2.

Each image has regions, and each region a shape and attributes that the annotator named: the label is what stands in the
attribute called label, class, name, type or category, otherwise in the first one that was filled in. Coordinates are
those of the image in a browser. An ellipse's `theta` is that of the canvas: clockwise, in radians
(https://www.robots.ox.ac.uk/~vgg/software/via).
"""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from semicurv_tf.annotations.material import MOST_TEXT_BYTES, Material, read_json, read_text
from semicurv_tf.annotations.shapes import (
    AnnotatedImage,
    Annotations,
    Ellipse,
    Line,
    Polygon,
    Shape,
    box,
    points_of,
)

_PROJECT = "_via_img_metadata"
_LABEL_KEYS = ("label", "class", "name", "type", "category")
_COLUMNS = {"region_shape_attributes", "region_attributes"}
_UNNAMED = "unnamed"


def read_via(material: Material) -> Annotations:
    """Every JSON and CSV file of VIA in the material."""
    found = Annotations()
    for path, content in material.contents(".json", read_json, found.faults):
        entries = _entries(content)
        if entries is None:
            found.passed_over["JSON file that is not VIA's (of version 1 or 2)"] += 1
            continue
        for entry in entries:
            _read_image(str(entry["filename"]), _regions(entry["regions"]), path, material, found)
    for path, text in material.contents(".csv", read_text, found.faults):
        images = _rows(text)
        if images is None:
            found.passed_over["CSV file that is not VIA's"] += 1
            continue
        for name, regions in images.items():
            _read_image(name, regions, path, material, found)
    return found


def _entries(content: Any) -> list[dict] | None:
    """The images of a file; None where it is none of VIA's."""
    if isinstance(content, dict) and isinstance(content.get(_PROJECT), dict):
        content = content[_PROJECT]
        if not content:
            return []
    entries = list(content.values()) if isinstance(content, dict) else []
    if not entries or not all(isinstance(one, dict) and {"filename", "regions"} <= one.keys() for one in entries):
        return None
    return entries


def _regions(value: Any) -> list:
    """A list; in version 1 a table by number."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _rows(text: str) -> dict[str, list] | None:
    """Image to regions, each as in JSON; None where it is no table of VIA's."""
    before = csv.field_size_limit(MOST_TEXT_BYTES)  # a polygon of many corners stands in one cell
    try:
        table = csv.DictReader(io.StringIO(text, newline=""))
        names = {name.strip().lstrip("#"): name for name in table.fieldnames or ()}
        if "filename" not in names or not names.keys() >= _COLUMNS:
            return None
        images: dict[str, list] = {}
        for row in table:
            regions = images.setdefault(row[names["filename"]] or "", [])
            shape, attributes = (_cell(row[names[f"region_{kind}attributes"]]) for kind in ("shape_", ""))
            if shape != {}:  # an image without regions has a row, too
                regions.append({"shape_attributes": shape, "region_attributes": attributes})
        return images
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(before)


def _cell(text: str | None) -> Any:
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None


def _read_image(name: str, regions: Iterable, path: Path, material: Material, found: Annotations) -> None:
    sized = material.find_sized(name, path)
    if isinstance(sized, str):
        found.passed_over[sized] += 1
        return
    image, size = sized
    shapes, unread = found.readable(_shape(region) for region in regions)
    found.images.append(AnnotatedImage(material.name_of(image), image, size, shapes, bool(shapes), unread, path))


def _label(attributes: Any) -> str:
    """What an annotator filled in: text, or the boxes that were ticked."""
    if not isinstance(attributes, dict):
        return _UNNAMED
    told = {str(key).lower(): _told(value) for key, value in attributes.items()}
    return next((told[key] for key in (*_LABEL_KEYS, *told) if told.get(key)), _UNNAMED)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(key) for key, ticked in value.items() if ticked)
    return "" if value is None else str(value).strip()


def _shape(region: Any) -> Shape | str:
    """The shape; or the reason why it is passed over."""
    kind = "?"
    try:
        drawn, label = region["shape_attributes"], _label(region.get("region_attributes"))
        kind = str(drawn["name"])
        if kind in ("polygon", "polyline"):
            corners = np.array([drawn["all_points_x"], drawn["all_points_y"]], np.float64).T
            points = points_of(corners, 3 if kind == "polygon" else 2)
            return Polygon(label, (points,)) if kind == "polygon" else Line(label, points)
        if kind == "rect":
            (left, top), (width, height) = points_of([(drawn["x"], drawn["y"]), (drawn["width"], drawn["height"])], 2)
            return box(label, left, top, left + width, top + height)
        if kind in ("circle", "ellipse"):
            radii = (drawn["r"], drawn["r"]) if kind == "circle" else (drawn["rx"], drawn["ry"])
            centre, radii, (angle, _) = points_of([(drawn["cx"], drawn["cy"]), radii, (drawn.get("theta") or 0, 0)], 3)
            return Ellipse(label, tuple(centre), tuple(radii), float(angle))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return f"damaged shape ({kind[:40]})"
    return f"shape of a kind that covers no area ({kind})" if kind == "point" else f"unknown shape ({kind[:40]})"
