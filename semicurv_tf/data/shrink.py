"""Images and masks a whole number of times smaller, block by block: how a training with `data.resize` sees them.

The network that comes out shrinks by the same blocks inside (`models/segmentation_network.py`) and answers at the size
of its input.
"""

import numpy as np

from semicurv_tf.data.unknown_pixels import UNKNOWN

# Of a block, at least, for it to be foreground. At a half, lines narrower than a block break: of 12 masks of wide
# cracks shrunk by 4, 88 % of the centrelines were left, at a third 97 % (98 % at a quarter, where lines get wider). A
# third also gave the highest IoU with the mask before: 75 %, against 73 % at a half.
FOREGROUND_SHARE = 1 / 3


def shrunk(arrays: dict[str, np.ndarray], times: int) -> dict[str, np.ndarray]:
    """An image with its mask and valid mask, smaller.

    Args:
        arrays: {"image" (height, width, channels), "mask", "valid" (height, width, 1)}, uint8, as by `ImageStore.read`.
        times: side of the blocks in pixels; blocks that reach over an edge see it repeated.

    Returns:
        The same keys, of the sides of `shrunk_side`. A pixel of the image is its block's mean, of the mask 1 where a
        third of the block is; it has no data where one pixel of the block has none, and is of unknown label where one
        is.

    Example:
        >>> line = np.zeros((4, 4, 1), np.uint8)
        >>> line[:, 1] = 1
        >>> shrunk({"image": 100 * line, "mask": line, "valid": line + 1 - line}, 2)["image"][..., 0].tolist()
        [[50, 0], [50, 0]]
    """
    if times == 1:
        return arrays
    image, mask, valid = (_blocks(arrays[key], times) for key in ("image", "mask", "valid"))
    smaller = {
        "image": np.rint(image.mean((1, 3), dtype=np.float32)).astype(np.uint8),
        "mask": (mask.mean((1, 3), dtype=np.float32) >= FOREGROUND_SHARE - 1e-6).astype(np.uint8),
        "valid": np.where((valid == 0).any((1, 3)), 0, np.where((valid == UNKNOWN).any((1, 3)), UNKNOWN, 1)),
    }
    return {**arrays, **smaller, "valid": smaller["valid"].astype(np.uint8)}


def shrunk_side(length: int, times: int) -> int:
    """A side in blocks, the last of which may reach over the edge.

    >>> shrunk_side(4000, 4), shrunk_side(9, 4)
    (1000, 3)
    """
    return -(-length // times)


def _blocks(array: np.ndarray, times: int) -> np.ndarray:
    """`(rows, times, columns, times, channels)` of an array `(height, width, channels)`."""
    height, width, channels = array.shape
    missing = [(0, -height % times), (0, -width % times), (0, 0)]
    whole = np.pad(array, missing, "edge")
    return whole.reshape(whole.shape[0] // times, times, whole.shape[1] // times, times, channels)
