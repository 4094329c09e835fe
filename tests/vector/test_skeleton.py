import numpy as np
import pytest
from scipy import ndimage

from semicurv_tf.vector.skeleton import find_skeleton
from tests.vector.conftest import band


def pixels(skeleton):
    picture = np.zeros(skeleton.shape, bool)
    picture[skeleton.rows, skeleton.columns] = True
    return picture


def test_horizontal_line_keeps_its_middle_row_and_radius():
    mask = np.zeros((11, 40), np.uint8)
    mask[3:8, 5:35] = 255  # five rows: the middle one is the fifth, 3 pixels from the background
    found = find_skeleton(mask)
    inner = (found.columns > 8) & (found.columns < 31)
    assert set(found.rows[inner]) == {5} and set(found.radius_px[inner]) == {3.0}


@pytest.mark.parametrize("width", [1.5, 3, 8, 12.3])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5, 0.75])
def test_lines_at_45_degrees_are_not_eaten(width, offset):
    found = find_skeleton(band(45, width, centre=(80 + offset, 80)))
    along = (found.columns + found.rows) / np.sqrt(2)
    assert np.ptp(along) > 100 - 1.5 * width - 3


def test_blocks_give_the_pixels_of_the_whole(tangle):
    whole, blocks = find_skeleton(tangle), find_skeleton(tangle, block_px=37, margin_px=8)
    for name in ("rows", "columns", "radius_px"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(blocks, name))


def test_margin_grows_with_the_thickest_line():
    mask = band(30, 40, length_px=140)
    np.testing.assert_array_equal(pixels(find_skeleton(mask, block_px=50, margin_px=4)), pixels(find_skeleton(mask)))


def test_components_are_kept(tangle):
    assert ndimage.label(pixels(find_skeleton(tangle)), np.ones((3, 3)))[1] == ndimage.label(tangle, np.ones((3, 3)))[1]


def test_small_holes_are_filled_and_large_ones_are_not():
    mask = np.zeros((21, 60), bool)
    mask[6:15, 5:55] = True
    mask[10, 20:23] = False  # 3 pixels
    rows_through = lambda fill: set(
        find_skeleton(mask, fill_px=fill).rows[np.isin(find_skeleton(mask, fill_px=fill).columns, 21)]
    )
    assert rows_through(3) == {10}
    assert len(rows_through(2)) == 2


def test_empty_mask_and_full_mask():
    assert len(find_skeleton(np.zeros((30, 20), bool)).rows) == 0
    full = find_skeleton(np.ones((30, 20), bool))
    assert len(full.rows) > 0 and full.radius_px.max() == 10.0  # to the edge's next pixel


def test_progress_sums_to_one(tangle):
    shares = []
    find_skeleton(tangle, block_px=100, advance=shares.append)
    assert len(shares) == 9 and np.isclose(sum(shares), 1)
