"""Reads lines that extracted ones are compared with: GeoPackage or GeoJSON, of any reference system."""

from pathlib import Path

import numpy as np
import shapely

from semicurv_tf.annotations.geo import Layer, read_layers
from semicurv_tf.annotations.shapes import Annotations
from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import NoPlace, converted, title
from semicurv_tf.images.grid import Grid
from semicurv_tf.wording import counted

_LINES = ("LineString", "LinearRing")


class Reference:
    """Given lines, read once for all images.

    Args:
        path: of the file.

    Attributes:
        passed_over: reason to how many features, or parts of them, are not compared with.

    Raises:
        UserError: neither GeoPackage nor GeoJSON, damaged, or without lines.
    """

    def __init__(self, path: Path):
        if not path.is_file():
            raise UserError(f"--compare {path}: expected a file, found none. Fix: check the path")
        if path.suffix.lower() not in (".gpkg", ".geojson", ".json"):
            raise UserError(
                f"--compare {path}: expected a name that ends in .gpkg, .geojson or .json. Fix: export the lines so"
            )
        found = Annotations()
        layers = read_layers(path, found)
        self.path = path
        self._layers = [(layer, _lines_of(layer)) for layer in layers]
        features = sum(len(layer.features) for layer in layers)
        lines = sum(len(lines) for _, lines in self._layers)
        self.passed_over = found.passed_over
        others = (part.geom_type for layer in layers for part in _parts(layer) if part.geom_type not in _LINES)
        self.passed_over.update(f"{kind}, which is no line" for kind in others)
        if not lines:
            unread = "".join(f", {count} x {reason}" for reason, count in self.passed_over.items())
            raise UserError(
                f"--compare {path}: expected lines, found {counted(features, 'feature')} of other kinds{unread}. "
                "Fix: name the file of the lines"
            )

    def on(self, grid: Grid, shape: tuple[int, int]) -> list[np.ndarray]:
        """The lines on an image, cut at its edges.

        Args:
            grid: of the image; without a reference system, the lines are taken for pixels of it.
            shape: its height and width.

        Returns:
            `(n, 2)` each, x, y in pixels.

        Raises:
            UserError: coordinates that cannot be degrees, or no line has a place in the image's reference system.
        """
        canvas = shapely.box(-0.5, -0.5, shape[1] - 0.5, shape[0] - 0.5)
        cut: list[np.ndarray] = []
        failed, reason = 0, None
        for layer, lines in self._layers:
            if grid.transform is not None and grid.crs is not None:
                self._expect_degrees(layer, lines)
            for line in lines:
                try:
                    placed = shapely.transform(line, lambda points, layer=layer: _to_pixels(points, layer, grid))
                except NoPlace as error:
                    failed, reason = failed + 1, error
                    continue
                if not np.isfinite(shapely.get_coordinates(placed)).all():
                    continue  # far outside of what the image's reference system covers
                for part in shapely.get_parts(shapely.intersection(placed, canvas)):
                    if part.geom_type == "LineString" and part.length > 0:
                        cut.append(shapely.get_coordinates(part))
        if reason is not None and failed == sum(len(lines) for _, lines in self._layers):
            raise UserError(f"--compare {self.path}: {reason}")
        return cut

    def _expect_degrees(self, layer: Layer, lines: list) -> None:
        """GeoJSON without the member "crs" is in degrees, whatever wrote it."""
        if not lines or not layer.crs.is_geographic:
            return
        x, y = np.abs(np.concatenate([shapely.get_coordinates(line) for line in lines])).max(axis=0)
        if x > 360 or y > 90:
            raise UserError(
                f"--compare {self.path}: expected degrees, as {title(layer.crs)} has them, found coordinates up to "
                f"{x:.6g}, {y:.6g}. Fix: export it as WGS 84: ogr2ogr -s_srs EPSG:N -t_srs EPSG:4326 "
                f"{self.path.stem}_wgs84.geojson {self.path}"
            )


def _lines_of(layer: Layer) -> list:
    return [part for part in _parts(layer) if part.geom_type in _LINES]


def _parts(layer: Layer) -> list:
    return [part for _, geometry in layer.features for part in shapely.get_parts(shapely.force_2d(geometry))]


def _to_pixels(points: np.ndarray, layer: Layer, grid: Grid) -> np.ndarray:
    if grid.transform is None or grid.crs is None:
        return points
    a, b, c, d, e, f = grid.transform
    placed = converted(points, layer.crs, grid.crs, "export the lines in the CRS of the mask")
    return np.linalg.solve(np.array([[a, b], [d, e]]), (placed - (c, f)).T).T
