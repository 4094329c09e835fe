"""Lines and measures of a mask that was just written: NAME.geojson and NAME.csv beside it."""

from pathlib import Path

from semicurv_tf.errors import UserError


def write_vectors(mask: Path, lines: Path, table: Path) -> tuple[str, ...]:
    """Vectorises a mask as `semicurv-tf vectorize` does by default.

    Args:
        mask: the mask file; map coordinates where it has any.
        lines: the GeoJSON to write.
        table: the CSV to write, a row per line between junctions.

    Returns:
        What is worth saying.

    Raises:
        UserError: the mask cannot be vectorised, or a result cannot be written.
    """
    from semicurv_tf.vector.files import vectorize_file
    from semicurv_tf.vector.jobs import Job
    from semicurv_tf.vector.table import write_table

    outcome = vectorize_file(Job(mask, mask.name, lines))
    if outcome.faults:
        raise UserError(outcome.faults)
    write_table(table, outcome.rows)
    return outcome.notes
