"""Curves without a ground: the same by seed, signed, and with a mask where they show."""

import typing

import numpy as np
import pytest

from semicurv_tf.drawing import KINDS
from semicurv_tf.drawing.overlays import draw_overlays
from semicurv_tf.methods.registry import DrawnCurvesSettings
from semicurv_tf.methods.settings import DrawnKind


def test_the_same_seed_gives_the_same_and_another_does_not():
    first, again, other = (draw_overlays(seed, 4, size=64) for seed in (3, 3, 4))
    for name in first._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.shown, other.shown)


def test_more_of_them_begin_with_the_same():
    np.testing.assert_array_equal(draw_overlays(0, 5, size=64).mask[:2], draw_overlays(0, 2, size=64).mask)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_where_its_mask_is(kind):
    drawn = draw_overlays(0, 12, (kind,), 96)
    assert drawn.shown.shape == drawn.mask.shape == (12, 96, 96)
    assert set(np.unique(drawn.mask)) == {0, 1}
    assert np.all(drawn.contrast > 0)
    strength = np.abs(drawn.shown.astype(np.float32))
    assert strength[drawn.mask == 1].mean() > 10 * strength[drawn.mask == 0].mean()


def test_some_are_darker_some_brighter_and_some_empty():
    drawn = draw_overlays(0, 80, size=64)
    sums = drawn.shown.astype(np.float32).sum(axis=(1, 2))
    assert (sums < 0).any() and (sums > 0).any() and (sums == 0).any()
    assert not drawn.mask[sums == 0].any()


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="Expected kind to be one of cracks, .*Received: kind='worms'"):
        draw_overlays(0, 1, ("worms",))


def test_the_settings_list_the_same_kinds():
    assert typing.get_args(DrawnKind) == KINDS


@pytest.mark.parametrize("given", ["cracks, vessels", ["cracks", "vessels"]])
def test_kinds_are_a_list_or_names_with_commas(given):
    settings = DrawnCurvesSettings.model_validate({"name": "drawn_curves", "drawn_kinds": given})
    assert settings.drawn_kinds == ("cracks", "vessels")
