"""The field of distances against distances computed pixel by pixel."""

import numpy as np

from semicurv_tf.drawing.strokes import REACH_PX, Stroke, field_of


def distance_to_segment(size, start, end):
    y, x = np.mgrid[0:size, 0:size].astype(float)
    along = np.subtract(end, start)
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / np.dot(along, along)
    share = share.clip(0, 1)
    return np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])


def test_a_segment_lies_at_its_distance():
    start, end = (5.2, 9.7), (40.1, 30.3)
    field = field_of([Stroke(np.array([start, end]), np.full(2, 2.0), 0.7)], 48)
    expected = distance_to_segment(48, start, end) - 2.0
    # On the middle line itself a disc's centre may be a third of a pixel off.
    near = (expected < REACH_PX - 0.5) & (expected > -1.0)
    np.testing.assert_allclose(field.edge[near], expected[near], atol=0.06)
    np.testing.assert_allclose(field.radius[near], 2.0, atol=1e-6)
    np.testing.assert_allclose(field.strength[near], 0.7, atol=1e-6)
    assert (field.edge[expected > REACH_PX + 2.5] >= REACH_PX).all()


def test_no_line_joins_two_strokes():
    left = Stroke(np.array([(5.0, 5.0), (5.0, 20.0)]), np.full(2, 1.0))
    right = Stroke(np.array([(40.0, 5.0), (40.0, 20.0)]), np.full(2, 1.0))
    field = field_of([left, right], 48)
    assert field.edge[12, 22] >= REACH_PX
    assert field.edge[20, 5] < 0 and field.edge[20, 40] < 0  # both ends of both are there
    assert field.edge[5, 5] < 0 and field.edge[5, 40] < 0


def test_a_thin_branch_makes_no_hole_in_a_wide_trunk():
    trunk = Stroke(np.array([(0.0, 32.0), (64.0, 32.0)]), np.full(2, 10.0))
    branch = Stroke(np.array([(32.0, 32.0), (32.0, 0.0)]), np.full(2, 0.5))
    field = field_of([trunk, branch], 64)
    assert (field.edge[23:42, 8:56] < 0).all()


def test_a_wide_stroke_whose_middle_lies_outside_is_seen():
    field = field_of([Stroke(np.array([(-10.0, -40.0), (-10.0, 100.0)]), np.full(2, 15.0))], 64)
    np.testing.assert_allclose(field.edge[32, :4], np.arange(4) - 5.0, atol=0.1)


def test_no_stroke():
    field = field_of([], 16)
    assert (field.edge >= REACH_PX).all() and not field.strength.any()
