"""Completeness, correctness and quality, against lengths worked out by hand."""

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid
from semicurv_tf.vector.compare import Buffer, Comparison, compare_lines, parse_buffer

SHAPE = (200, 200)
line = lambda *points: np.array(points, float)


def test_by_hand():
    # Given: 100 px along row 50 and 50 px along row 150. Extracted: 60 px along row 52 (within 3 px of the first, all
    # of it), and 40 px along row 100 (near nothing). Of the given line the round ends of the buffer reach
    # sqrt(3^2 - 2^2) = 2.236 px beyond either end of the extracted one: 60 + 2 x 2.236 = 64.47 px are found.
    given = [line((20, 50), (120, 50)), line((20, 150), (70, 150))]
    extracted = [line((40, 52), (100, 52)), line((40, 100), (80, 100))]
    found = compare_lines(extracted, given, Buffer(3, "px"), Grid(), SHAPE)
    assert (found.extracted, found.given) == (100, 150)
    assert found.right == pytest.approx(60, abs=1e-9)
    assert found.found == pytest.approx(60 + 2 * 5**0.5, abs=0.02)
    assert found.correctness == pytest.approx(0.6)
    assert found.completeness == pytest.approx(64.472 / 150, abs=2e-4)
    assert found.quality == pytest.approx(60 / (100 + 150 - 64.472), abs=2e-4)


def test_the_buffer_in_metres_goes_by_the_pixels_size():
    grid = Grid("m", transform=(0.5, 0, 4e5, 0, -0.5, 5e6), crs="EPSG:32633")
    given, extracted = [line((20, 50), (120, 50))], [line((20, 55), (120, 55))]  # 5 px = 2.5 m apart
    near, far = (compare_lines(extracted, given, Buffer(size, "m"), grid, SHAPE) for size in (2.6, 2.4))
    assert near.extracted == pytest.approx(50) and near.completeness == near.correctness == near.quality == 1
    assert far.completeness == far.correctness == far.quality == 0


def test_lines_given_twice_count_twice_on_both_sides_of_the_ratio():
    given = [line((0, 0), (10, 0)), line((0, 0), (10, 0))]
    found = compare_lines([line((0, 0), (10, 0))], given, Buffer(1, "px"), Grid(), SHAPE)
    assert (found.given, found.found, found.completeness) == (20, 20, 1)


def test_nothing_on_either_side():
    some = [line((0, 0), (10, 0))]
    numbers = lambda one: (one.completeness, one.correctness, one.quality)
    assert numbers(compare_lines([], [], Buffer(1, "px"), Grid(), SHAPE)) == (1, 1, 1)
    assert numbers(compare_lines(some, [], Buffer(1, "px"), Grid(), SHAPE)) == (1 - 1, 0, 0)
    assert numbers(compare_lines([], some, Buffer(1, "px"), Grid(), SHAPE)) == (0, 0, 0)


def test_images_add_up_by_length():
    whole = Comparison(100, 60, 150, 75) + Comparison(100, 100, 50, 50)
    assert (whole.correctness, whole.completeness, whole.quality) == (0.8, 0.625, 160 / 275)


def test_buffers_as_users_write_them():
    assert parse_buffer("3px") == Buffer(3, "px") and parse_buffer(" 2.5 m ") == Buffer(2.5, "m")
    for text in ("3", "px", "-1px", "0m", "nanpx", ""):
        with pytest.raises(UserError, match="--buffer 3px"):
            parse_buffer(text)
    with pytest.raises(UserError, match="no map coordinates"):
        compare_lines([], [], Buffer(3, "m"), Grid(), SHAPE)
