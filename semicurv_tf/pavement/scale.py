"""How many millimetres of pavement a pixel covers, and how well that is known."""

import dataclasses
import math
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.pavement.photograph import Photograph

FILM_MM = (36.0, 24.0)  # 35 mm film
FILM_DIAGONAL_MM = math.hypot(*FILM_MM)
HEIGHT_ERROR_M = 0.02


@dataclasses.dataclass(frozen=True)
class Scale:
    """The size of a pixel.

    Attributes:
        mm_per_px: on the pavement.
        error_percent: standard error of it, and so of every length, width and density.
        source: where it comes from, in words.
    """

    mm_per_px: float
    error_percent: float
    source: str


def from_camera(photograph: Photograph, path: Path, height_m: float, height_error_m: float = HEIGHT_ERROR_M) -> Scale:
    """The scale of a photograph taken straight down.

        mm_per_px = height x film diagonal / (equivalent focal length x diagonal of the image in pixels)

    The equivalent focal length is that of the same diagonal angle of view on 35 mm film (CIPA DC-008). Its error: it
    is given in whole millimetres (half of one); some makers take the longer sides in place of the diagonals (their
    ratio, nothing at 3:2); and the camera's height. They are summed in squares. A camera that is tilted, or an image
    that was cropped, is not seen here.

    Args:
        photograph: of `read_photograph`.
        path: its file, for the message.
        height_m: of the camera above the pavement.
        height_error_m: how well the height is known.

    Raises:
        UserError: the photograph has no equivalent focal length.

    Example:
        >>> scale = from_camera(Photograph(6000, 4000, 24.0), Path("a.jpg"), 1.5)
        >>> round(scale.mm_per_px, 4), round(scale.error_percent, 2)
        (0.375, 2.47)
    """
    focal = photograph.focal_35mm
    if focal is None:
        raise UserError(
            f"{path}: expected FocalLengthIn35mmFilm in its EXIF, which --camera-height-m needs, found none. "
            "Fix: --mm-per-px, from something of known size in the image"
        )
    width, height = sorted((photograph.width, photograph.height), reverse=True)
    by_diagonal = FILM_DIAGONAL_MM / math.hypot(width, height)
    by_side = FILM_MM[0] / width
    parts = (0.5 / focal, by_side / by_diagonal - 1, height_error_m / height_m)
    source = f"camera {height_m:g} m above, {focal:g} mm on 35 mm film"
    return Scale(1000 * height_m * by_diagonal / focal, 100 * math.hypot(*parts), source)
