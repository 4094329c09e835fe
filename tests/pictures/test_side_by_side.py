"""A row of pictures: what stands where."""

import numpy as np

from semicurv_tf.pictures.side_by_side import MARGIN_PX, side_by_side


def test_a_row_holds_the_image_and_each_map_in_order():
    image = np.full((4, 6, 3), (10.0, 20.0, 30.0))
    row = side_by_side(image, [np.zeros((4, 6, 1)), np.full((4, 6, 1), 0.5), np.ones((4, 6, 1))])
    assert row.shape == (4, 4 * 6 + 3 * MARGIN_PX, 3) and row.dtype == np.uint8
    starts = [place * (6 + MARGIN_PX) for place in range(4)]
    assert row[0, starts].tolist() == [[10, 20, 30], [0, 0, 0], [128, 128, 128], [255, 255, 255]]
    assert (row[:, 6 : 6 + MARGIN_PX] == 255).all()


def test_other_channels_are_shown_in_grey():
    row = side_by_side(np.full((2, 2, 5), 7.0), [])
    assert row.tolist() == [[[7, 7, 7]] * 2] * 2
