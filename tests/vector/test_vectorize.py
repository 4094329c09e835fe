"""Lengths, widths and counts of drawn lines whose true ones are known."""

import numpy as np
import pytest

from semicurv_tf.vector import Grid, VectorSettings, vectorize_mask
from tests.vector.conftest import band, ring

ANGLES = np.arange(0.0, 180.0, 7.5)


@pytest.mark.parametrize("width", [1, 2, 2.5, 3, 4, 5.7, 8, 12.3, 20])
def test_width_and_length_of_lines_at_many_angles(width):
    generator = np.random.default_rng(0)
    widths, largest, lengths = [], [], []
    for angle in ANGLES:
        vectors = vectorize_mask(band(angle, width, centre=80 + generator.uniform(-0.5, 0.5, 2)))
        (segment,) = vectors.segments
        widths.append(segment.pixels.mean_width - width)
        largest.append(segment.pixels.max_width - width)
        lengths.append(segment.pixels.length - 100)
    # Single angles may be off by what rasterising does: a line of 2.5 px along the rows is 2 or 3 rows.
    assert abs(np.mean(widths)) < 0.2 and np.mean(np.abs(widths)) < 0.3 and np.max(np.abs(widths)) < 0.8
    assert np.max(np.abs(largest)) < 1.0
    assert np.max(np.abs(lengths)) < 2.0 and abs(np.mean(lengths)) < 0.7


def test_width_of_antialiased_lines():
    """Drawn eight times larger by Pillow, averaged to grey, thresholded: as a drawing programme would."""
    from PIL import Image, ImageDraw

    errors = []
    for width in (2, 3, 5, 9):
        for angle in ANGLES:
            large = Image.new("L", (1280, 1280))
            step = 400 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
            ends = [tuple(640 - step), tuple(640 + step)]
            ImageDraw.Draw(large).line(ends, fill=255, width=8 * width)
            grey = np.asarray(large.reduce(8))
            (segment,) = vectorize_mask(grey > 127).segments
            errors.append(segment.pixels.mean_width - width)
    assert np.mean(np.abs(errors)) < 0.3 and abs(np.mean(errors)) < 0.2


@pytest.mark.parametrize("radius, tolerance", [(10, 0.01), (20, 0.005), (60, 0.005)])
@pytest.mark.parametrize("width", [1, 3, 6])
def test_circles_are_closed_lines(radius, width, tolerance):
    vectors = vectorize_mask(ring(radius, width))
    (segment,) = vectors.segments
    assert (segment.start, segment.end) == ("closed", "closed")
    np.testing.assert_array_equal(segment.points[0], segment.points[-1])
    assert abs(segment.pixels.length / (2 * np.pi * radius) - 1) < tolerance
    assert abs(segment.pixels.mean_width - width) < 0.2
    assert segment.pixels.orientation_deg is None
    assert vectors.summary()["junctions"] == vectors.summary()["end_points"] == 0


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 160])
def test_orientation_is_counter_clockwise_from_x(angle):
    (segment,) = vectorize_mask(band(-angle, 3)).segments  # the drawing's angle is clockwise
    difference = (segment.pixels.orientation_deg - angle + 90) % 180 - 90
    assert abs(difference) < 1.0


def test_wave_has_the_length_of_its_integral():
    x = np.linspace(20, 380, 20000)
    y = 60 + 30 * np.sin(2 * np.pi * (x - 20) / 120)
    rows, columns = np.mgrid[:120, :400]
    from scipy.spatial import cKDTree

    near, _ = cKDTree(np.stack([x, y], axis=1)).query(np.stack([columns.ravel(), rows.ravel()], axis=1))
    (segment,) = vectorize_mask(near.reshape(120, 400) <= 2.5).segments
    true = np.hypot(np.diff(x), np.diff(y)).sum() + 5  # its ends are round: half a width further
    assert abs(segment.pixels.length / true - 1) < 0.01


def test_single_pixel_is_a_dot():
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 6] = 1
    vectors = vectorize_mask(mask, VectorSettings(min_length_px=0))
    (segment,) = vectors.segments
    assert segment.start == segment.end == "dot" and segment.points.tolist() == [[6.0, 4.0]]
    assert segment.pixels.length == 0 and segment.pixels.mean_width == segment.pixels.max_width == 1.0
    summary = vectors.summary()
    assert (summary["components"], summary["dots"], summary["segments"], summary["total_length_px"]) == (1, 1, 0, 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 5), (40, 90)])
def test_empty_and_full_masks(shape):
    empty = vectorize_mask(np.zeros(shape, bool)).summary()
    assert empty["components"] == empty["total_length_px"] == empty["density_per_px"] == empty["max_width_px"] == 0
    full = vectorize_mask(np.ones(shape, bool), VectorSettings(min_length_px=0))
    (segment,) = full.segments
    assert full.summary()["foreground_percent"] == 100
    if shape != (1, 1):
        assert segment.pixels.length == pytest.approx(max(shape), abs=0.3)
        assert segment.pixels.mean_width == pytest.approx(min(shape), abs=0.3)


def test_crossing_lines_are_one_crack_of_four_segments():
    vectors = vectorize_mask(band(20, 3, 140) | band(110, 3, 140))
    summary = vectors.summary()
    assert [summary[key] for key in ("components", "segments", "junctions", "end_points")] == [1, 4, 1, 4]
    assert summary["total_length_px"] == pytest.approx(280, abs=4)
    assert {segment.crack for segment in vectors.segments} == {1}
    # The square where they cross is no one's width.
    assert summary["max_width_px"] < 4.0


def test_a_quarter_turn_changes_nothing_but_the_orientation(tangle):
    turned = vectorize_mask(np.rot90(tangle)).summary()
    straight = vectorize_mask(tangle).summary()
    assert straight["components"] == turned["components"]
    assert turned["total_length_px"] == pytest.approx(straight["total_length_px"], rel=0.01)
    assert turned["mean_width_px"] == pytest.approx(straight["mean_width_px"], rel=0.01)


def test_units_scale_lengths_widths_and_density():
    vectors = vectorize_mask(band(30, 4), grid=Grid("mm", scale=0.8))
    (segment,) = vectors.segments
    for name in ("length", "mean_width", "max_width"):
        assert getattr(segment.units, name) == pytest.approx(0.8 * getattr(segment.pixels, name))
    summary = vectors.summary()
    assert summary["total_length_mm"] == pytest.approx(0.8 * summary["total_length_px"])
    assert summary["density_per_mm"] == pytest.approx(summary["density_per_px"] / 0.8)


def test_min_length_leaves_short_structures_and_dots_out():
    mask = band(0, 3, 100, centre=(80, 40)) | band(0, 3, 20, centre=(80, 80))
    mask[120, 120] = True
    counts = [len(vectorize_mask(mask, VectorSettings(min_length_px=least)).segments) for least in (0, 1, 50, 200)]
    assert counts == [3, 2, 1, 0]
    left_out = vectorize_mask(mask, VectorSettings(min_length_px=50)).summary()
    assert (left_out["left_out_dots"], left_out["left_out_pieces"], left_out["left_out_twigs"]) == (1, 1, 0)


def test_measures_do_not_depend_on_how_coarsely_lines_are_drawn(tangle):
    fine, coarse = (vectorize_mask(tangle, VectorSettings(simplify_px=px)) for px in (0, 8))
    assert fine.summary() == coarse.summary()
    assert sum(len(each.points) for each in coarse.segments) < 0.2 * sum(len(each.points) for each in fine.segments)


def test_progress_sums_to_one(tangle):
    shares = []
    vectorize_mask(tangle, advance=shares.append)
    assert sum(shares) == pytest.approx(1.0)
    shares.clear()
    vectorize_mask(np.zeros((9, 9)), advance=shares.append)
    assert sum(shares) == pytest.approx(1.0)


def test_wrong_rank_is_refused():
    with pytest.raises(ValueError, match="height, width"):
        vectorize_mask(np.zeros((3, 3, 3)))
