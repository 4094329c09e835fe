import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label

from semicurv_tf.metrics.nested_skeletons import skeletons
from semicurv_tf.metrics.skeleton import skeleton

RING = (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)  # clockwise from the north


def stacked(masks):
    return sum((mask.astype(np.uint64) << np.uint64(bit) for bit, mask in enumerate(masks)), np.uint64(0))


def check(masks):
    words = skeletons(stacked(masks))
    for bit, mask in enumerate(masks):
        np.testing.assert_array_equal((words >> np.uint64(bit)) & np.uint64(1) > 0, skeleton(mask), err_msg=f"{bit}")


def test_every_mask_of_four_by_four():
    every = (np.arange(1 << 16)[:, None] >> np.arange(16) & 1).astype(bool).reshape(-1, 4, 4)
    # Far enough from each other to be thinned apart, 64 to a word.
    pages = [np.pad(page, ((0, 0), (0, 1), (0, 1))) for page in every.reshape(64, 1024, 4, 4)]
    check([page.reshape(32, 32, 5, 5).swapaxes(1, 2).reshape(160, 160) for page in pages])


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_independent_masks(share):
    rng = np.random.default_rng(int(10 * share))
    check(rng.uniform(size=(64, 37, 41)) < share)


@pytest.mark.parametrize("sigma", [0.7, 2, 5])
def test_masks_of_rising_thresholds(sigma):
    field = gaussian_filter(np.random.default_rng(3).normal(size=(90, 70)), sigma)
    check([field > threshold for threshold in np.quantile(field, np.linspace(0.05, 0.95, 49))])


def test_empty_full_one_pixel_and_narrow_images():
    one = np.zeros((7, 9), bool)
    one[0, 8] = True
    check([np.zeros((7, 9), bool), np.ones((7, 9), bool), one, ~one])
    check([np.ones((1, 6), bool)])
    check([np.ones((5, 1), bool)])
    assert skeletons(np.zeros((0, 4), np.uint64)).shape == (0, 4)


def test_none_of_a_turn_holds_back_another():
    """What lets them leave together: of a pixel that may leave northwards, whichever neighbours leave with it."""

    def hanging_together(ring):
        image = np.zeros((3, 3), bool)
        for (row, column), filled in zip(RING, ring):
            image[1 + row, 1 + column] = filled
        return label(image, np.ones((3, 3)))[1] == 1

    cases = 0
    for rest in itertools.product([False, True], repeat=7):
        ring = (False, *rest)  # background in the north
        if sum(ring) < 2 or not hanging_together(ring):
            continue
        # Those too leave only with background in their own north: of the east, it is the north-east, and so on.
        north_of = {2: 1, 3: 2, 5: 6, 6: 7}
        leaving = [k for k in range(8) if ring[k] and (k in (1, 7) or (k in north_of and not ring[north_of[k]]))]
        for chosen in itertools.product([False, True], repeat=len(leaving)):
            gone = {k for k, leaves in zip(leaving, chosen) if leaves}
            left = [filled and k not in gone for k, filled in enumerate(ring)]
            cases += 1
            assert hanging_together(left), (ring, gone)
    assert cases > 100
