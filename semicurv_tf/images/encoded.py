"""Images as bytes: PNG for storing and sending, and files that can be stored as they are."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from semicurv_tf.images.opener import naming, open_picture, orientation_of


def encode_png(pixels: np.ndarray) -> bytes:
    """PNG bytes of a uint8 array (height, width, channels), packed for speed rather than size.

    One channel is grey, three are RGB; of any other number the PNG is grey, the bands one below the other.
    """
    channels = pixels.shape[-1]
    squeezed = pixels if channels == 3 else np.moveaxis(pixels, -1, 0).reshape(-1, pixels.shape[1])
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(squeezed)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def verbatim(path: Path, channels: int) -> bytes | None:
    """The file's own bytes where `decode_bytes` reads them as `read_image` does, else None.

    That holds for JPEG and 8 bit PNG of the right number of channels, without transparency and
    without an orientation tag. The file has been read before, so it is sound.

    Raises:
        UserError: the file cannot be read any more.
    """
    with naming(path):
        content = path.read_bytes()
        if not content.startswith((b"\xff\xd8", b"\x89PNG")):
            return None
        with open_picture(content) as image:
            plain = (
                image.format == "JPEG"
                or (image.format == "PNG" and content[24] == 8 and "transparency" not in image.info)
            ) and orientation_of(image) == 1 and image.mode == {1: "L", 3: "RGB"}.get(channels)  # fmt: skip
            return content if plain else None


def decode_bytes(encoded: bytes, channels: int) -> np.ndarray:
    """The uint8 array (height, width, channels) of JPEG bytes, or PNG by `encode_png`, that were checked before."""
    pixels = decode_picture(encoded, ("PNG", "JPEG"))
    if channels not in (1, 3):
        return np.ascontiguousarray(np.moveaxis(pixels.reshape(channels, -1, pixels.shape[1]), 0, -1))
    return pixels.reshape(*pixels.shape[:2], channels)


def decode_picture(encoded: bytes, formats: tuple[str, ...] = ("PNG",)) -> np.ndarray:
    """The array of an encoded picture as it stands in the file, `(height, width)` or `(height, width, channels)`.

    Raises:
        UserError: more pixels than are decoded at once.
        Exception: whatever the decoder raises.
    """
    with open_picture(encoded, formats) as image:
        return np.asarray(image)
