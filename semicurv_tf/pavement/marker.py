"""The scale from a square marker of known size that lies on the pavement: found by OpenCV, or told by the user.

OpenCV finds ArUco markers: squares of black and white cells, printed from any of its dictionaries of 4x4 to 7x7 cells.
"""

import math
from collections.abc import Sequence

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.pavement.scale import Scale

INSTALL = "pip install 'semicurv-tf[marker]'"
# Larger cells are mistaken for pavement least; the first dictionary that finds a marker is taken.
DICTIONARIES = ("DICT_6X6_1000", "DICT_7X7_1000", "DICT_5X5_1000", "DICT_4X4_1000")
SMALLEST_PX = 16.0  # side of a marker
MOST_SKEW = 0.25  # by which its sides may differ, as a share of their mean: beyond, the camera looks too much aslant
FOUND_ERROR_PX, TOLD_ERROR_PX = 0.5, 1.0  # of a corner that OpenCV found, and of an edge that a user read off


def require_opencv():
    """OpenCV's module.

    Raises:
        UserError: it is not installed.
    """
    try:
        import cv2
    except ImportError:
        raise UserError(
            f"--marker-cm: expected the package opencv-python-headless, found none. Fix: {INSTALL}, or "
            "--marker-px LEFT,TOP,RIGHT,BOTTOM"
        ) from None
    return cv2


def parse_box(text: str) -> tuple[float, float]:
    """Width and height in pixels of a box `left,top,right,bottom`, whose edges are the marker's.

    Raises:
        UserError: no four rising numbers.
    """
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
        width, height = right - left, bottom - top
        if width > 0 and height > 0 and math.isfinite(width * height):
            return width, height
    except ValueError:
        pass
    raise UserError(
        f"--marker-px {text}: expected the marker's LEFT,TOP,RIGHT,BOTTOM in pixels, rising. "
        "Fix: --marker-px 100,120,340,362"
    )


def from_box(box: tuple[float, float], marker_cm: float) -> Scale:
    """The scale by a marker that the user measured in the image.

    Args:
        box: of `parse_box`.
        marker_cm: the marker's side in cm.

    Example:
        >>> scale = from_box((200.0, 200.0), 10.0)
        >>> scale.mm_per_px, round(scale.error_percent, 2)
        (0.5, 0.71)
    """
    return _scale(box, marker_cm, TOLD_ERROR_PX, f"marker of {marker_cm:g} cm, as told")


def find_marker(image: np.ndarray, marker_cm: float, name: str) -> Scale:
    """The scale by the ArUco markers of an image; of several, by all their sides.

    Args:
        image: uint8 `(height, width, 3)`.
        marker_cm: side of the black square in cm.
        name: of the image, for messages.

    Raises:
        UserError: no marker, one that is too small or seen too much aslant, or no OpenCV.
    """
    cv2 = require_opencv()
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    for dictionary in DICTIONARIES:
        detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary)), settings)
        corners, _, _ = detector.detectMarkers(grey)
        sides = [np.linalg.norm(np.roll(one[0], -1, 0) - one[0], axis=1) for one in corners]
        good = [each for each in sides if each.mean() >= SMALLEST_PX and np.ptp(each) <= MOST_SKEW * each.mean()]
        if good:
            found = f"{len(good)} markers" if len(good) > 1 else "a marker"
            said = f"{found} of {marker_cm:g} cm, {dictionary.split('_')[1].lower()}"
            return _scale(np.concatenate(good), marker_cm, FOUND_ERROR_PX, said)
    raise UserError(
        f"{name}: expected an ArUco marker of at least {SMALLEST_PX:g} px a side, seen from above, found none. "
        "Fix: --marker-px LEFT,TOP,RIGHT,BOTTOM with the edges of a square of that size, or --mm-per-px"
    )


def _scale(sides_px: Sequence[float] | np.ndarray, marker_cm: float, corner_px: float, source: str) -> Scale:
    """The mean of the sides. Its error: that of the two ends of a side, and the spread of the sides, which a tilted
    camera makes; summed in squares."""
    sides = np.asarray(sides_px, float)
    mean = float(sides.mean())
    ends = corner_px * math.sqrt(2) / mean
    return Scale(10 * marker_cm / mean, 100 * math.hypot(ends, float(sides.std(ddof=1)) / mean), source)
