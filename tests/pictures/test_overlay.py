"""An overlay, by hand."""

import numpy as np

from semicurv_tf.pictures.overlay import overlay


def test_overlay_of_a_grey_image():
    picture = overlay(np.full((1, 2, 1), 100, np.uint8), np.array([[0, 255]]))
    assert picture.tolist() == [[[100, 100, 100], [193, 64, 64]]]
