"""What a tool's file says of an image: shapes in one frame of coordinates, whatever the tool.

Coordinates: x to the right, y down, in pixels of the image as it is displayed (its orientation tag obeyed). Corners of
pixels lie at whole numbers: the image covers [0, width] x [0, height], the first pixel's centre is (0.5, 0.5). That is
what labelme, CVAT, COCO and Label Studio mean (their canvas or their percentages begin at the image's edge), and what
an affine transform of a GeoTIFF gives.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_NOT_KNOWN = (None, "", 0, "0")  # as exporters write a width that they do not know
AREA_LABELS = frozenset({"labelled area", "labeled area", "labelled_area", "labeled_area", "roi"})
BACKGROUND_LABELS = frozenset({"_background_", "background"})
IGNORE_LABELS = frozenset({"__ignore__", "ignore"})


@dataclass(frozen=True)
class Polygon:
    """A filled area: rings of (n, 2) float64 corners; what an even number of rings encloses is a hole."""

    label: str
    rings: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Line:
    """An open line through (n, 2) float64 points, n >= 2; its width is chosen when it is drawn."""

    label: str
    points: np.ndarray


@dataclass(frozen=True)
class Ellipse:
    """Filled; `angle` turns its x radius clockwise as seen, in radians."""

    label: str
    centre: tuple[float, float]
    radii: tuple[float, float]
    angle: float = 0.0


@dataclass(frozen=True)
class Patch:
    """Painted pixels: `mask` bool (height, width), its first pixel in column `left`, row `top` of the image."""

    label: str
    left: int
    top: int
    mask: np.ndarray


Shape = Polygon | Line | Ellipse | Patch


@dataclass(frozen=True)
class AnnotatedImage:
    """One image and what was drawn on it.

    Attributes:
        name: relative path without suffix, as it will be called.
        image: the file, or the bytes of one that the annotation carries.
        size: (width, height) as displayed, in pixels, which the shapes fit.
        shapes: later ones lie over earlier ones.
        looked_at: whether someone surely saw it: then no shape means that nothing is there.
        unread: how many more shapes were drawn on it that could not be read: then no shape means nothing.
        source: the file that says so; several files of one image are taken together.
        corrected: False where a prediction of this package is as it was written.
    """

    name: str
    image: Path | bytes
    size: tuple[int, int]
    shapes: tuple[Shape, ...]
    looked_at: bool
    unread: int = 0
    source: Path | None = None
    corrected: bool = True


@dataclass
class Annotations:
    """What a reader found.

    Attributes:
        images: in the order of the files.
        passed_over: reason to how often; nothing is left out without one.
        faults: a line per file that cannot be read.
    """

    images: list[AnnotatedImage] = field(default_factory=list)
    passed_over: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def readable(self, drawn: Iterable[Shape | str]) -> tuple[tuple[Shape, ...], int]:
        """The shapes, in their order, and how many more could not be read: their reasons are counted."""
        all_drawn = list(drawn)
        reasons = [one for one in all_drawn if isinstance(one, str)]
        self.passed_over.update(reasons)
        return tuple(one for one in all_drawn if not isinstance(one, str)), len(reasons)


def of_another_size(width, height, size: tuple[int, int]) -> bool:
    """Whether a file's width and height, as numbers or text, differ from an image's; without both it does not say.

    Example:
        >>> [of_another_size(*one, size=(128, 96)) for one in (("128", 96.0), (0, None), (64, 96))]
        [False, False, True]
    """
    if any(value in _NOT_KNOWN for value in (width, height)):
        return False
    try:
        return (float(width), float(height)) != size
    except (TypeError, ValueError):
        return True


def points_of(values, least: int) -> np.ndarray:
    """(n, 2) float64 from pairs of numbers.

    Raises:
        ValueError: fewer than `least` points, no pairs, or a number that is not finite.
    """
    try:
        points = np.asarray(values, np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        raise ValueError("expected numbers that a float holds") from None
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < least or not np.isfinite(points).all():
        raise ValueError(f"expected at least {least} finite points (x, y)")
    return points


def box(label: str, left: float, top: float, right: float, bottom: float, degrees: float = 0.0, about=None) -> Polygon:
    """A rectangle, turned clockwise as seen by `degrees` about a point (default: its middle).

    Raises:
        ValueError: a number is not finite.
    """
    corners = points_of([(left, top), (right, top), (right, bottom), (left, bottom)], 4)
    if degrees:
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        about = corners.mean(axis=0) if about is None else np.asarray(about, np.float64)
        corners = (corners - about) @ turn + about
    return Polygon(label, (points_of(corners, 4),))
