"""An image file's own values, upright, before they become what a network takes; and those that Pillow decodes."""

import dataclasses

import numpy as np
from PIL import Image

from semicurv_tf.images.opener import orientation_of, page_orientation, upright


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A file as it stands, upright.

    Attributes:
        values: `(height, width)` or `(height, width, bands)`, of the file's own type, without alpha.
        alpha: `(height, width)`; None without.
        no_data: bool `(height, width)`, what the file marks as holding none apart from alpha; None where nothing is.
        indices: `(height, width)`, of a file with a palette, whose colours are `values`.
        orientation: the tag by which it was turned upright, 1 to 8.
        no_data_value: what the tag of a TIFF calls so, as stored; None without.
    """

    values: np.ndarray
    alpha: np.ndarray | None = None
    no_data: np.ndarray | None = None
    indices: np.ndarray | None = None
    orientation: int = 1
    no_data_value: float | None = None

    def turned(self, orientation: int) -> "Decoded":
        """The same, turned upright from its stored grid."""
        turn = lambda array: None if array is None else upright(array, orientation)
        values = upright(self.values, orientation)
        return Decoded(
            values, turn(self.alpha), turn(self.no_data), turn(self.indices), orientation, self.no_data_value
        )


def decoded_image(image: Image.Image, page=None) -> Decoded:
    """What Pillow decodes, upright.

    Args:
        page: of the TIFF that it is.
    """
    image.load()
    decoded = _stored(image)
    if page is not None:
        if image.mode.startswith("I;16") and page.photometric.name == "MINISWHITE":
            decoded = Decoded(np.uint16(65535) - decoded.values)
        # Newer versions of Pillow turn TIFFs while loading, and take the tag away.
        return dataclasses.replace(decoded.turned(orientation_of(image)), orientation=page_orientation(page))
    return decoded.turned(orientation_of(image))


def _stored(image: Image.Image) -> Decoded:
    mode = image.mode
    if mode.startswith("I;16"):
        return Decoded(np.asarray(image).astype(np.uint16))
    if mode == "I":  # how Pillow may open 16 bit grey
        values = np.asarray(image)
        return Decoded(values.astype(np.uint16) if 0 <= values.min() <= values.max() < 65536 else values)
    if mode == "P":
        alpha = np.asarray(image.convert("RGBA"))[..., 3] if "transparency" in image.info else None
        return Decoded(np.asarray(image.convert("RGB")), alpha, indices=np.asarray(image))
    if mode in ("1", "L", "RGB", "F"):
        if "transparency" in image.info and mode != "F":
            return Decoded(np.asarray(image), np.asarray(image.convert("RGBA"))[..., 3])
        return Decoded(np.asarray(image))
    if mode in ("LA", "La"):
        both = np.asarray(image.convert("LA"))
        return Decoded(both[..., 0], both[..., 1])
    if mode in ("RGBA", "RGBa", "PA"):
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
        return Decoded(np.asarray(image.convert("RGB")), alpha)
    return Decoded(np.asarray(image.convert("RGB")))
