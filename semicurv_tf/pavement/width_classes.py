"""Length by width class: every step of a line counts for the class of the width that is measured there."""

import numpy as np
from scipy import ndimage

from semicurv_tf.errors import UserError
from semicurv_tf.vector.lines import tangents
from semicurv_tf.vector.segments import Segment, Vectors
from semicurv_tf.vector.widths import widths_along

_STEP_PX = 1.0


def parse_classes(text: str) -> tuple[float, ...]:
    """Bounds in mm between classes, rising: `1,3,10` are the classes 0 to 1, 1 to 3, 3 to 10, and 10 and more.

    Raises:
        UserError: no rising numbers above 0.
    """
    try:
        bounds = tuple(float(part) for part in text.split(","))
    except ValueError:
        bounds = ()
    if not bounds or not all(low < high for low, high in zip((0.0, *bounds), (*bounds, float("inf")))):
        raise UserError(
            f"--width-classes-mm {text}: expected rising numbers above 0 with commas between. "
            "Fix: --width-classes-mm 1,3,10"
        )
    return bounds


def class_names(bounds: tuple[float, ...]) -> list[str]:
    """Column names, such as `length_m_width_1_to_3_mm`.

    >>> class_names((1.0, 2.5))
    ['length_m_width_0_to_1_mm', 'length_m_width_1_to_2.5_mm', 'length_m_width_from_2.5_mm']
    """
    return [f"length_m_width_{span.replace(' ', '_')}_mm" for span in class_spans(bounds)]


def class_spans(bounds: tuple[float, ...]) -> list[str]:
    """The classes in words.

    >>> class_spans((1.0, 2.5))
    ['0 to 1', '1 to 2.5', 'from 2.5']
    """
    return [*(f"{low:g} to {high:g}" for low, high in zip((0.0, *bounds), bounds)), f"from {bounds[-1]:g}"]


def lengths_by_class(vectors: Vectors, mask: np.ndarray, bounds_px: tuple[float, ...]) -> np.ndarray:
    """Lengths of the lines of a mask by width class; they sum to the lines' length. Dots have none.

    Args:
        vectors: of the mask.
        mask: `(height, width)` bool.
        bounds_px: between the classes, rising, in pixels; a width of just a bound is of the class above.

    Returns:
        float64 `(classes,)`, in pixels.
    """
    found = np.zeros(len(bounds_px) + 1)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    for segment in vectors.segments:
        if segment.start != "dot":
            _, classes = classes_along(segment, mask, depth, bounds_px)
            share = np.bincount(classes, minlength=len(found)) / len(classes)
            found += segment.pixels.length * share
    return found


def classes_along(
    segment: Segment, mask: np.ndarray, depth: np.ndarray, bounds_px: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The width class of each step along a line.

    Args:
        segment, mask, depth: as for `step_widths`.
        bounds_px: between the classes, rising, in pixels.

    Returns:
        The ends of the steps, `(steps + 1, 2)` x, y in pixels; and the class of each step, `(steps,)`.
    """
    widths = step_widths(segment, mask, depth)
    along = _along(segment)
    ends = np.linspace(0.0, along[-1], len(widths) + 1)
    points = np.stack([np.interp(ends, along, axis) for axis in segment.points.T], axis=1)
    return points, np.searchsorted(bounds_px, widths, side="right")


def _along(segment: Segment) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(segment.points, axis=0).T))])


def step_widths(segment: Segment, mask: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Widths in pixels at steps of equal length along a line, at most its largest away from junctions.

    Args:
        segment: a line.
        mask: `(height, width)` bool.
        depth: its distance transform.
    """
    along = _along(segment)
    count = max(1, round(float(along[-1]) / _STEP_PX))
    middles = (np.arange(count) + 0.5) * along[-1] / count
    path = np.stack([np.interp(middles, along, axis) for axis in segment.points.T], axis=1)
    tangent = tangents(path, closed=False) if count > 1 else np.diff(segment.points[[0, -1]], axis=0)
    tangent = tangent / np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    column, row = np.clip(np.rint(path).astype(int), 0, np.array(mask.shape[::-1]) - 1).T
    return np.minimum(widths_along(mask, path, tangent, depth[row, column]), segment.pixels.max_width)
