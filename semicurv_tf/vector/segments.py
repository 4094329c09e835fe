"""What a mask's lines are: segments with their measures, and the sums over an image.

Measures come in pixels and, where the grid has a unit, in that unit too. Orientations are in degrees, 0 to 180,
counter-clockwise from the direction of x (east), with y taken upwards: 0 is -, 45 is /, 90 is |.
"""

import dataclasses

import numpy as np

from semicurv_tf.images.grid import Grid
from semicurv_tf.wording import counted


@dataclasses.dataclass(frozen=True)
class Measures:
    """Length, widths and orientation of a line in one unit.

    Attributes:
        length: of the smoothed line.
        mean_width, max_width: away from junctions; the largest is one of five points' means.
        orientation_deg: of the line's steps weighted by their length; None where no direction prevails, as of a
            circle or a dot.
    """

    length: float
    mean_width: float
    max_width: float
    orientation_deg: float | None


@dataclasses.dataclass(frozen=True)
class Segment:
    """A line between two nodes (end points or junctions), a closed line, or a dot.

    Attributes:
        crack: number of the connected structure that it is part of, from 1.
        number: from 1, unique in the image.
        start, end: "end", "junction", "closed" or "dot": what is there.
        start_node, end_node: numbers of the nodes there; a dot has one.
        points: float64 `(n, 2)` x, y in pixels, simplified; one point for a dot.
        pixels: measures in pixels.
        units: the same in the grid's unit; None where it has none.
        bridged_px: how much of it runs over gaps that were bridged; None where none were looked for.
    """

    crack: int
    number: int
    start: str
    end: str
    start_node: int
    end_node: int
    points: np.ndarray
    pixels: Measures
    units: Measures | None
    bridged_px: float | None = None


@dataclasses.dataclass(frozen=True)
class Node:
    """Where lines end, meet, or close.

    Attributes:
        crack: number of the connected structure that it is part of, from 1.
        number: from 1, unique in the image.
        kind: "end", "junction", "closed" or "dot".
        degree: how many lines arrive; a closed line does so twice.
        point: float64 `(2,)` x, y in pixels, exactly where the lines that arrive begin or end.
    """

    crack: int
    number: int
    kind: str
    degree: int
    point: np.ndarray


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """How much was left out, and joined.

    Attributes:
        dots, pieces: structures under the smallest length: those of one point, and the others.
        twigs: short branches that were pruned.
        bridges: gaps that were bridged, and ends that were led on to a line.
        under_px: the smallest length.
    """

    dots: int = 0
    pieces: int = 0
    twigs: int = 0
    bridges: int = 0
    under_px: float = 0.0

    def __add__(self, other: "LeftOut") -> "LeftOut":
        return LeftOut(
            self.dots + other.dots, self.pieces + other.pieces, self.twigs + other.twigs,
            self.bridges + other.bridges, max(self.under_px, other.under_px),
        )  # fmt: skip

    def said(self) -> str:
        """In words, for the user; empty where nothing was left out."""
        short = [counted(count, noun) for count, noun in ((self.dots, "dot"), (self.pieces, "piece")) if count]
        parts = [f"{' and '.join(short)} under {self.under_px:g} px left out"] if short else []
        return ", ".join([*parts, *([f"{counted(self.twigs, 'twig')} pruned"] if self.twigs else [])])


NOTHING = LeftOut()


@dataclasses.dataclass(frozen=True)
class Vectors:
    """The lines of one mask.

    Attributes:
        shape: height and width of the mask in pixels.
        grid: where its pixels lie.
        segments: all of them, those of a crack one after the other.
        nodes: all of them, likewise; number n is the n-th.
        foreground, valid: pixels that are foreground, and that count at all.
        left_out: what is not among them.
    """

    shape: tuple[int, int]
    grid: Grid
    segments: tuple[Segment, ...]
    nodes: tuple[Node, ...]
    foreground: int
    valid: int
    left_out: LeftOut = NOTHING

    @property
    def junctions(self) -> np.ndarray:
        """`(n, 2)` x, y in pixels."""
        return self._points("junction")

    @property
    def end_points(self) -> np.ndarray:
        """`(n, 2)` x, y in pixels, as the lines are drawn."""
        return self._points("end")

    def _points(self, kind: str) -> np.ndarray:
        return np.reshape([node.point for node in self.nodes if node.kind == kind], (-1, 2))

    def summary(self) -> dict[str, float | int]:
        """Sums over the image: counts, total length, density (length per area), mean and largest width.

        The mean width is weighted by length. Densities are in 1/px and in units per square unit.
        """
        lines = [segment for segment in self.segments if segment.start != "dot"]
        summary = {
            "components": len({segment.crack for segment in self.segments}),
            "dots": len(self.segments) - len(lines),
            "segments": len(lines),
            "junctions": len(self.junctions),
            "end_points": len(self.end_points),
            "foreground_percent": 100.0 * self.foreground / max(1, self.valid),
            **{f"left_out_{name}": getattr(self.left_out, name) for name in ("dots", "pieces", "twigs")},
            "bridges": self.left_out.bridges,
        }
        pixel_area = self.grid.pixel_area(self.shape)
        for name, area in (("px", self.valid), (self.grid.unit, self.valid * pixel_area)):
            if name is None:
                continue
            each = [found for segment in lines if (found := segment.pixels if name == "px" else segment.units)]
            length = sum(measures.length for measures in each)
            weighted = sum(measures.length * measures.mean_width for measures in each)
            summary[f"total_length_{name}"] = length
            summary[f"density_per_{name}"] = length / area if area else 0.0
            summary[f"mean_width_{name}"] = weighted / length if length else 0.0
            summary[f"max_width_{name}"] = max((measures.max_width for measures in each), default=0.0)
        return summary


def measure(line: np.ndarray, width_px: np.ndarray, at: np.ndarray, tangent: np.ndarray, grid: Grid) -> Measures:
    """Measures of a line in the unit of a grid (`Grid()` for pixels).

    Args:
        line: `(n, 2)` x, y in pixels, smoothed.
        width_px: `(m,)` widths in pixels.
        at, tangent: `(m, 2)` where the widths were taken, and the line's unit directions there.
        grid: what a pixel is.
    """
    steps = np.einsum("nij,nj->ni", grid.step_matrices((line[1:] + line[:-1]) / 2), np.diff(line, axis=0))
    matrices = grid.step_matrices(at)
    # A strip keeps its area when it is stretched: its width grows by the area's factor over the length's.
    stretch = np.abs(np.linalg.det(matrices)) / np.hypot(*np.einsum("nij,nj->ni", matrices, tangent).T)
    width = width_px * stretch
    return Measures(float(np.hypot(*steps.T).sum()), float(width.mean()), float(width.max()), _orientation(steps))


def _orientation(steps: np.ndarray) -> float | None:
    """The axis of steps `(n, 2)`, y up, by the mean of their doubled angles; None where they go all ways alike."""
    if not len(steps):
        return None
    length = np.hypot(*steps.T)
    doubled = 2 * np.arctan2(steps[:, 1], steps[:, 0])
    x, y = (length * np.cos(doubled)).sum(), (length * np.sin(doubled)).sum()
    if np.hypot(x, y) < 0.02 * length.sum() or length.sum() == 0:
        return None
    return float(np.degrees(np.arctan2(y, x)) / 2 % 180.0)
