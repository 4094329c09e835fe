"""Lines drawn by their own geometry: a pixel is foreground where its centre is near enough to the line."""

import numpy as np
import pytest


def band(angle_deg, width_px, length_px=100.0, centre=(80.0, 80.0), size=160):
    """A straight line of known width and length: bool `(size, size)`, centre x, y, angle clockwise on the screen."""
    y, x = np.mgrid[:size, :size].astype(float)
    angle = np.radians(angle_deg)
    along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
    return (abs(along) <= length_px / 2) & (abs(across) <= width_px / 2)


def ring(radius_px, width_px, centre=(80.3, 79.8), size=160):
    """A circle of known radius and width."""
    y, x = np.mgrid[:size, :size].astype(float)
    return abs(np.hypot(x - centre[0], y - centre[1]) - radius_px) <= width_px / 2


@pytest.fixture
def tangle():
    """A random mask with loops, branches and dots, as a network may draw it."""
    from scipy import ndimage

    noise = np.random.default_rng(3).standard_normal((300, 300))
    smooth = ndimage.gaussian_filter(noise, 5)
    return abs(smooth) < np.quantile(abs(smooth), 0.25)
