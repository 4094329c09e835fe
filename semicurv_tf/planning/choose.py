"""At which size images are seen, crop, length, rate, and how much of the start stays, from what the images are like."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from semicurv_tf.config import Config
from semicurv_tf.config.data import SMALLEST
from semicurv_tf.errors import UserError
from semicurv_tf.planning.measure import CROPS, ImageFacts

WHOLE_PIXELS = 256 * 256  # images of one size up to this are trained on whole
WIDTHS_IN_CROP = 12  # a crop is so many times as wide as a structure, so that it shows a line and what lies beside it
HIT_SHARE = 0.5  # of the crops should hold a structure: the others teach what is none
SMALLEST_SIDE_PX = 16  # of a crop, and its unit
# Structures wider than a cell of the coarsest feature map are brought to what the built-in network knows best.
WIDEST_PX, KNOWN_WIDTH_PX = 16.0, 8.0
SMALLEST_SHRUNK_PX = 128  # an image's side after that
PASSES = 4  # over the pixels of the labelled images, at least,
ROUND_STEPS = 50  # rounded up to a multiple of so many steps
LONGEST = 4  # times the recipe's length, at most
# Few images are soon learned by heart: three times rate and length cost one photograph 19 points. So many bear so many
# times the recipe's learning rate; small ones, fewer of which suffice, as many times its steps, too: 8 crops gained 1.3
# to 2.7 points by both, 12 crops 1.7, 80 crops 3.1. 19 photographs gained 0.6 by the rate and 1.5 by both, for three
# times the minutes, which is left to `--budget-minutes` (results/default/README.md).
MANY_IMAGES, MANY_SMALL, FOR_MANY = 12, 8, 3
# A start that finds less than this (IoU) knows nothing of the structures: they are learned as from random weights.
# Streets, of which it found 10 %, gained 14.5 points on hidden masks by rate, length and nothing of the start kept.
UNKNOWN_TO_START = 0.2
SHORTEST_STEPS = 40  # fewer than these teach nothing, whatever the time


class Choice(NamedTuple):
    """A setting that was chosen, and why: `key` is dotted, `reason` one phrase."""

    key: str
    value: Any
    reason: str


def choose(config: Config, images: ImageFacts, named) -> list[Choice]:
    """What to set where the user named nothing.

    Args:
        config: of the recipe.
        images: what was measured.
        named: dotted keys that the user set; they stay.
    """
    choices = []
    crop = config.data.crop
    if "data.crop" not in named:
        crop, reason = choose_crop(images)
        choices.append(Choice("data.crop", crop, reason))
    if not {"training.steps", "training.epochs"} & set(named) and config.training.steps is not None:
        steps, reason = choose_steps(config, images, crop)
        choices.append(Choice("training.steps", steps, reason))
    unknown = _unknown_to_start(images)
    if (unknown or _many_small(images) or images.labelled >= MANY_IMAGES) and "training.learning_rate" not in named:
        rate = round(FOR_MANY * config.training.learning_rate, 6)
        why = "structures that the start does not know" if unknown else f"{images.labelled} images"
        choices.append(Choice("training.learning_rate", rate, f"{FOR_MANY} times the recipe's, for {why}"))
    if "method.start_share" not in named:
        choices += _choose_share(config, images)
    return choices


def _choose_share(config: Config, images: ImageFacts) -> list[Choice]:
    """Where it is not the recipe's: nothing of a start that knows nothing, else as much as one image."""
    key = "method.start_share"
    if config.start_share and _unknown_to_start(images):
        return [Choice(key, 0.0, "it finds next to nothing of the labelled structures")]
    if config.start_share * images.labelled > 1:
        # Chosen on hidden training masks of 1 to 12 images (results/default/README.md).
        share = share_of_start(config.start_share, images.labelled)
        return [Choice(key, share, f"as much as one of {images.labelled} images")]
    return []


def _unknown_to_start(images: ImageFacts) -> bool:
    return images.start_iou is not None and images.start_iou < UNKNOWN_TO_START


def _many_small(images: ImageFacts) -> bool:
    return images.labelled >= MANY_SMALL and math.prod(images.largest) <= WHOLE_PIXELS


def share_of_start(most: float, labelled: int) -> float:
    """The share of the start that stays: as much as one of the labelled images, at most what the recipe says."""
    return min(most, round(1 / labelled, 3))


def choose_resize(config: Config, images: ImageFacts, named) -> Choice | None:
    """At which share of their size images are seen; None where they stay as they are, or the user named size or crop.

    Args:
        config, named: as for `choose`.
        images: measured as they are.
    """
    width_px = images.width_px or 0.0
    if config.data.resize or {"data.resize", "data.crop"} & set(named) or width_px <= WIDEST_PX:
        return None
    times = min(SMALLEST, round(width_px / KNOWN_WIDTH_PX), images.smallest_side // SMALLEST_SHRUNK_PX)
    if times < 2:
        return None
    reason = f"structures of {width_px:.0f} px become {width_px / times:.1f} px wide"
    return Choice("data.resize", f"1/{times}", reason)


def choose_crop(images: ImageFacts) -> tuple[int | None, str]:
    """Side of the training crops in pixels, a multiple of 16, None for whole images; and why."""
    height, width = images.largest
    if len(images.sizes) == 1 and height * width <= WHOLE_PIXELS:
        return None, "whole images, all of one size"
    if not images.hits:
        return min(CROPS[0], _fitting(images)), "no mask says how wide the structures are"
    wide = WIDTHS_IN_CROP * (images.width_px or 0.0)
    crop = next((side for side in CROPS if side >= wide and images.hits[side] >= HIT_SHARE), CROPS[-1])
    share = f"{100 * images.hits[crop]:.0f} % of such crops hold a structure"
    if crop > images.smallest_side:  # no more reflected border than must be
        return _fitting(images), "as much as the smallest image shows"
    return crop, share


def _fitting(images: ImageFacts) -> int:
    """The largest side of a crop that lies within every image, a multiple of 16."""
    return max(SMALLEST_SIDE_PX, images.smallest_side // SMALLEST_SIDE_PX * SMALLEST_SIDE_PX)


def choose_steps(config: Config, images: ImageFacts, crop: int | None) -> tuple[int, str]:
    """The length in steps, and why: the recipe's, or more for many small images, many pixels, or an ignorant start."""
    recipe = least = config.training.steps or 1
    if _many_small(images) or _unknown_to_start(images):
        least *= FOR_MANY
    if not images.labelled_pixels:
        return least, "the recipe's"
    pixels = config.training.batch_labelled * (crop**2 if crop else images.largest[0] * images.largest[1])
    wanted = math.ceil(PASSES * images.labelled_pixels / pixels / ROUND_STEPS) * ROUND_STEPS
    steps = min(max(least, wanted), LONGEST * recipe)
    passes = steps * pixels / images.labelled_pixels
    return steps, f"sees the labelled pixels {passes:.1f} times" if passes < 10 else f"about {passes:.0f} times"


def steps_within(minutes: float, config: Config, seconds_of: Callable[[int], float]) -> Choice:
    """The length that fits into a time: more steps than the recipe's where there is time, fewer where there is not.

    Args:
        minutes: for the whole command.
        config: of the recipe.
        seconds_of: the forecast of a run of so many steps; grows in proportion to them from what a start takes.

    Raises:
        UserError: too few steps fit to teach anything.
    """
    start = seconds_of(0)
    step = seconds_of(1) - start
    fitting = math.floor((60 * minutes - start) / step)
    if fitting < SHORTEST_STEPS:
        least = math.ceil((start + SHORTEST_STEPS * step) / 60)
        raise UserError(
            f"--budget-minutes {minutes:g}: expected time for {SHORTEST_STEPS} steps at least, found time for "
            f"{max(0, fitting)}. Fix: --budget-minutes {least}, or --set data.crop=64"
        )
    most = LONGEST * (config.training.steps or fitting)
    said = (
        f"what {minutes:g} min allow" if fitting <= most else f"{minutes:g} min would allow {fitting}, too many to pay"
    )
    return Choice("training.steps", min(fitting, most), said)
