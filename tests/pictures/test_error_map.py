"""Error colours."""

import numpy as np

from semicurv_tf.pictures.error_map import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, error_map


def test_error_colours_by_hand():
    target = np.array([[True, True, False, False]])
    predicted = np.array([[True, False, True, False]])
    picture = error_map(target, predicted)
    assert [tuple(pixel) for pixel in picture[0]] == [TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, (0, 0, 0)]
    valid = np.array([[False, True, True, True]])
    assert tuple(error_map(target, predicted, valid)[0, 0]) == (60, 60, 60)
