"""Centrelines: diagonals keep their length, components stay apart and none is lost."""

import numpy as np
import pytest
from scipy import ndimage

from semicurv_tf.metrics.skeleton import skeleton

EIGHT = np.ones((3, 3))


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_a_diagonal_keeps_its_length(width):
    mask = np.zeros((50, 50), bool)
    steps = np.arange(5, 40)
    for shift in range(width):
        mask[steps, steps + shift] = True
    assert 35 - width <= skeleton(mask).sum() <= 36


def test_components_stay_as_they_are():
    generator = np.random.default_rng(0)
    for _ in range(40):
        mask = ndimage.gaussian_filter(generator.normal(size=(48, 48)), generator.uniform(0.5, 2.0)) > 0.05
        line = skeleton(mask)
        assert not (line & ~mask).any()
        labels, components = ndimage.label(mask, EIGHT)
        assert ndimage.label(line, EIGHT)[1] == components == len(np.unique(labels[line]))


def test_an_empty_mask_has_no_centreline():
    assert skeleton(np.zeros((4, 5), bool)).tolist() == np.zeros((4, 5), bool).tolist()
