"""Finished masks: numbers by hand, and scikit-image as an independent word on hysteresis and small objects."""

import numpy as np
import pytest
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import remove_small_objects

from semicurv_tf.errors import UserError
from semicurv_tf.metrics.betti import betti_numbers
from semicurv_tf.postprocessing.bridge import end_points
from semicurv_tf.postprocessing.finish import finished_mask, without_small
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict, from_dict


def two_lines(gap_px, background=0.1, on_the_way=None):
    """A row of 0.9 with a gap, in a field of `background`."""
    probability = np.full((21, 60), background)
    probability[10, 3:15] = 0.9
    probability[10, 15 + gap_px : 50] = 0.9
    if on_the_way is not None:
        probability[10, 15 : 15 + gap_px] = on_the_way
    return probability


def noise(seed):
    return np.random.default_rng(seed).uniform(size=(40, 50)) ** 2


@pytest.mark.parametrize("seed", range(3))
def test_without_steps_it_is_the_threshold(seed):
    assert (finished_mask(noise(seed), 0.5, PostProcessing()) == (noise(seed) > 0.5)).all()


def test_hysteresis_by_hand():
    probability = np.array(
        [
            [0.9, 0.1, 0.1, 0.4, 0.4],
            [0.1, 0.4, 0.1, 0.1, 0.1],
            [0.1, 0.1, 0.3, 0.1, 0.4],
        ]
    )
    mask = finished_mask(probability, 0.5, PostProcessing(hysteresis_low=0.3))
    # From 0.9 over a corner to 0.4; 0.3 is not above 0.3, and the 0.4 beyond have no 0.9 in their component.
    assert mask.astype(int).tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize("seed", range(3))
def test_hysteresis_is_between_scikit_images_and_the_low_threshold(seed):
    """scikit-image joins over edges alone: what it finds is found, and nothing below the low threshold."""
    mask = finished_mask(noise(seed), 0.8, PostProcessing(hysteresis_low=0.5))
    edges = apply_hysteresis_threshold(noise(seed), 0.5, 0.8)
    assert (mask >= edges).all() and (mask <= (noise(seed) > 0.5)).all()


@pytest.mark.parametrize("smallest", [1, 2, 5, 30])
def test_small_components_as_scikit_image_removes_them(smallest):
    mask = noise(3) > 0.6
    assert (without_small(mask, smallest) == remove_small_objects(mask, max_size=smallest - 1, connectivity=2)).all()


def test_a_component_of_just_the_size_stays():
    probability = np.zeros((5, 9))
    probability[1, 1:4] = probability[3, 5:7] = 0.9
    mask = finished_mask(probability, 0.5, PostProcessing(smallest_component_px=3))
    assert mask.sum() == 3 and mask[1, 1:4].all()


@pytest.mark.parametrize(("longest", "bridged"), [(5, False), (6, True), (20, True)])
def test_a_gap_of_six_pixels(longest, bridged):
    probability = two_lines(6)
    mask = finished_mask(probability, 0.5, PostProcessing(bridge_px=longest))
    expected = probability > 0.5
    expected[10, 15:21] = bridged
    assert (mask == expected).all()


def test_a_gap_without_evidence_stays():
    # A tenth of the threshold is 0.05: the geometric mean over the gap must reach it.
    assert finished_mask(two_lines(6, 0.051), 0.5, PostProcessing(bridge_px=6))[10, 15:21].all()
    assert not finished_mask(two_lines(6, 0.049), 0.5, PostProcessing(bridge_px=6))[10, 15:21].any()


def test_the_bridge_takes_the_probable_way_and_the_lines_width():
    probability = np.full((31, 60), 0.01)
    probability[8:13, 3:20] = probability[8:13, 30:50] = 0.9
    detour = [(10, 20), (11, 21), (12, 22), (13, 23), (13, 24), (13, 25), (13, 26), (12, 27), (11, 28), (10, 29)]
    for row, column in detour:
        probability[row, column] = 0.4
    mask = finished_mask(probability, 0.5, PostProcessing(bridge_px=14))
    assert all(mask[at] for at in detour)
    assert betti_numbers(mask) == (1, 0)
    assert mask[:, 24].sum() == 5  # as wide as the lines
    assert mask[11:16, 24].all()


def test_a_ring_is_closed_once():
    rows, columns = np.indices((60, 60))
    probability = np.where(abs(np.hypot(rows - 30, columns - 30) - 20) < 1.5, 0.9, 0.2)
    probability[28:34, 45:] = 0.2
    assert betti_numbers(probability > 0.5) == (1, 0)
    assert betti_numbers(finished_mask(probability, 0.5, PostProcessing(bridge_px=10))) == (1, 1)


def test_lines_side_by_side_are_not_joined():
    probability = np.full((30, 60), 0.3)
    probability[10, 5:50] = probability[15, 5:50] = 0.9
    assert (finished_mask(probability, 0.5, PostProcessing(bridge_px=12)) == (probability > 0.5)).all()


def test_bridges_before_small_components():
    """Dashes of 3 pixels are a line before they are judged."""
    probability = np.full((9, 40), 0.2)
    for start in range(2, 38, 5):
        probability[4, start : start + 3] = 0.9
    steps = PostProcessing(bridge_px=2, smallest_component_px=20)
    assert finished_mask(probability, 0.5, steps)[4, 2:38].all()
    assert not finished_mask(probability, 0.5, PostProcessing(smallest_component_px=20)).any()


def test_no_bridge_and_no_foreground_where_there_are_no_data():
    probability = two_lines(6, 0.4)
    valid = np.ones(probability.shape, bool)
    valid[:, 17:19] = False
    mask = finished_mask(probability, 0.5, PostProcessing(bridge_px=30), valid)
    assert (mask == (probability > 0.5)).all()
    valid[:, 5] = False
    assert not finished_mask(probability, 0.5, PostProcessing(hysteresis_low=0.3), valid)[:, 5].any()


@pytest.mark.parametrize("seed", range(2))
def test_a_bridged_mask_contains_the_mask(seed):
    probability = noise(seed)
    assert (finished_mask(probability, 0.8, PostProcessing(bridge_px=4)) >= (probability > 0.8)).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_empty_and_full(value):
    steps = PostProcessing(hysteresis_low=0.2, bridge_px=9, smallest_component_px=4)
    assert (finished_mask(np.full((12, 13), value), 0.5, steps) == bool(value)).all()


def test_ends_of_a_line_and_a_dot():
    line = np.zeros((7, 9), bool)
    line[2, 1:6] = line[5, 7] = True
    assert list(end_points(line)) == [(2, 1), (2, 5), (5, 7)]


def test_hysteresis_at_or_above_the_threshold_is_refused():
    with pytest.raises(UserError, match=r"--hysteresis 0.5: expected a number below the threshold 0.5"):
        finished_mask(noise(0), 0.5, PostProcessing(hysteresis_low=0.5))


@pytest.mark.parametrize(
    "values",
    [{"hysteresis_low": 0.0}, {"hysteresis_low": 1.0}, {"bridge_px": -1}, {"bridge_px": 201}, {"bridge_px": 2.5},
     {"smallest_component_px": -3}, {"smallest_component_px": True}],
)  # fmt: skip
def test_values_out_of_range(values):
    with pytest.raises(ValueError, match="Expected"):
        PostProcessing(**values)


def test_round_trip_and_damaged_files(tmp_path):
    steps = PostProcessing(0.25, 8, 64)
    assert from_dict(as_dict(steps), tmp_path) == steps and from_dict(None, tmp_path) == PostProcessing()
    for damaged in ([], "x", {"bridge": 3}, {"bridge_px": "8"}, {"hysteresis_low": "0.2"}, {"hysteresis_low": True}):
        with pytest.raises(UserError, match=r"threshold.json: postprocessing: Expected .* Fix: "):
            from_dict(damaged, tmp_path / "threshold.json")


def test_in_words():
    assert PostProcessing(0.25, 8, 64).said() == (
        "hysteresis down to 0.25, gaps up to 8 px bridged, components below 64 px left out"
    )
    assert PostProcessing().said() == "none" and not PostProcessing()
