"""Images of one height beside each other."""

import numpy as np

from semicurv_tf.pictures.rgb import as_rgb

MARGIN_PX = 2


def side_by_side(image, maps) -> np.ndarray:
    """An image and maps of it in one row.

    Args:
        image: `(height, width, channels)`, raw 0-255; of more than three channels the first is shown.
        maps: each `(height, width, 1)`, 0 to 1.

    Returns:
        uint8 `(height, width of all, 3)`, with white margins between them.
    """
    return in_a_row([image, *(255.0 * np.asarray(each) for each in maps)])


def in_a_row(images) -> np.ndarray:
    """Images of one height beside each other.

    Args:
        images: each `(height, width, channels)`, raw 0-255; of other than three channels the first is shown.

    Returns:
        As `side_by_side`.
    """
    row = []
    for image in map(np.asarray, images):
        row += [np.full((len(image), MARGIN_PX, 3), 255, np.uint8), as_rgb(image)]
    return np.concatenate(row[1:], axis=1)
