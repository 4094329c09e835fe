"""Map coordinates of rasters, by rasterio (the extra `geo`)."""

from pathlib import Path

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
    crs = dataset.crs or projection_beside(Path(dataset.name))
    if crs is None or dataset.transform.is_identity:
        return None
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    unit = "m" if crs.is_geographic else _short(_unit(crs))
    # rasterio counts from a pixel's corner, this project from its centre.
    centred = (a, b, c + (a + b) / 2, d, e, f + (d + e) / 2)
    # 0.9 where it is in grads, as older systems of France are
    degrees = round(float(crs.units_factor[1] / np.radians(1)), 12) if crs.is_geographic else 1.0
    return Grid(unit, centred, _name(crs), crs.is_geographic, mercator=_mercator(crs), degrees=degrees)


def world_file(image: Path) -> Path | None:
    """The world file beside an image (`.tfw`, `.tifw`, `.wld`, ... of any case), or None."""
    suffix = image.suffix
    ends = (f"{suffix[:2]}{suffix[-1]}w", f"{suffix}w", ".wld") if len(suffix) > 2 else (".wld",)
    return next((path for end in ends if (path := _beside(image, end)) is not None), None)


def projection_beside(image: Path):
    """The CRS of the `.prj` file beside an image, in OGC's or ESRI's WKT; None where there is none.

    Raises:
        UserError: the file holds no CRS that rasterio knows.
    """
    path = _beside(image, ".prj")
    if path is None:
        return None
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_wkt(path.read_text(encoding="utf-8-sig").strip())
    except (CRSError, ValueError, OSError) as error:
        raise UserError(
            f"{path}: expected a coordinate reference system as WKT, found none ({' '.join(str(error).split())[:80]}). "
            "Fix: write it again, or remove the file"
        ) from None


def _beside(image: Path, suffix: str) -> Path | None:
    for end in (suffix, suffix.upper()):
        path = image.with_suffix(end)
        if path.is_file():
            return path
    return None


def _mercator(crs) -> str | None:
    """Which Mercator map a CRS is, see `Grid.mercator`."""
    if crs.is_geographic:
        return None
    known = {3857: "web", 900913: "web", 3785: "web", 102100: "web", 102113: "web", 3395: "world"}
    wkt = crs.to_wkt()
    found = known.get(crs.to_epsg())
    if found is None and ("Mercator_Auxiliary_Sphere" in wkt or "Pseudo-Mercator" in wkt or "Pseudo Mercator" in wkt):
        found = "web"
    return found


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


class NoPlace(UserError):
    """Coordinates that no other reference system has a place for."""


def converted(points: np.ndarray, source, target, fix: str) -> np.ndarray:
    """Points `(n, 2)` from one CRS to another, x (east, longitude) first; each as rasterio takes it.

    Args:
        fix: what the user can do where that fails.

    Returns:
        float64 `(n, 2)`; some PROJ operations give infinity for points outside of their area.

    Raises:
        NoPlace: either CRS is a local one, or points lie outside of its area; the file is not named.
    """
    from rasterio.crs import CRS
    from rasterio.warp import transform

    systems = (CRS.from_user_input(source), CRS.from_user_input(target))
    if not len(points) or systems[0] == systems[1]:
        return points
    for crs in systems:
        if _is_local(crs):
            raise NoPlace(
                f"expected coordinates that lie somewhere on the earth, found those of a local CRS ({title(crs)}). "
                f"Fix: {fix}"
            )
    try:
        return np.stack(transform(*systems, *points.T), axis=1).astype(np.float64).reshape(-1, 2)
    except Exception as error:  # GDAL's own kinds, of which rasterio lets private ones through
        raise NoPlace(
            f"expected coordinates within the area of {title(systems[0])}, found x {_span(points[:, 0])}, y "
            f"{_span(points[:, 1])}, which have no place in {title(systems[1])} "
            f"({' '.join(str(error).split())[:120]}). Fix: {fix}"
        ) from None


def _is_local(crs) -> bool:
    """Whether a CRS is a site's own, which no other knows of."""
    return crs.to_wkt().startswith(("LOCAL_CS[", "ENGCRS[", "ENGINEERINGCRS["))


def title(crs) -> str:
    """The name of a CRS in a sentence: its code, or what its WKT calls it."""
    return short_name(_name(crs))


def short_name(name: str) -> str:
    """The name of a CRS in a sentence, from what a `Grid` carries: a code, or what WKT calls it.

    Example:
        >>> short_name("EPSG:32633"), short_name('LOCAL_CS["site grid",UNIT["metre",1]]')
        ('EPSG:32633', 'site grid')
    """
    return name.split('"')[1] if '["' in name else name


def _span(values: np.ndarray) -> str:
    return f"{values.min():.6g} to {values.max():.6g}"


def _name(crs) -> str:
    if crs.to_epsg():
        return f"EPSG:{crs.to_epsg()}"
    return ":".join(crs.to_authority() or ()) or crs.to_wkt()


def _unit(crs) -> str:
    """The unit of a CRS's coordinates: `linear_units` knows that of projected ones alone, not that of a site grid."""
    return crs.linear_units if crs.is_projected else crs.units_factor[0]


def _short(unit: str | None) -> str:
    return {"metre": "m", "meter": "m", "kilometre": "km"}.get(unit or "", (unit or "unit").lower().replace(" ", "_"))
