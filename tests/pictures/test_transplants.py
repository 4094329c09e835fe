"""The picture of transplants: what stands in which column."""

import numpy as np
import tensorflow as tf

from semicurv_tf.pictures.contact_sheet import GAP_PX, TITLE_PX
from semicurv_tf.pictures.transplants import SHOWN_PX, transplants_picture


def test_columns_and_rows():
    def part(value, images):
        full = lambda each: tf.fill((images, 8, 6, 1), each)
        return {"image": full(value), "valid": full(1.0)}

    labelled = part(40.0, 3) | {"mask": tf.zeros((3, 8, 6, 1))}
    picture = transplants_picture({"labelled": labelled, "unlabelled": part(200.0, 2)})
    # As many rows as there are of both; five columns of images that are shown 22 times as large; titles and numbers.
    factor = -(-SHOWN_PX // 6)
    wide, high = 6 * factor, 8 * factor
    assert picture.shape == (TITLE_PX + 2 * (TITLE_PX + high + GAP_PX) + GAP_PX, 5 * wide + 6 * GAP_PX, 3)
    assert picture.dtype == np.uint8 and picture[:TITLE_PX].min() < 100  # black letters
    # Nothing is laid on the host where the mask is empty.
    lefts = [GAP_PX + column * (wide + GAP_PX) for column in range(5)]
    assert picture[2 * TITLE_PX, lefts[:4], 0].tolist() == [40, 200, 200, 0]
