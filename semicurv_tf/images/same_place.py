"""Whether two georeferenced files of one size lie at one place on the map; headers alone are read."""

from pathlib import Path
from shlex import quote

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.georeference import NoPlace, converted, projection_beside
from semicurv_tf.images.header import read_header
from semicurv_tf.images.rasters import open_dataset

LARGEST_OFFSET_PX = 0.5
_ROUNDING_PX = 0.01  # of world files, and of a pixel's centre against its corner


def check_same_place(image: Path, other: Path) -> None:
    """Refuses a file whose pixels lie elsewhere on the map than those of its image, which has the same size.

    Compared are the corners, in the image's reference system: two names of one system are no fault. Files without map
    coordinates pass, and all files where rasterio is not installed.

    Args:
        image: its file.
        other: of a mask of it, or of what else has its pixels.

    Raises:
        UserError: they lie more than half a pixel apart, or nowhere in the image's system.
    """
    own = _place(other)
    expected = None if own is None else _place(image)
    if own is None or expected is None:
        return
    crs, transform, corners = own
    image_crs, image_transform, _ = expected
    placed = corners @ transform[:, :2].T + transform[:, 2]
    if crs is not None and image_crs is not None and crs != image_crs:
        placed = _converted(placed, crs, image_crs)
    back = np.linalg.solve(image_transform[:, :2], (placed - image_transform[:, 2]).T).T
    offsets = back - corners
    if np.isfinite(offsets).all() and np.abs(offsets).max() <= LARGEST_OFFSET_PX + _ROUNDING_PX:
        return
    names = "" if crs == image_crs or None in (crs, image_crs) else f", {_name(crs)} beside {_name(image_crs)}"
    raise UserError(
        f"{other}: expected the map coordinates of its image {image.name}, found {_said(offsets)}{names}. "
        f"Fix: {_remedy(image, other, crs is not None and image_crs is not None)}"
    )


def _place(path: Path):
    """CRS or None, transform `(2, 3)` of pixel corners, and the corners `(4, 2)` as columns and rows; None: nowhere."""
    header = read_header(path)
    if not header.georeferenced or header.turned:
        return None
    try:
        with open_dataset(path) as dataset:
            if dataset.transform.is_identity:
                return None
            transform = np.array(tuple(dataset.transform)[:6]).reshape(2, 3)
            width, height = dataset.width, dataset.height
            crs = dataset.crs or projection_beside(path)
    except UserError:
        raise
    except Exception:  # no rasterio, or what it cannot open: reading the pixels will say
        return None
    if abs(np.linalg.det(transform[:, :2])) == 0:
        return None
    return crs, transform, np.array([[0, 0], [width, 0], [0, height], [width, height]], float)


def _converted(points: np.ndarray, source, target) -> np.ndarray:
    try:
        return converted(points, source, target, fix="")  # no reader sees it: the place is compared in another way
    except NoPlace:
        on_earth = all(crs.is_geographic or crs.is_projected for crs in (source, target))
        # Of local systems, the numbers are all that can be compared; on the earth, these are no coordinates of it.
        return np.full_like(points, np.nan) if on_earth else points


def _said(offsets: np.ndarray) -> str:
    if not np.isfinite(offsets).all():
        return "a place that cannot be told in its coordinates"
    columns, rows = np.round(offsets[np.abs(offsets).max(axis=1).argmax()], 2) + 0.0  # no -0
    return f"a corner {columns:+.4g} columns and {rows:+.4g} rows away"


def _remedy(image: Path, other: Path, warpable: bool) -> str:
    like = f"--like {quote(str(image))}"
    keep = f"rio edit-info {quote(str(other))} {like} --crs like --transform like"
    if not warpable:
        return f"{keep}, where the pixels fit as they are"
    warp = f"rio warp {quote(str(other))} WARPED.tif {like}, and WARPED.tif in its place"
    return f"{warp}; or, where the pixels fit as they are, {keep}"


def _name(crs) -> str:
    return f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.to_wkt()[:60]
