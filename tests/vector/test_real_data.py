"""Truth masks of real data, against numbers that other means give."""

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.vector import VectorSettings, vectorize_mask


def road_mask(shared_data, number=0):
    files = sorted((shared_data / "mitroad" / "masks").iterdir())
    with Image.open(files[number]) as image:
        return np.asarray(image.convert("L")) > 127


def test_roads_cover_what_was_drawn(shared_data):
    """Massachusetts' roads were drawn by lines of one width: length times width is nearly the area."""
    mask = road_mask(shared_data)
    summary = vectorize_mask(mask).summary()
    assert summary["total_length_px"] * summary["mean_width_px"] == pytest.approx(mask.sum(), rel=0.02)
    assert 6.0 < summary["mean_width_px"] < 7.0 and summary["max_width_px"] < 8.0


def test_vessels_keep_their_holes_and_components(shared_data):
    from scipy import ndimage
    from skimage.measure import euler_number
    from skimage.morphology import remove_small_holes

    with Image.open(shared_data / "drive" / "training" / "1st_manual" / "21_manual1.gif") as image:
        mask = np.asarray(image.convert("L")) > 127
    filled = remove_small_holes(mask, max_size=10)
    vectors = vectorize_mask(mask, VectorSettings(min_length_px=0))
    summary = vectors.summary()
    assert summary["components"] == ndimage.label(mask, np.ones((3, 3)))[1]
    closed = sum(segment.start == "closed" for segment in vectors.segments)
    nodes = summary["junctions"] + summary["end_points"] + summary["dots"] + closed
    assert nodes - summary["segments"] == euler_number(filled, connectivity=2)
