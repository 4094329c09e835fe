"""In which order images are reviewed: by what their labels would teach, by name, or by a list that there is."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.acquisition.next_images import Judges, open_judges, rank
from semicurv_tf.errors import UserError
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.values import ValueRanges
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.review.session import Review, Reviewed

NEXT, NAME = "next", "name"


class _Unlabelled:
    """The images of a review without a mask, as `acquisition` takes them."""

    labelled: set[str] | None = set()

    def __init__(self, images: list[Reviewed]):
        self._images = images
        self.names = [one.name for one in images]

    def read(
        self, index: int, channels: int, value_range: ValueRanges | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        return read_image(self._images[index].image, channels, value_range), None


def arrange(
    review: Review, order: str, run: str | None, views: int = 4, advance: Callable[[str], None] | None = None
) -> list[str]:
    """Puts the images of a review in order, those with a mask last.

    Args:
        review: the session.
        order: "next": as `semicurv-tf next` chooses, by the disagreement of the run's networks (of the built-in one
            with itself, turned) and by unlikeness; "name"; or a .csv file with a column `image`.
        run: the run; None: the built-in network.
        views: flips and quarter turns that each network is asked about.
        advance: called with the name of each image that was judged.

    Returns:
        Lines worth saying.

    Raises:
        UserError: no such list.
    """
    if order == NAME:
        review.arrange([])
        return []
    if order != NEXT:
        names = read_order(Path(order))
        unknown = review.arrange(names)
        return [f"{order}: {len(unknown)} of {len(names)} names are no image of {review.folder}"] if unknown else []
    unlabelled = [one for one in review.images if one.mask is None]
    if not unlabelled:
        review.arrange([])
        return []
    judges = _judges_of(review.predictor) if run is None else open_judges(run, "disagreement")
    choice, _ = rank(judges, _Unlabelled(unlabelled), len(unlabelled), views, advance, by="disagreement")
    review.arrange([one.name for one in choice.images])
    return list(choice.faults)


def count_to_judge(review: Review, order: str) -> int:
    """How many images the order asks a network about."""
    return sum(one.mask is None for one in review.images) if order == NEXT else 0


def read_order(path: Path) -> list[str]:
    """The column `image` of a CSV, without suffixes.

    Raises:
        UserError: no such file or column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "image" in (rows.fieldnames or ()):
                return [
                    path_of.with_suffix("").as_posix() for row in rows if (path_of := Path(row["image"] or "")).name
                ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"--order {path}: expected next, name, or a .csv file, found {getattr(error, 'strerror', None) or error}. "
            "Fix: --order next"
        ) from None
    raise UserError(f"--order {path}: expected a column `image`, found none. Fix: the next.csv of semicurv-tf next")


def _judges_of(predictor: Predictor) -> Judges:
    return Judges([predictor.probability], _look, predictor.channels, value_range=predictor.value_range)


def _look(image: np.ndarray) -> np.ndarray:
    """What an image looks like, by mean and deviation of its channels, of length 1."""
    values = image.reshape(-1, image.shape[-1]).astype(np.float64)
    found = np.concatenate([values.mean(axis=0), values.std(axis=0)]) + 1
    return found / np.linalg.norm(found)
