"""What images are like: counted by hand on masks of one pixel, one line and one bar."""

import numpy as np
import pytest

from semicurv_tf.data.dense_window import densest_window
from semicurv_tf.planning.measure import crops_with_structure, measure_images


def mask(height=256, width=256, rows=slice(None), columns=slice(None)):
    values = np.zeros((height, width), bool)
    values[rows, columns] = True
    return values


def test_share_of_crops_that_hold_a_line():
    # Crops of 128 begin at columns 0 to 128; those from 73 on hold column 200: 56 of 129. All larger ones: of 192 those
    # from 9 on, 56 of 65; the whole image always.
    shares = crops_with_structure(mask(columns=200))
    assert shares[128] == pytest.approx(56 / 129) and shares[192] == pytest.approx(56 / 65)
    assert shares[256] == shares[384] == shares[512] == 1
    assert crops_with_structure(mask(rows=0, columns=0))[128] == pytest.approx(1 / 129**2)
    assert set(crops_with_structure(np.zeros((40, 300), bool)).values()) == {0}


def test_crops_of_what_shows_nothing_are_not_counted():
    # Of the crops that begin at columns 0 to 128 those from 0 to 36 lie by half or more on the first 100 columns, and
    # those from 0 to 10 begin before column 10 is past.
    valid = mask(columns=slice(0, 100))
    assert crops_with_structure(mask(columns=10), valid)[128] == pytest.approx(11 / 37)
    assert crops_with_structure(mask(columns=10), mask(columns=slice(0, 20)))[128] == pytest.approx(11 / 129)  # none


def test_pixels_that_show_nothing_are_not_counted():
    store = Store([mask(300, 400, 100)], [], [mask(300, 400, slice(0, 150))])
    assert measure_images(store, [0]).labelled_pixels == 150 * 400


def test_the_densest_window():
    values = mask(100, 100, slice(60, 80), slice(70, 90))
    rows, columns = densest_window(values, 40)
    assert values[rows, columns].sum() == 400 and values[rows, columns].shape == (40, 40)
    assert densest_window(np.zeros((30, 100), bool), 40) == (slice(0, 40), slice(0, 40))
    corner = mask(101, 103, -1, -1)  # off the grid of tens: the last window reaches the edge
    assert corner[densest_window(corner, 40)].sum() == 1


class Store:
    """Images without pixels: their sizes, and their masks when asked."""

    def __init__(self, masks, blank, valid=None):
        self.masks = masks
        self.valid = [np.ones(each.shape, bool) for each in masks] if valid is None else valid
        self.shapes = [(*each.shape, 3) for each in masks] + [(*size, 3) for size in blank]
        self.rows = [{"shape": [*each.shape, 3], "valid": int(each.sum())} for each in self.valid]

    def __len__(self):
        return len(self.shapes)

    def read(self, index):
        arrays = {"mask": self.masks[index], "valid": self.valid[index]}
        return {key: array[..., None].astype(np.uint8) for key, array in arrays.items()}


def test_widths_sizes_and_counts():
    bar = mask(300, 400, slice(100, 108), slice(20, 380))  # 8 pixels wide
    store = Store([bar, np.zeros((300, 400), bool)], [(300, 400), (200, 100)])
    found = measure_images(store, [0, 1])
    assert found.width_px == pytest.approx(8, abs=0.3) and found.masks == 2
    assert (found.labelled, found.unlabelled, found.labelled_pixels) == (2, 2, 2 * 300 * 400)
    assert found.sizes == {(300, 400): 3, (200, 100): 1}
    assert found.largest == (300, 400) and found.smallest_side == 100
    # Rows 100 to 107 are in crops of 128 that begin at rows 0 to 107 of 0 to 172; nothing is in the empty mask.
    assert found.hits[128] == pytest.approx(108 / 173 / 2)
    assert measure_images(store, [1]).width_px is None


def test_few_masks_of_many_are_measured():
    store = Store([mask(20, 20, 5)] * 50, [])
    assert measure_images(store, range(50)).masks == 8
