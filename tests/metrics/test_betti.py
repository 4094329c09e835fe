import numpy as np
import pytest
from skimage.measure import euler_number

from semicurv_tf.metrics.betti import betti_errors, betti_numbers

EIGHT = np.array(
    [[0, 1, 1, 1, 0],
     [0, 1, 0, 1, 0],
     [0, 1, 1, 1, 0],
     [0, 1, 0, 1, 0],
     [0, 1, 1, 1, 0]], bool,
)  # fmt: skip
DIAMOND = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)


@pytest.mark.parametrize(
    "mask, numbers",
    [
        (np.zeros((3, 3), bool), (0, 0)),
        (np.ones((3, 3), bool), (1, 0)),
        (np.eye(3, dtype=bool), (1, 0)),  # joined over corners
        (DIAMOND, (1, 1)),  # closed over corners
        (EIGHT, (1, 2)),
        (np.array([[1, 0, 1]], bool), (2, 0)),
        (np.pad(np.ones((3, 3), bool), 2) ^ np.pad(np.ones((1, 1), bool), 3), (1, 1)),
        (np.array([[1, 1], [1, 0]], bool), (1, 0)),  # open to the image's edge
    ],
)
def test_counted_by_hand(mask, numbers):
    assert betti_numbers(mask) == numbers


def test_pieces_less_holes_is_the_euler_number():
    rng = np.random.default_rng(0)
    for share in np.linspace(0.1, 0.9, 30):
        mask = rng.uniform(size=(15, 11)) < share
        pieces, holes = betti_numbers(mask)
        # 0-padded: scikit-image takes what lies beyond the image for background as well
        assert pieces - holes == euler_number(mask, connectivity=2)


def test_errors():
    np.testing.assert_array_equal(betti_errors(EIGHT, np.zeros_like(EIGHT)), [1, 2])
    broken = EIGHT.copy()
    broken[1, 1] = broken[3, 3] = False
    np.testing.assert_array_equal(betti_errors(EIGHT, broken), [0, 2])
    np.testing.assert_array_equal(betti_errors(EIGHT, EIGHT), [0, 0])
