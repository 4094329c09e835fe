"""What a network found in one image, and its lines."""

import dataclasses
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid
from semicurv_tf.vector.files import Reading, coordinates_of, require_writable, write_lines
from semicurv_tf.vector.jobs import Job
from semicurv_tf.vector.segments import Vectors
from semicurv_tf.vector.table import table_rows, write_table
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask

NOWHERE = Grid()  # of an image without map coordinates: pixels alone


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a network found in one image; rows from top to bottom, columns from left to right.

    Attributes:
        probability: of the foreground, float32 `(height, width)` in [0, 1]; 0 where there are no data.
        mask: where it exceeds the threshold, bool `(height, width)`; what `semicurv-tf predict` writes as 255.
        threshold: the one that the mask was made with.
        valid: where there are data, bool `(height, width)`; None: everywhere.
        grid: where the pixels lie on a map; without map coordinates of the image: nowhere.
        notes: what reading did to the image's values, in words.
        name: of the image's file, for the record in files of lines; "image" where it came from memory.
    """

    probability: np.ndarray
    mask: np.ndarray
    threshold: float
    valid: np.ndarray | None = None
    grid: Grid = NOWHERE
    notes: tuple[str, ...] = ()
    name: str = "image"

    def vectorize(
        self,
        output: str | Path | None = None,
        table: str | Path | None = None,
        *,
        rows: str = "segments",
        kind: str = "crack",
        scale_mm_per_px: float | None = None,
        prune_px: float = VectorSettings.prune_px,
        simplify_px: float = VectorSettings.simplify_px,
        min_length_px: float = VectorSettings.min_length_px,
        fill_px: int = VectorSettings.fill_px,
    ) -> Vectors:
        """The lines of the mask with lengths, widths and orientations, as `semicurv-tf vectorize` finds them.

        Args:
            output: also write them to this `.geojson` (longitude and latitude) or `.gpkg` file (the image's own map
                coordinates); of an image without map coordinates in pixels, x right, y down.
            table: also write their measures to this `.csv` file.
            rows: what a row of the table is: "segments" or "cracks".
            kind: what the lines are of: "crack", "road", "vessel" or "membrane"; it names attributes.
            scale_mm_per_px: size of a pixel in mm, of images without map coordinates.
            prune_px, simplify_px, min_length_px, fill_px: see `VectorSettings`.

        Returns:
            `segments` with their `points` `(n, 2)`, x, y in pixels, and measures; `summary()` has the sums. An empty
            mask has no segment.

        Raises:
            UserError: a file has another suffix or cannot be written, or a scale beside map coordinates.
        """
        if rows not in ("segments", "cracks"):
            raise UserError(f'rows: expected "segments" or "cracks", found {rows!r}. Fix: rows="segments"')
        _expect_suffix("output", output, ".geojson", ".gpkg")
        _expect_suffix("table", table, ".csv")
        settings = VectorSettings(prune_px, simplify_px, min_length_px, fill_px)
        valid = None if self.valid is None else int(np.count_nonzero(self.valid))
        vectors = vectorize_mask(self.mask, settings, self._grid(scale_mm_per_px), valid)
        if output is not None:
            job = Job(Path(self.name), self.name, Path(output))
            require_writable({job.format}, "raster")
            coordinates = coordinates_of(vectors.grid, "raster", job.format)
            write_lines(job, vectors, self.mask, settings, Reading(kind=kind), coordinates)
        if table is not None:
            write_table(Path(table), table_rows(vectors, self.name, rows, kind))
        return vectors

    def _grid(self, scale_mm_per_px: float | None) -> Grid:
        if scale_mm_per_px is None:
            return self.grid
        if self.grid.transform is not None:
            raise UserError(
                f"scale_mm_per_px: {self.name} has map coordinates, which say how large a pixel is. Fix: leave it out"
            )
        if not scale_mm_per_px > 0:
            raise UserError(f"scale_mm_per_px: expected a number above 0, found {scale_mm_per_px}. Fix: leave it out")
        return Grid("mm", scale=scale_mm_per_px)


def _expect_suffix(argument: str, path: str | Path | None, *suffixes: str) -> None:
    if path is not None and Path(path).suffix.lower() not in suffixes:
        fix = Path(path).with_suffix(suffixes[0])
        raise UserError(f"{argument}: expected a {' or '.join(suffixes)} file, found {path}. Fix: {fix}")
