"""What the images of a training are like: sizes, labels, how wide the structures are and how far apart."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np

from semicurv_tf.data.dense_window import densest_window
from semicurv_tf.data.pipeline import ENOUGH_VALID
from semicurv_tf.data.store import ImageStore
from semicurv_tf.vector.vectorize import vectorize_mask

MEASURED_MASKS = 8  # evenly spread: enough to tell 2 pixels from 10, and done in a second or two
WINDOW_PX = 1024  # of a larger mask, widths are measured in the window of this side with the most foreground
CROPS = (128, 192, 256, 384, 512)  # sides that a plan chooses from


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """What was found.

    Attributes:
        sizes: (height, width) to the number of training images, most frequent first.
        labelled: number of labelled training images.
        unlabelled: number of the others.
        labelled_pixels: of the labelled images in all, without what shows nothing.
        width_px: mean width of the structures, weighted by their length; None where no mask has any.
        masks: how many masks were measured.
        hits: side of a crop to the share of crops, at random places of the measured masks, with a structure in them;
            empty where no image is labelled.
        start_iou: of `score_of_start`, once it was asked for.
    """

    sizes: dict[tuple[int, int], int]
    labelled: int
    unlabelled: int
    labelled_pixels: int
    width_px: float | None
    masks: int
    hits: dict[int, float]
    start_iou: float | None = None

    @property
    def largest(self) -> tuple[int, int]:
        """(height, width) of the image with most pixels."""
        return max(self.sizes, key=lambda size: size[0] * size[1])

    @property
    def smallest_side(self) -> int:
        """The shortest side of all images in pixels."""
        return min(map(min, self.sizes))


def measure_images(store: ImageStore, labelled: Sequence[int]) -> ImageFacts:
    """Measures training images.

    Args:
        store: the training images.
        labelled: positions of those whose masks are learned from; no other mask is looked at.
    """
    places = np.linspace(0, len(labelled) - 1, MEASURED_MASKS).astype(int) if labelled else ()
    chosen = [labelled[place] for place in sorted({*places})]
    hits: dict[int, list[float]] = {side: [] for side in CROPS}
    length = area = 0.0
    for index in chosen:
        arrays = store.read(index)
        mask = arrays["mask"][..., 0] == 1
        for side, share in crops_with_structure(mask, arrays["valid"][..., 0] == 1).items():
            hits[side].append(share)
        segments = vectorize_mask(mask[densest_window(mask, WINDOW_PX)]).segments
        lengths = np.array([segment.pixels.length for segment in segments])
        length += lengths.sum()
        area += lengths @ np.array([segment.pixels.mean_width for segment in segments]) if segments else 0.0
    sizes = Counter(shape[:2] for shape in store.shapes)
    return ImageFacts(
        sizes=dict(sizes.most_common()),
        labelled=len(labelled),
        unlabelled=len(store) - len(labelled),
        labelled_pixels=round(sum(_counting_pixels(store, index) for index in labelled)),
        width_px=area / length if length else None,
        masks=len(chosen),
        hits={side: float(np.mean(shares)) for side, shares in hits.items()} if chosen else {},
    )


def _counting_pixels(store: ImageStore, index: int) -> float:
    height, width = store.shapes[index][:2]
    row = store.rows[index]
    return height * width * row["valid"] / max(1, row["shape"][0] * row["shape"][1])


def crops_with_structure(mask: np.ndarray, valid: np.ndarray | None = None) -> dict[int, float]:
    """Side of a crop to the share of its places in the image that hold foreground, of those where training crops lie.

    Args:
        mask: `(height, width)` bool; a crop that is larger than it sees all of it.
        valid: `(height, width)` bool, which pixels count; None: all. Crops of which less than `ENOUGH_VALID` counts
            are seldom taken (`data.pipeline`) and left out, unless there are no others.

    Returns:
        For each of `CROPS` a number in [0, 1].
    """
    foreground, counting = _sums(mask), None if valid is None or valid.all() else _sums(valid)
    shares = {}
    for side in CROPS:
        holds = _window_sums(foreground, side) > 0
        if counting is not None:
            pixels = min(side, mask.shape[0]) * min(side, mask.shape[1])
            taken = _window_sums(counting, side) >= ENOUGH_VALID * pixels
            holds = holds[taken] if taken.any() else holds
        shares[side] = float(holds.mean())
    return shares


def _sums(values: np.ndarray) -> np.ndarray:
    """The sum of all that is above and left of each corner of the pixels."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int32)
    np.cumsum(values, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _window_sums(sums: np.ndarray, side: int) -> np.ndarray:
    """The sum in each square window, from sums of all that is above and left; `side` is cut to the image."""
    rows, columns = (min(side, length - 1) for length in sums.shape)
    return sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
