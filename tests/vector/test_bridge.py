"""Gaps bridged, ends led on, loops kept: on lines that are drawn with known gaps."""

import numpy as np
import pytest

from semicurv_tf.vector import VectorSettings, vectorize_mask
from tests.vector.conftest import band, ring

NETWORK = VectorSettings(bridge_px=12)


def counts(mask, settings=NETWORK):
    found = vectorize_mask(mask, settings).summary()
    return [found[key] for key in ("components", "segments", "junctions", "end_points", "bridges")]


def test_a_gap_becomes_one_line_as_long_as_the_whole_one():
    whole = band(20, 4, 120)
    broken = whole & ~band(110, 10, 40)  # a gap of 10 px across its middle
    assert counts(broken, VectorSettings()) == [2, 2, 0, 4, 0]
    assert counts(broken) == [1, 1, 0, 2, 1]
    (line,), (true,) = vectorize_mask(broken, NETWORK).segments, vectorize_mask(whole).segments
    assert line.pixels.length == pytest.approx(true.pixels.length, abs=0.5)
    # No mask, no width: the gap does not make the line thinner.
    assert line.pixels.mean_width == pytest.approx(true.pixels.mean_width, abs=0.1)
    assert line.bridged_px == pytest.approx(10, abs=1.5) and true.bridged_px is None


def test_a_wider_gap_stays():
    assert counts(band(0, 4, 120) & ~band(90, 14, 40)) == [2, 2, 0, 4, 0]


def test_an_end_short_of_a_line_is_led_on_to_it_and_cuts_it_there():
    t = band(0, 4, 140, centre=(80, 40)) | band(90, 4, 60, centre=(80, 82))  # ends at row 52, line's edge at row 42
    assert counts(t, VectorSettings()) == [2, 2, 0, 4, 0]
    vectors = vectorize_mask(t, NETWORK)
    assert counts(t) == [1, 3, 1, 3, 1]
    np.testing.assert_allclose(vectors.junctions, [[80, 40]], atol=1.5)


def test_two_ends_on_one_line_each_get_their_junction():
    h = band(0, 4, 140, centre=(80, 80))
    for x in (50, 110):
        h |= band(90, 4, 50, centre=(x, 45))
    assert counts(h) == [1, 5, 2, 4, 2]


def test_lines_side_by_side_and_specks_are_not_joined():
    parallel = band(0, 3, 100, centre=(80, 60)) | band(0, 3, 100, centre=(80, 70))
    assert counts(parallel) == [2, 2, 0, 4, 0]
    speck = band(0, 4, 140)
    speck[70:72, 60:62] = True
    assert counts(speck) == [1, 1, 0, 2, 0]


def test_loops_stay_and_a_ring_with_a_gap_closes():
    assert counts(ring(40, 4)) == counts(ring(40, 4), VectorSettings()) == [1, 1, 0, 0, 0]
    gap = ring(40, 4) & ~band(0, 9, 60, centre=(120, 80))
    assert counts(gap, VectorSettings()) == [1, 1, 0, 2, 0]
    assert counts(gap) == [1, 1, 0, 0, 1]
    hook = ring(14, 3) & ~band(0, 30, 60, centre=(110, 80))  # half open: its ends do not look at one another
    assert counts(hook)[3:] == [2, 0]


def test_a_quarter_turn_bridges_the_same(tangle):
    torn = tangle[:160, :160].copy()
    torn[::25] = False
    straight, turned = (vectorize_mask(mask, NETWORK).summary() for mask in (torn, np.rot90(torn)))
    assert straight["bridges"] > 5 and turned["bridges"] == pytest.approx(straight["bridges"], rel=0.15)
    assert straight["components"] < vectorize_mask(torn).summary()["components"]


def test_lines_end_exactly_at_their_nodes(tangle):
    vectors = vectorize_mask(tangle, NETWORK)
    points = {node.number: node.point for node in vectors.nodes}
    assert sorted(points) == list(range(1, len(points) + 1))
    arrivals = dict.fromkeys(points, 0)
    for segment in vectors.segments:
        for node, point in ((segment.start_node, segment.points[0]), (segment.end_node, segment.points[-1])):
            np.testing.assert_array_equal(points[node], point)
            arrivals[node] += 1
    assert all(arrivals[node.number] == node.degree for node in vectors.nodes if node.kind != "closed")
