"""Map coordinates of rasters, by rasterio (the extra `geo`)."""

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.vector.grid import Grid

PIP = "pip install rasterio"


def import_rasterio():
    """The package rasterio.

    Raises:
        ImportError: it is not installed; the message has the command that installs it.
    """
    try:
        import rasterio
    except ImportError:
        raise ImportError(f"Expected the package rasterio (extra `geo`), found none. Fix: {PIP}") from None
    return rasterio


def raster_grid(dataset) -> Grid | None:
    """The grid of an open rasterio dataset, or None where it has no CRS or no transform.

    Measured is in the CRS' own unit, metres where it is degrees.
    """
    if dataset.crs is None or dataset.transform.is_identity:
        return None
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    crs = dataset.crs
    name = f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.to_wkt()
    unit = "m" if crs.is_geographic else _short(crs.linear_units)
    # rasterio counts from a pixel's corner, this project from its centre.
    return Grid(unit, (a, b, c + (a + b) / 2, d, e, f + (d + e) / 2), name, crs.is_geographic)


def require_crs(name: str) -> None:
    """Raises `UserError` unless `name`, of the option --crs, is a CRS that rasterio knows, and rasterio is there."""
    try:
        import_rasterio()
        from rasterio.crs import CRS
        from rasterio.errors import CRSError
    except ImportError:
        raise UserError(f"--crs {name}: needs the package rasterio. Fix: {PIP}") from None
    try:
        CRS.from_user_input(name)
    except (CRSError, ValueError):
        raise UserError(
            f"--crs {name}: expected raster, pixels, map, or a coordinate reference system. Fix: e.g. --crs EPSG:4326"
        ) from None


def converted(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """Points `(n, 2)` from one CRS to another, x (east, longitude) first."""
    from rasterio.crs import CRS
    from rasterio.warp import transform

    systems = (CRS.from_user_input(source), CRS.from_user_input(target))
    return np.stack(transform(*systems, *points.T), axis=1).astype(np.float64)


def _short(unit: str | None) -> str:
    return {"metre": "m", "meter": "m", "kilometre": "km"}.get(unit or "", (unit or "unit").lower().replace(" ", "_"))
