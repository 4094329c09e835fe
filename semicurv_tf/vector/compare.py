"""Completeness, correctness and quality of extracted lines against given ones, by the buffer method (Heipke, Mayer,
Wiedemann and Jamet 1997, "Evaluation of automatic road extraction", IAPRS 32; Wiedemann et al. 1998).

    completeness = given line within the buffer of the extracted / given line
    correctness  = extracted line within the buffer of the given / extracted line
    quality      = matched extracted line / (extracted line + given line that was missed)

All are lengths. Whether two lines run in the same direction is not asked for. `metrics/road_buffer.py` counts pixels of
centrelines likewise; this measures lines.
"""

import dataclasses

import numpy as np
import shapely

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid

_QUARTER_CIRCLE_SEGMENTS = 16  # a buffer's round end is 0.1 % too small at most


@dataclasses.dataclass(frozen=True)
class Buffer:
    """The largest distance of lines that are the same: a number of pixels, or of the unit of the grid."""

    size: float
    unit: str

    def __str__(self):
        return f"{self.size:g} {self.unit}"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Lengths in one unit: of the extracted and of the given lines, and how much of each is matched."""

    extracted: float
    right: float
    given: float
    found: float

    def __add__(self, other: "Comparison") -> "Comparison":
        sums = zip(dataclasses.astuple(self), dataclasses.astuple(other))
        return Comparison(*(one + another for one, another in sums))

    @property
    def completeness(self) -> float:
        """Found share of the given lines; 1 where none are given and none were extracted, 0 where some were."""
        return _share(self.found, self.given, self.extracted)

    @property
    def correctness(self) -> float:
        """Right share of the extracted lines; 1 where none were extracted and none are given, 0 where some are."""
        return _share(self.right, self.extracted, self.given)

    @property
    def quality(self) -> float:
        """Both in one number; 1 where no line is on either side."""
        whole = self.extracted + self.given - self.found
        return self.right / whole if whole else 1.0

    def said(self, buffer: Buffer) -> str:
        """In words, for the user."""
        return (
            f"completeness {self.completeness:.3f}, correctness {self.correctness:.3f}, quality {self.quality:.3f} "
            f"within {buffer} ({self.extracted:.4g} {buffer.unit} extracted, {self.given:.4g} {buffer.unit} given)"
        )


def parse_buffer(text: str) -> Buffer:
    """A buffer as users write it: `3px`, `5m`, `2.5 mm`.

    Raises:
        UserError: another form, or not above 0.
    """
    digits = text.strip().rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ")
    unit = text.strip()[len(digits) :].strip()
    try:
        size = float(digits)
    except ValueError:
        size = 0.0
    if not (0 < size < np.inf and unit):
        raise UserError(f"--buffer {text}: expected a number above 0 and its unit, px or m. Fix: --buffer 3px")
    return Buffer(size, unit)


def compare_lines(
    extracted: list[np.ndarray], given: list[np.ndarray], buffer: Buffer, grid: Grid, shape: tuple[int, int]
) -> Comparison:
    """Compares lines of one image.

    Args:
        extracted, given: `(n, 2)` each, x, y in pixels.
        buffer: how far lines may be apart.
        grid: what a pixel is; where it differs over the image (degrees, Mercator), that of the middle is taken.
        shape: height and width of the image.

    Returns:
        Lengths in the unit of the buffer.

    Raises:
        UserError: the buffer is in a unit that the image does not have.
    """
    if buffer.unit == "px":
        matrix = np.eye(2)
    elif buffer.unit == grid.unit:
        (matrix,) = grid.step_matrices(np.array([[(shape[1] - 1) / 2, (shape[0] - 1) / 2]]))
    else:
        known = f"px or {grid.unit}" if grid.unit else "px, as it has no map coordinates"
        raise UserError(f"--buffer {buffer}: expected {known}. Fix: --buffer 3px")
    ours, theirs = (np.array([shapely.LineString(line @ matrix.T) for line in lines]) for lines in (extracted, given))
    return Comparison(
        float(shapely.length(ours).sum()), _within(ours, theirs, buffer.size),
        float(shapely.length(theirs).sum()), _within(theirs, ours, buffer.size),
    )  # fmt: skip


def _within(lines: np.ndarray, others: np.ndarray, size: float) -> float:
    """The length of lines that lies within the buffer of others."""
    if not len(lines) or not len(others):
        return 0.0
    tree, length = shapely.STRtree(others), 0.0
    for line in lines:
        near = others[tree.query(line, predicate="dwithin", distance=size)]
        if len(near):
            around = shapely.union_all(shapely.buffer(near, size, quad_segs=_QUARTER_CIRCLE_SEGMENTS))
            length += shapely.intersection(line, around).length
    return length


def _share(part: float, whole: float, other: float) -> float:
    return part / whole if whole else float(other == 0)
