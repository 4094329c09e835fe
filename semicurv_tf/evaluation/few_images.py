"""What a score on few images is worth: Student's interval of the mean, said wherever fewer than ten are scored."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

FEWEST_TO_COMPARE = 10  # below that two methods' scores overlap unless they differ by far
LEVEL = 0.95


def mean_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """Student's t interval of a mean of values in [0, 1] (W. S. Gosset, Biometrika 6(1), 1908).

    The bootstrap, which serves for many images, is too narrow for a handful: of three it sees ten different samples.

    >>> [round(limit, 3) for limit in mean_interval([0.5, 0.6, 0.7])]
    [0.352, 0.848]

    Args:
        values: one per image.
        level: in (0, 1).

    Returns:
        Lower and upper limit, cut to [0, 1]; None for fewer than two values.
    """
    if len(values) < 2:
        return None
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return max(0.0, float(np.mean(values) - half)), min(1.0, float(np.mean(values) + half))


def few_images_note(split: str, ious: Sequence[float]) -> str | None:
    """A line on what the mean IoU of so few images says; None where there are enough.

    Args:
        split: their name for the user.
        ious: of each image with a mask, in [0, 1].
    """
    if len(ious) >= FEWEST_TO_COMPARE or not ious:
        return None
    interval = mean_interval(ious)
    if interval is None:
        width = "of one image there is no interval"
    else:
        width = f"the mean IoU's 95 % interval is {100 * interval[0]:.1f} to {100 * interval[1]:.1f} (Student's t)"
    images = f"1 {split} image" if len(ious) == 1 else f"{len(ious)} {split} images"
    more = "" if split == "new" else ", or let every mask count: evaluate --folds 5"
    return (
        f"note: {images} with a mask, fewer than {FEWEST_TO_COMPARE}: {width}. Label more to tell two runs apart{more}"
    )
