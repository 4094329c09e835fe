"""Shapes to pixels, against numbers worked out by hand and against formulas of their own."""

import itertools

import numpy as np
import pytest
import shapely

from semicurv_tf.annotations.rasterise import paint
from semicurv_tf.annotations.shapes import Ellipse, Line, Patch, Polygon, box


def _painted(shape, height=12, width=16, line_width=1.0):
    canvas = np.zeros((height, width), bool)
    covered = paint(canvas, shape, True, line_width)
    return canvas, covered


def _polygon(*rings):
    return Polygon("a", tuple(np.array(ring, float) for ring in rings))


def test_a_rectangle_on_pixel_corners_takes_its_pixels_alone():
    canvas, covered = _painted(_polygon([(2, 3), (7, 3), (7, 5), (2, 5)]))
    expected = np.zeros((12, 16), bool)
    expected[3:5, 2:7] = True
    assert (canvas == expected).all() and covered == 10


def test_rectangles_side_by_side_share_no_pixel_and_leave_none():
    edges = [0, 2.5, 4.2, 4.5, 9.9, 16]
    total = np.zeros((12, 16), int)
    for left, right in itertools.pairwise(edges):
        total += _painted(box("a", left, 0.5, right, 11.5))[0]
    assert (total[:11] == 1).all() and (total[11] == 0).all()  # the last row's centre lies on the lower edge


def test_rings_in_rings_are_holes():
    canvas, covered = _painted(_polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [(2, 2), (8, 2), (8, 8), (2, 8)],
                                        [(4, 4), (6, 4), (6, 6), (4, 6)]))  # fmt: skip
    assert covered == 100 - 36 + 4 and not canvas[3, 3] and canvas[5, 5]


def test_polygons_against_point_in_polygon():
    random = np.random.default_rng(0)
    y, x = np.mgrid[:30, :40] + 0.5
    for _ in range(200):
        corners = random.uniform(-10, 45, (random.integers(3, 8), 2))
        outline = shapely.Polygon(corners)
        if not outline.is_valid:  # even-odd and shapely agree on simple polygons alone
            continue
        assert (_painted(_polygon(corners), 30, 40)[0] == shapely.contains_xy(outline, x, y)).all()


@pytest.mark.parametrize("width", [1, 2.5, 7])
def test_lines_against_the_distance_to_them(width):
    random = np.random.default_rng(1)
    y, x = np.mgrid[:30, :40] + 0.5
    for _ in range(60):
        points = random.uniform(-20, 60, (random.integers(2, 6), 2))
        distance = shapely.distance(shapely.LineString(points), shapely.points(x, y))
        canvas, _ = _painted(Line("a", points), 30, 40, width)
        sure = np.abs(distance - width / 2) > 1e-9
        assert (canvas == (distance <= width / 2))[sure].all()


def test_a_line_of_one_pixel_has_no_gap():
    from scipy.ndimage import label

    random = np.random.default_rng(2)
    for _ in range(100):
        canvas, _ = _painted(Line("a", random.uniform(1, 39, (2, 2))), 40, 40, 1.0)
        assert label(canvas, np.ones((3, 3)))[1] == 1


def test_a_point_twice_is_a_dot_and_far_ends_cost_nothing():
    assert _painted(Line("a", np.array([(5.5, 5.5), (5.5, 5.5)])), line_width=3)[1] == 9 - 4 + 4  # within 1.5: all nine
    canvas, covered = _painted(Line("a", np.array([(-1e12, 5.5), (1e12, 5.5)])))
    assert covered == 16 and canvas[5].all()
    assert _painted(Line("a", np.array([(-1e12, -5), (1e12, -5)])))[1] == 0


def test_ellipses_and_patches_are_cut_at_the_edge():
    canvas, _ = _painted(Ellipse("a", (0.0, 6.0), (5.0, 3.0)))
    y, x = np.mgrid[:12, :16] + 0.5
    assert (canvas == ((x / 5) ** 2 + ((y - 6) / 3) ** 2 <= 1)).all()
    turned, _ = _painted(Ellipse("a", (8.0, 6.0), (5.0, 2.0), np.pi / 2))
    assert (turned == (((x - 8) / 2) ** 2 + ((y - 6) / 5) ** 2 <= 1)).all()
    canvas, covered = _painted(Patch("a", -1, 10, np.ones((4, 4), bool)))
    assert covered == 6 and canvas[10:, :3].all()
    assert _painted(Patch("a", 20, 20, np.ones((4, 4), bool)))[1] == 0


def test_a_box_turns_clockwise():
    canvas, _ = _painted(box("a", 2, 2, 6, 4, degrees=90, about=(2, 2)))  # from right of the corner to below it
    expected = np.zeros((12, 16), bool)
    expected[2:6, 0:2] = True
    assert (canvas == expected).all()
