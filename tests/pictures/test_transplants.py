"""The picture of transplants: what stands in which column."""

import numpy as np
import tensorflow as tf

from semicurv_tf.pictures.side_by_side import MARGIN_PX
from semicurv_tf.pictures.transplants import transplants_picture


def test_columns_and_rows():
    def part(value, images):
        full = lambda each: tf.fill((images, 8, 6, 1), each)
        return {"image": full(value), "valid": full(1.0)}

    labelled = part(40.0, 3) | {"mask": tf.zeros((3, 8, 6, 1))}
    picture = transplants_picture({"labelled": labelled, "unlabelled": part(200.0, 2)})
    # As many rows as there are of both; five columns.
    assert picture.shape == (2 * 8, 5 * 6 + 4 * MARGIN_PX, 3) and picture.dtype == np.uint8
    starts = [column * (6 + MARGIN_PX) for column in range(5)]
    # Nothing is laid on the host where the mask is empty.
    assert picture[0, starts[:4], 0].tolist() == [40, 200, 200, 0]
