"""How large tiles may be for the process to stay below a given memory.

Measured with `scripts/benchmark_large.py` and on single tiles (TensorFlow 2.21, two cores): 650 to 790 MB before the
first tile, then 8.5 to 12.6 times (channels of the network's first level) x (bytes of a feature) per pixel of a tile.
The image itself, in float32 before and after standardisation and padding, is counted beside.
"""

import dataclasses
import re

from semicurv_tf.errors import UserError
from semicurv_tf.images.windows import BAND_ROWS

DEFAULT = "2GB"
BASE_BYTES = (
    900_000_000  # Python, TensorFlow, the weights of the paper's network, GDAL with its cache of blocks, and a margin
)
FEATURES_PER_CHANNEL = 13  # that live at once at full resolution, per channel of the first level
FIRST_CHANNELS = 32  # of the paper's network
IMAGE_BYTES = (
    64  # per pixel of a tile: of 3 channels in float32, as they are, standardised, padded and with an encoding
)
# The same where an image is shown reduced, and the answers of three scales enlarged: measured 127 at 11 megapixels.
REDUCED_BYTES = 140
SMALLEST_TILE_PX, LARGEST_TILE_PX = 128, 4096
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclasses.dataclass(frozen=True)
class Memory:
    """What the process may take, in all.

    Attributes:
        total_bytes: the limit.
        pixel_bytes: what the network takes per pixel of a tile, see `pixel_bytes`.
        tile_pixels: the most pixels that the network takes at once (an export says so), whatever the memory.
    """

    total_bytes: int
    pixel_bytes: int = IMAGE_BYTES + FEATURES_PER_CHANNEL * FIRST_CHANNELS * 4
    tile_pixels: int = LARGEST_TILE_PX**2

    def tile(self, height: int, width: int, channels: int, stride: int, held_bytes: int = 0) -> int:
        """The largest tile side for an image, in pixels, a multiple of the stride.

        Args:
            height, width, channels: of the image.
            stride: of the network.
            held_bytes: memory that the image takes by itself, where it is decoded as a whole.

        Raises:
            UserError: not even tiles of 128 pixels fit.
        """
        needed = lambda side: held_bytes + self._needed(side, height, width, channels)
        whole = -(-max(height, width) // stride) * stride
        candidates = range(-(-SMALLEST_TILE_PX // stride) * stride, LARGEST_TILE_PX + 1, stride)
        if needed(whole) <= self.total_bytes and height * width <= self.tile_pixels:
            return whole
        fitting = [
            side
            for side in candidates
            if side < whole and side**2 <= self.tile_pixels and needed(side) <= self.total_bytes
        ]
        if not fitting:
            least = needed(min(candidates[0], whole))
            raise UserError(
                f"--memory {self.total_bytes / 1e9:.2g}GB: too little for an image of {width}x{height} pixels, "
                f"which takes {least / 1e9:.2g} GB. Fix: --memory {least / 1e9 + 0.1:.1f}GB, or a smaller --tile"
            )
        return fitting[-1]

    def _needed(self, side: int, height: int, width: int, channels: int) -> int:
        # Rows that tiles still need: pixels and float32 sums, both twice while rows are added, and a byte of validity.
        rows = min(side + BAND_ROWS, height) * width * (2 * channels + 9)
        return BASE_BYTES + min(side, height) * min(side, width) * self.pixel_bytes + rows


def pixel_bytes(network) -> int:
    """Bytes that a network takes per pixel of a tile: from its first level's channels, else as the paper's network."""
    return IMAGE_BYTES + _feature_bytes(network) // getattr(network, "times_smaller", 1) ** 2


def pixel_bytes_shown(network, enlarged: float) -> int:
    """Likewise, of a network that is shown so many times the pixels of the tile, fewer or more.

    >>> from semicurv_tf.models import ResidualUNet
    >>> network = ResidualUNet(widths=(16, 32))
    >>> [pixel_bytes_shown(network, enlarged) for enlarged in (4.0, 1.0, 0.04)]  # 16 x 13 x 4 = 832 at full size
    [3584, 896, 173]
    """
    if enlarged >= 1:
        return round(enlarged * pixel_bytes(network))
    return min(pixel_bytes(network), REDUCED_BYTES + round(enlarged * _feature_bytes(network)))


def less_memory(network) -> float:
    """How many times the pixels a network takes in the memory of one that sees images as they are; see `data.resize`.

    >>> from semicurv_tf.models import ResidualUNet
    >>> less_memory(ResidualUNet()), round(less_memory(ResidualUNet(times_smaller=4)), 1)
    (1.0, 10.3)
    """
    return (IMAGE_BYTES + _feature_bytes(network)) / pixel_bytes(network)


def _feature_bytes(network) -> int:
    widths = getattr(network, "widths", None) or (FIRST_CHANNELS,)
    size = 2 if "16" in network.compute_dtype else 4
    return FEATURES_PER_CHANNEL * widths[0] * size


def parse_memory(text: str) -> int:
    """Bytes of a size as people write it: `2GB`, `1500 MB`, `1.5G`; powers of ten.

    Raises:
        UserError: no size, or none above zero.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size <= 0:
        raise UserError(f"--memory {text}: expected a size, such as 2GB or 1500MB. Fix: --memory {DEFAULT}")
    return size
