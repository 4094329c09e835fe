"""What a photograph says of itself (EXIF): where and when it was taken, and its lens. No pixel is decoded."""

import dataclasses
import math
from pathlib import Path

from PIL import Image

from semicurv_tf.images.opener import naming, open_picture

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _FOCAL_35MM = 0x9003, 0xA405
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4


@dataclasses.dataclass(frozen=True)
class Photograph:
    """What is known of a photograph; None where it says nothing, or nothing that can be.

    Attributes:
        width, height: of the stored pixels.
        focal_35mm: focal length in mm of the lens that sees the same on 35 mm film.
        latitude, longitude: in degrees, WGS 84, north and east positive; both or neither.
        taken: "2024:05:31 10:20:30", by which photographs are put in order.
    """

    width: int
    height: int
    focal_35mm: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    taken: str | None = None


def read_photograph(path: Path) -> Photograph:
    """Reads the EXIF of an image file.

    Raises:
        UserError: it cannot be read.
    """
    with naming(path), open_picture(path, largest_pixels=None) as image:
        # PngImageFile.getexif would decode the image first; its base class does not.
        exif = Image.Image.getexif(image)
        own, gps = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
        latitude = _degrees(gps.get(_LATITUDE), gps.get(_LATITUDE_REF), "NS", 90)
        longitude = _degrees(gps.get(_LONGITUDE), gps.get(_LONGITUDE_REF), "EW", 180)
        if latitude is None or longitude is None:
            latitude = longitude = None
        taken = own.get(_TAKEN)
        return Photograph(
            image.width, image.height, _positive(own.get(_FOCAL_35MM)), latitude, longitude,
            taken if isinstance(taken, str) else None,
        )  # fmt: skip


def _degrees(parts, reference, signs: str, most: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
        value = degrees + minutes / 60 + seconds / 3600
        sign = (1, -1)[signs.index(reference.strip("\0 ") or "?")]
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return None
    return sign * value if math.isfinite(value) and 0 <= value <= most else None


def _positive(value) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None
