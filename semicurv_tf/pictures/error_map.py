"""What a prediction gets right and wrong, pixel by pixel, in colours: numbers alone do not show what is wrong."""

import numpy as np

# What is right stays white; what is drawn too much is red, what is missed is blue: told apart by colour-blind eyes too.
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = (255, 255, 255), (230, 60, 30), (40, 120, 255)


def error_map(target, predicted, valid=None):
    """Colours each pixel: right foreground white, too much red, missed blue, background black, not valid grey.

    Args:
        target, predicted: `(height, width)` bool.
        valid: `(height, width)` bool, or None.

    Returns:
        `(height, width, 3)` uint8.
    """
    picture = np.zeros((*target.shape, 3), np.uint8)
    picture[target & predicted] = TRUE_POSITIVE
    picture[~target & predicted] = FALSE_POSITIVE
    picture[target & ~predicted] = FALSE_NEGATIVE
    if valid is not None:
        picture[~valid] = 60
    return picture
