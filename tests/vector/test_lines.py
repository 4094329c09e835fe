import numpy as np
import pytest
import shapely

from semicurv_tf.vector.graph import path_length
from semicurv_tf.vector.lines import lead_to_edge, sample, simplify, smooth, tangents


def stairs(slope, count=200):
    x = np.arange(count, dtype=float)
    return np.stack([x, np.round(slope * x)], axis=1)


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.25, 0.5, 0.7, 1.0])
def test_stairs_of_a_straight_line_are_smoothed_away(slope):
    length = path_length(smooth(stairs(slope), closed=False))
    true = 199 * np.hypot(1, slope)
    assert abs(length / true - 1) < 0.01
    if slope not in (0.0, 1.0):  # what counting pixels gives
        assert path_length(stairs(slope)) / true > 1.02


@pytest.mark.parametrize("radius, tolerance", [(5, 0.03), (10, 0.01), (40, 0.005)])
def test_circle_keeps_its_length(radius, tolerance):
    angle = np.arange(0, 2 * np.pi, 1 / radius)
    circle = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    circle = np.concatenate([circle, circle[:1]])
    assert abs(path_length(smooth(circle, closed=True)) / path_length(circle) - 1) < tolerance


def test_ends_stay_and_short_paths_pass():
    path = stairs(0.3, 9)
    np.testing.assert_array_equal(smooth(path, False)[[0, -1]], path[[0, -1]])
    np.testing.assert_array_equal(smooth(path[:2], False), path[:2])
    np.testing.assert_array_equal(smooth(path[:1], False), path[:1])
    assert smooth(path[:3], False).shape == (3, 2)


def test_line_is_led_to_the_edge_of_the_mask():
    mask = np.zeros((9, 30), bool)
    mask[3:6, 4:25] = True  # columns 4 to 24: its edges are at 3.5 and 24.5
    line = np.stack([np.arange(6.0, 23.0), np.full(17, 4.0)], axis=1)
    np.testing.assert_allclose(lead_to_edge(line, mask, 2.0)[-1], [24.5, 4.0])
    np.testing.assert_allclose(lead_to_edge(line[::-1], mask, 2.0)[-1], [3.5, 4.0])
    near = lead_to_edge(line[:5], mask, 2.0)[-1]  # the edge is far: no further than the radius and a pixel
    np.testing.assert_allclose(near, [10.0 + 3.0, 4.0], atol=0.25)
    point = line[:1]
    assert len(lead_to_edge(point, mask, 2.0)) == 1


def test_simplified_line_is_within_the_tolerance():
    angle = np.linspace(0, np.pi, 300)
    line = 50 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    few = simplify(line, 0.5)
    assert len(few) < 20
    assert shapely.hausdorff_distance(shapely.LineString(line), shapely.LineString(few), densify=0.01) <= 0.51
    np.testing.assert_array_equal(simplify(line, 0), line)


def test_tangents_have_length_one_and_turn_round_a_ring():
    angle = np.linspace(0, 2 * np.pi, 41)
    circle = 9 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    expected = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    np.testing.assert_allclose(tangents(circle, closed=True), expected, atol=1e-9)
    np.testing.assert_array_equal(tangents(np.zeros((3, 2)), closed=False), [(1, 0)] * 3)


def test_sample_is_bilinear_and_zero_outside():
    from scipy.ndimage import map_coordinates

    generator = np.random.default_rng(0)
    mask = generator.random((7, 9)) < 0.5
    points = generator.uniform(-2, 11, (200, 2))
    padded = np.pad(mask, 4).astype(float)
    expected = map_coordinates(padded, points.T[::-1] + 4, order=1)
    np.testing.assert_allclose(sample(mask, points), expected, atol=1e-12)
