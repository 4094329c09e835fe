"""Lines and measures of a mask that was just written: NAME.geojson or NAME.gpkg, and NAME.csv beside it."""

import dataclasses
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.vector.segments import LeftOut

_PIXELS = "lines in pixels, x right, y down: no map coordinates"


@dataclasses.dataclass(frozen=True)
class LineOptions:
    """How lines are written; plain values, so that they travel to workers.

    Attributes:
        format: "geojson" or "gpkg".
        crs: "raster" for map coordinates where there are any, "pixels", "map", or of a GeoPackage a CRS.
        min_length_px: connected structures of less length in all, and dots, are left out.
        kind: what the lines are of: "crack", "road", "vessel" or "membrane".
    """

    format: str = "geojson"
    crs: str = "raster"
    min_length_px: float = 10.0
    kind: str = "crack"


def require_lines(options: LineOptions) -> None:
    """Says before anything is predicted that lines cannot be written so.

    Raises:
        UserError: the reference system is none, or none of GeoJSON's; or a package is missing.
    """
    from semicurv_tf.vector.files import require_writable

    require_writable({options.format}, options.crs)


def write_vectors(
    mask: Path, lines: Path, table: Path, options: LineOptions = LineOptions()
) -> tuple[tuple[str, ...], LeftOut]:
    """Vectorises a mask as `semicurv-tf vectorize` does.

    Args:
        mask: the mask file; map coordinates where it has any.
        lines: the GeoJSON or GeoPackage to write.
        table: the CSV to write, a row per line between junctions.
        options: of the lines.

    Returns:
        What is worth saying, and what was left out.

    Raises:
        UserError: the mask cannot be vectorised, or a result cannot be written.
    """
    from semicurv_tf.vector.files import Reading, vectorize_file
    from semicurv_tf.vector.jobs import Job
    from semicurv_tf.vector.table import write_table
    from semicurv_tf.vector.vectorize import VectorSettings

    settings = VectorSettings(min_length_px=options.min_length_px)
    outcome = vectorize_file(Job(mask, mask.name, lines), settings, Reading(crs=options.crs, kind=options.kind))
    if outcome.faults:
        raise UserError(outcome.faults)
    write_table(table, outcome.rows)
    in_pixels = (_PIXELS,) if outcome.crs is None and options.crs != "pixels" else ()
    return (*outcome.notes, *in_pixels), outcome.left_out
