"""How the pixels of a mask lie in the world: a scale, or the map coordinates of a georeferenced raster."""

import dataclasses

import numpy as np

from semicurv_tf.errors import UserError

# WGS 84: what a degree is in metres differs by under 0.01 % on the other ellipsoids in use.
_EQUATOR_M, _ECCENTRICITY_SQUARED = 6378137.0, 0.00669437999014


@dataclasses.dataclass(frozen=True)
class Grid:
    """Where pixels are and what a step of one pixel is in the unit of measurement.

    Attributes:
        unit: short name that columns carry, "mm", "m", ...; None where only pixels are known.
        transform: six numbers (a, b, c, d, e, f): a point `x, y` in pixels, centres at integers, lies at
            `(a x + b y + c, d x + e y + f)`. None without map coordinates.
        crs: of the coordinates, "EPSG:32633" or WKT; None without.
        geographic: coordinates are degrees of longitude and latitude; measured is in metres on the ellipsoid.
        degrees: what one of the coordinates' unit is in degrees, 0.9 for grads; of geographic ones.
        scale: units per pixel where there is no transform.
        mercator: "web" (EPSG:3857, formulas of the sphere) or "world" (EPSG:3395, of the ellipsoid): coordinates are
            metres at the equator, stretched by latitude; measured is in metres on the ground. None: another CRS.

    Example:
        >>> Grid(unit="mm", scale=0.8).step_matrices(np.zeros((1, 2)))[0]
        array([[ 0.8,  0. ],
               [ 0. , -0.8]])
    """

    unit: str | None = None
    transform: tuple[float, float, float, float, float, float] | None = None
    crs: str | None = None
    geographic: bool = False
    scale: float = 1.0
    mercator: str | None = None
    degrees: float = 1.0

    def to_map(self, points: np.ndarray) -> np.ndarray:
        """Points `(n, 2)` in pixels to map coordinates, or unchanged where there are none."""
        if self.transform is None:
            return points
        a, b, c, d, e, f = self.transform
        x, y = points.T
        return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)

    def expect_on_earth(self, shape: tuple[int, int]) -> None:
        """Refuses map coordinates that cannot be those of an image of this height and width.

        Raises:
            UserError: latitudes beyond the poles, or all pixels on one line; the file is not named.
        """
        if self.transform is None:
            return
        a, b, _, d, e, _ = self.transform
        if a * e == b * d:
            raise UserError(
                "map coordinates: expected a transform of two directions, found all pixels on one line. "
                "Fix: --crs pixels, or give it its transform (rio edit-info --transform ...)"
            )
        height, width = shape
        latitudes = self.to_map(np.array([[0, 0], [width, 0], [0, height], [width, height]]) - 0.5)[:, 1] * self.degrees
        if self.geographic and np.abs(latitudes).max() > 90 + 1e-6:
            raise UserError(
                f"map coordinates: expected latitudes from -90 to 90 degrees ({self.crs}), found "
                f"{latitudes.min():.6g} to {latitudes.max():.6g}. "
                "Fix: --crs pixels, or give it the CRS that it is in (rio edit-info --crs EPSG:N)"
            )

    def step_matrices(self, points: np.ndarray) -> np.ndarray:
        """What maps a step in pixels to one in units, x to the right (east), y up (north).

        Args:
            points: `(n, 2)` in pixels, where the step is taken: a degree of longitude is shorter further north.

        Returns:
            float64 `(n, 2, 2)`.
        """
        if self.transform is None:
            matrix = np.array([[self.scale, 0.0], [0.0, -self.scale]])
            return np.broadcast_to(matrix, (len(points), 2, 2))
        a, b, _, d, e, _ = self.transform
        matrix = np.array([[a, b], [d, e]])
        if self.geographic:
            latitudes = np.clip(self.to_map(points)[:, 1] * self.degrees, -90, 90)
            east, north = _metres_per_radian(np.radians(latitudes))
            return np.radians(np.stack([east, north], axis=1) * self.degrees)[:, :, None] * matrix
        if self.mercator:
            return self._ground_per_map_metre(self.to_map(points)[:, 1])[:, :, None] * matrix
        return np.broadcast_to(matrix, (len(points), 2, 2))

    def _ground_per_map_metre(self, northing: np.ndarray) -> np.ndarray:
        """Metres on the ground, east and north `(n, 2)`, per metre of a Mercator map (Snyder 1987, p. 41-45)."""
        isometric = northing / _EQUATOR_M
        latitude = np.arctan(np.sinh(isometric))
        if self.mercator == "world":
            eccentricity = np.sqrt(_ECCENTRICITY_SQUARED)
            for _ in range(6):  # converges by a factor of 150 each time
                bulge = eccentricity * np.arctanh(eccentricity * np.sin(latitude))
                latitude = np.arctan(np.sinh(isometric + bulge))
        east, north = _metres_per_radian(latitude)
        if self.mercator == "world":  # conformal on the ellipsoid: the same in both directions
            return np.stack([east, east], axis=1) / _EQUATOR_M
        # y = a arsinh(tan(latitude)): a radian of latitude is a / cos(latitude) metres of the map
        return np.stack([east, north * np.cos(latitude)], axis=1) / _EQUATOR_M

    def pixel_area(self, shape: tuple[int, int]) -> float:
        """Mean area of a pixel in square units, of a mask of this height and width."""
        rows = np.linspace(0, shape[0] - 1, 101)
        middle = np.stack([np.full(101, (shape[1] - 1) / 2), rows], axis=1)
        return float(np.abs(np.linalg.det(self.step_matrices(middle))).mean())


def _metres_per_radian(latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres on the ellipsoid per radian of longitude and of latitude, at latitudes in radians."""
    bend = 1 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    east = _EQUATOR_M / np.sqrt(bend) * np.cos(latitude)
    return east, _EQUATOR_M * (1 - _ECCENTRICITY_SQUARED) / bend**1.5
