"""The lines of a mask as layers of a map: lines, junctions, areas; or edges and nodes, the same as a network.

| layer       | geometry     | a feature is                                                                   |
|-------------|--------------|--------------------------------------------------------------------------------|
| `lines`     | LineString   | a line between two nodes, with its measures (Point for a dot)                  |
| `junctions` | Point        | where three or more lines meet                                                 |
| `areas`     | MultiPolygon | the outline of a connected piece of the mask, along its pixels                 |
| `edges`     | LineString   | as `lines`, with the numbers of the nodes at its ends: its points are the same |
| `nodes`     | Point        | an end, a junction, or where a closed line closes                              |

What lines are of names the attribute that numbers connected structures: a road is no crack.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, polygon

from semicurv_tf.errors import UserError
from semicurv_tf.vector.segments import Vectors
from semicurv_tf.vector.table import segment_row

KINDS = ("crack", "road", "vessel", "membrane")
LAYERS = ("lines", "junctions", "areas", "edges", "nodes")
OF_MAP, OF_NETWORK = ("lines", "junctions", "areas"), ("edges", "nodes", "areas")
GEOMETRY = {"lines": "LineString", "junctions": "Point", "areas": "MultiPolygon", "edges": "LineString",
            "nodes": "Point", "dots": "Point", "sections": "Unknown"}  # fmt: skip
_NEAR_PX = 1.0  # smoothed lines lie on their area except for so much

Place = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Feature:
    """A geometry in the coordinates of the file, and its attributes."""

    geometry: shapely.Geometry
    properties: dict


@dataclasses.dataclass(frozen=True)
class Layer:
    """Features of one kind of geometry; `name` is one of `LAYERS`, or `dots`, or `sections`
    of a road, which are lines and points."""

    name: str
    features: list[Feature]


def make_layers(names: tuple[str, ...], vectors: Vectors, mask: np.ndarray, kind: str, place: Place) -> list[Layer]:
    """Layers of a mask.

    Args:
        names: of `LAYERS`, in the order wanted.
        vectors: of `vectorize_mask`.
        mask: `(height, width)` bool, which they are of.
        kind: of `KINDS`.
        place: from `(n, 2)` x, y in pixels to the coordinates of the file.

    Raises:
        UserError: areas are wanted and rasterio is missing.
    """
    make = {
        "lines": lambda: _lines(vectors, kind, place),
        "junctions": lambda: _nodes(vectors, kind, place, junctions_only=True),
        "areas": lambda: _areas(vectors, mask, kind, place),
        "edges": lambda: _lines(vectors, kind, place, network=True),
        "nodes": lambda: _nodes(vectors, kind, place),
    }
    return [Layer(name, list(make[name]())) for name in names]


def _lines(vectors: Vectors, kind: str, place: Place, network: bool = False) -> Iterator[Feature]:
    for segment in vectors.segments:
        points = place(segment.points)
        properties = segment_row(segment, vectors.grid.unit, kind)
        if network:
            properties |= {"from_node": segment.start_node, "to_node": segment.end_node}
        if segment.start != "dot":
            yield Feature(shapely.LineString(points), properties)
        elif not network:
            yield Feature(shapely.Point(points[0]), properties)


def _nodes(vectors: Vectors, kind: str, place: Place, junctions_only: bool = False) -> Iterator[Feature]:
    kept = [node for node in vectors.nodes if not junctions_only or node.kind == "junction"]
    points = place(np.reshape([node.point for node in kept], (-1, 2)))
    for node, point in zip(kept, points):
        properties = {kind: node.crack, "node": node.number, "type": node.kind, "degree": node.degree}
        yield Feature(shapely.Point(point), properties)


def _areas(vectors: Vectors, mask: np.ndarray, kind: str, place: Place) -> Iterator[Feature]:
    """The outlines that have a line; those of structures that were left out are left out too."""
    try:
        from rasterio.features import shapes
    except ImportError:
        raise UserError(
            "areas: expected the package rasterio, found none. Fix: pip install 'semicurv-tf[gis]', or --layer lines"
        ) from None
    outlines = [
        # GDAL's corners are integers, here pixel centres are. Rings that touch themselves are made several.
        _parts(shapely.make_valid(shapely.transform(shapely.geometry.shape(found), lambda corner: corner - 0.5)))
        for found, _ in shapes(mask.view(np.uint8) if mask.dtype == bool else mask, mask=mask, connectivity=8)
    ]
    tree = shapely.STRtree(outlines)
    structures: dict[int, int] = {}
    for segment in vectors.segments:
        for index in tree.query(shapely.MultiPoint(segment.points), predicate="dwithin", distance=_NEAR_PX).tolist():
            structures.setdefault(index, segment.crack)
    for index, structure in sorted(structures.items(), key=lambda item: (item[1], item[0])):
        outline = outlines[index]
        unit, pixels = vectors.grid.unit, float(outline.area)
        properties = {kind: structure, "area_px2": pixels}
        if unit:
            (matrix,) = vectors.grid.step_matrices(np.array(outline.centroid.coords))
            properties[f"area_{unit}2"] = float(f"{pixels * abs(np.linalg.det(matrix)):.6g}")
        placed = shapely.transform(outline, place)
        # RFC 7946: outer rings counter-clockwise, holes clockwise.
        yield Feature(MultiPolygon([polygon.orient(part) for part in placed.geoms]), properties)


def _parts(geometry) -> MultiPolygon:
    return MultiPolygon([part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"])
