"""Grounds that curves lie on: clouds, grain, gravel, streaks, patches."""

from collections.abc import Collection

import numpy as np

from semicurv_tf.drawing.noise import grain, octaves, standard, stones
from semicurv_tf.drawing.span import Span, chance, share_of

SLOPE = Span(0.3, 1.8)  # of the octaves: grain to clouds
GRAIN_PX = Span(0.0, 1.3)
GRITTY_GRAIN_PX = Span(0.35, 1.5)  # asphalt and cytoplasm have grain of 1 to 4 pixels
# How much of each part a ground has, in deviations: gritty ones are little but grain and stones, others any mixture.
GRITTY_CLOUDS, GRITTY_STONES, GRITTY_GRAIN = Span(0.0, 0.5), Span(0.0, 1.5), Span(0.3, 1.5)
FURTHER_STONES, FURTHER_STRENGTH = 0.5, Span(0.2, 1.0)  # share of gritty grounds with a second size of stones
CLOUDS = Span(0.05, 1.0)
STONES, STONES_STRENGTH = 0.35, Span(0.3, 2.0)
GRAINED, GRAIN_STRENGTH = 0.7, Span(0.2, 1.5)
STREAKED, STREAKS_STRENGTH = 0.18, Span(0.3, 2.0)  # share: brushed metal, wood, tined concrete, muscle
STREAK, STREAK_SLOPE = Span(2.0, 12.0, log=True), Span(0.2, 0.9)  # longer than wide
# Patches of about one size, as in plaster, mud and concrete: their edges and necks look like short curves and are none.
PATCHY, PATCHES_STRENGTH = 0.3, Span(0.3, 1.5)
PATCH_PX, PATCH_SLOPE = Span(5.0, 28.0, log=True), Span(1.0, 2.5)
SKEW = 0.3  # share of textures with mostly dark or mostly bright grains
SKEW_POWER = Span(1.0, 2.2)
SKEW_REST = 0.5  # of the other side's deviations that is left
AMPLITUDE = Span(0.006, 0.09, log=True)  # deviation of the texture, as a share of white
GRITTY_AMPLITUDE = Span(0.022, 0.13, log=True)
UNEVEN = Span(0.008, 0.09, log=True)  # slow changes of brightness


def texture(random: np.random.Generator, size: int, gritty: bool, without: Collection[str] = ()):
    """The ground's pattern, mean 0, deviation 1; `without` as for `draw_image`."""
    mixed = _gritty if gritty else _smooth
    picture = mixed(random, size, without)
    if chance(random, share_of("patches", STREAKED, without)):
        streaks = STREAKS_STRENGTH.draw(random)
        picture = standard(picture) + streaks * octaves(random, size, STREAK_SLOPE.draw(random), STREAK.draw(random))
    if chance(random, share_of("patches", PATCHY, without)):
        low = size / (2 * PATCH_PX.draw(random))
        stretch = STREAK.draw(random) if chance(random, STREAKED) else 1.0
        patches = octaves(random, size, PATCH_SLOPE.draw(random), stretch, low)
        picture = standard(picture) + PATCHES_STRENGTH.draw(random) * patches
    return _skewed(random, standard(picture))


def _gritty(random, size, without):
    """Grain about as strong as the curves, with or without stones."""
    picture = GRITTY_CLOUDS.draw(random) * octaves(random, size, SLOPE.draw(random))
    if "stones" not in without:
        picture += GRITTY_STONES.draw(random) * stones(random, size)
    picture += GRITTY_GRAIN.draw(random) * grain(random, size, GRITTY_GRAIN_PX.draw(random))
    if chance(random, share_of("stones", FURTHER_STONES, without)):
        picture += FURTHER_STRENGTH.draw(random) * stones(random, size)
    return picture


def _smooth(random, size, without):
    """Clouds, in some images with stones and grain."""
    picture = CLOUDS.draw(random) * octaves(random, size, SLOPE.draw(random))
    if chance(random, share_of("stones", STONES, without)):
        picture += STONES_STRENGTH.draw(random) * stones(random, size)
    if chance(random, GRAINED):
        picture += GRAIN_STRENGTH.draw(random) * grain(random, size, GRAIN_PX.draw(random))
    return picture


def _skewed(random, picture):
    """In some images one side of the distribution is longer than the other: pale pebbles, dark pits."""
    if not chance(random, SKEW):
        return picture
    bent = np.abs(picture) ** SKEW_POWER.draw(random)
    longer = picture * random.choice([-1, 1]) > 0
    return standard(np.where(longer, np.sign(picture) * bent, SKEW_REST * picture))
