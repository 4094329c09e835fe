"""An image as three colours that can be shown, and a smaller one."""

import numpy as np
from PIL import Image


def as_rgb(image) -> np.ndarray:
    """An image as it is shown.

    Args:
        image: `(height, width, channels)`, raw 0-255, of any dtype; values beyond are cut, fractions rounded.

    Returns:
        uint8 `(height, width, 3)`: the first three channels, or the first in grey where there are fewer.
    """
    image = np.asarray(image)
    image = image[..., :3] if image.shape[-1] >= 3 else np.repeat(image[..., :1], 3, axis=-1)
    return image if image.dtype == np.uint8 else np.clip(image + 0.5, 0, 255).astype(np.uint8)


def reduced(picture: np.ndarray, longest_px: int) -> np.ndarray:
    """A picture whose longer side is at most so long: the mean over the pixels that become one.

    A thin line gets fainter, but none is lost. Pictures that are small enough are returned as they are.

    Args:
        picture: uint8 `(height, width)` or `(height, width, channels)`, of any number of channels.
        longest_px: at least 1.
    """
    longest = max(picture.shape[:2])
    if longest <= longest_px:
        return picture
    size = [max(1, round(side * longest_px / longest)) for side in picture.shape[1::-1]]
    shrunk = lambda one: np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX))
    if picture.ndim == 2 or picture.shape[-1] == 3:
        return shrunk(picture)
    # Pillow takes a fourth channel for alpha, and knows no fifth.
    return np.stack([shrunk(np.ascontiguousarray(picture[..., band])) for band in range(picture.shape[-1])], axis=-1)
