"""Tables of lines: a row for each segment, for each crack, or for each image."""

import csv
from collections.abc import Iterable
from pathlib import Path

from semicurv_tf.spreadsheet import cell
from semicurv_tf.vector.segments import Segment, Vectors
from semicurv_tf.whole_files import written_whole

ROWS = ("segments", "cracks")


def segment_row(segment: Segment, unit: str | None, kind: str = "crack") -> dict:
    """A segment's numbers by column name: pixels first, then the same in the unit; `kind` names the structure."""
    row = {kind: segment.crack, "segment": segment.number, "start": segment.start, "end": segment.end}
    for name, measures in (("px", segment.pixels), (unit, segment.units)):
        if measures is not None and name is not None:
            row |= _lengths(measures.length, measures.mean_width, measures.max_width, name)
    orientation = (segment.units or segment.pixels).orientation_deg
    bridged = {} if segment.bridged_px is None else {"bridged_px": _rounded(segment.bridged_px)}
    return row | {"orientation_deg": None if orientation is None else round(orientation, 2)} | bridged


def crack_rows(vectors: Vectors, kind: str = "crack") -> list[dict]:
    """A row for each crack, that is each connected structure: its segments' sums, means and maxima.

    The mean width is weighted by length.
    """
    members: dict[int, list[Segment]] = {}
    for segment in vectors.segments:
        members.setdefault(segment.crack, []).append(segment)
    rows = []
    for crack, segments in members.items():
        row = {kind: crack, "segments": len(segments)}
        for unit in filter(None, ("px", vectors.grid.unit)):
            either = (segment.pixels if unit == "px" else segment.units for segment in segments)
            each = [measures for measures in either if measures is not None]
            length = sum(one.length for one in each)
            width = sum(one.length * one.mean_width for one in each) / length if length else each[0].mean_width
            row |= _lengths(length, width, max(one.max_width for one in each), unit)
        rows.append(row)
    return rows


def table_rows(vectors: Vectors, image: str, rows: str = "segments", kind: str = "crack") -> list[dict]:
    """The rows of one image for a table.

    Args:
        vectors: of `vectorize_mask`.
        image: its name, in the first column.
        rows: "segments", or "cracks" (also called "structures").
        kind: what the column of the structure's number is called.
    """
    found = (
        [segment_row(each, vectors.grid.unit, kind) for each in vectors.segments]
        if rows == "segments"
        else crack_rows(vectors, kind)
    )
    return [{"image": image} | row for row in found]


def summary_row(vectors: Vectors, image: str) -> dict:
    """The sums over one image, its name in the first column."""
    return {"image": image} | {
        name: _rounded(value) if isinstance(value, float) else value for name, value in vectors.summary().items()
    }


def write_table(path: Path, rows: Iterable[dict]) -> None:
    """Writes rows as CSV, whole or not at all; columns in the order of their first use, empty where a row has none.

    Raises:
        UserError: the file cannot be written.
    """
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or ["image"])
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)


def _lengths(length: float, mean_width: float, max_width: float, unit: str) -> dict:
    numbers = {f"length_{unit}": length, f"mean_width_{unit}": mean_width, f"max_width_{unit}": max_width}
    return {name: _rounded(value) for name, value in numbers.items()}


def _rounded(value: float) -> float:
    """Six digits: more than any mask holds."""
    return float(f"{value:.6g}")
