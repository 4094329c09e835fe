"""Map coordinates of rasters, by rasterio (the extra `geo`)."""

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid

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
    unit = "m" if crs.is_geographic else _short(crs.linear_units)
    # rasterio counts from a pixel's corner, this project from its centre.
    return Grid(unit, (a, b, c + (a + b) / 2, d, e, f + (d + e) / 2), _name(crs), crs.is_geographic)


def parse_crs(text: str) -> tuple[str, bool]:
    """The name of a CRS as files carry it, "EPSG:4326" or WKT, and whether its coordinates are degrees.

    Args:
        text: of the option --crs.

    Raises:
        UserError: no CRS that rasterio knows, or rasterio is missing.
    """
    try:
        import_rasterio()
        from rasterio.crs import CRS
        from rasterio.errors import CRSError
    except ImportError:
        raise UserError(f"--crs {text}: needs the package rasterio. Fix: {PIP}") from None
    try:
        crs = CRS.from_user_input(text)
    except (CRSError, ValueError):
        raise UserError(
            f"--crs {text}: expected raster, pixels, map, or a coordinate reference system. Fix: e.g. --crs EPSG:4326"
        ) from None
    return _name(crs), crs.is_geographic


def converted(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """Points `(n, 2)` from one CRS to another, x (east, longitude) first."""
    from rasterio.crs import CRS
    from rasterio.warp import transform

    systems = (CRS.from_user_input(source), CRS.from_user_input(target))
    return np.stack(transform(*systems, *points.T), axis=1).astype(np.float64)


def _name(crs) -> str:
    if crs.to_epsg():
        return f"EPSG:{crs.to_epsg()}"
    return ":".join(crs.to_authority() or ()) or crs.to_wkt()


def _short(unit: str | None) -> str:
    return {"metre": "m", "meter": "m", "kilometre": "km"}.get(unit or "", (unit or "unit").lower().replace(" ", "_"))
