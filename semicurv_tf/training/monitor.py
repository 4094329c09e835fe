"""The IoU of student and teacher during a run, on images whose masks may be looked at.

Never the test set. Validation images where the dataset has them; otherwise the labelled images
themselves, which tells fitting, not generalisation. `hidden` takes the masks of the unlabelled training
images: they are hidden from the training and stand in for a validation set while a recipe is developed.
"""

from typing import NamedTuple

import numpy as np

from semicurv_tf.data.store import ImageStore
from semicurv_tf.metrics.network_scores import iou_of_images, make_predictor

WATCHED_IMAGES = 8  # at once
WATCHED_PX = 640  # of a larger image, the densest window of this side is watched: a photograph of 12 MP takes 10 GB


class Monitor:
    """Adds `monitor_student_iou` and `monitor_teacher_iou` to every n-th step's report.

    Args:
        method: with `student` and `teacher` (or None).
        batches: a function without arguments that yields evaluation batches.
        every: n, steps.
        steps: length of the run; the last step is always watched.
    """

    def __init__(self, method, batches, every: int, steps: int):
        self._batches = batches
        self._every, self._steps = every, steps
        self._iou: dict[str, np.ndarray] = {}
        self.predictors = {"student": make_predictor(method.student)}
        if method.teacher is not None:
            self.predictors["teacher"] = make_predictor(method.teacher)

    def __call__(self, report: dict):
        if not self.watches(report["step"]):
            return
        self._iou = {name: self._iou_of(name) for name in self.predictors}
        for name, each in self._iou.items():
            report[f"monitor_{name}_iou"] = float(each.mean())

    def watches(self, step: int) -> bool:
        """Whether the images are looked at after this step."""
        return step % self._every == 0 or step == self._steps

    def last_deployed(self) -> np.ndarray:
        """IoU in [0, 1] of each image by the network to deploy, float64 `(images,)`, when last looked at; else now."""
        name = list(self.predictors)[-1]
        return self._iou[name] if self._iou else self._iou_of(name)

    def _iou_of(self, name: str) -> np.ndarray:
        return iou_of_images(self.predictors[name], self._batches())


class Watched(NamedTuple):
    """Images to watch: what they are, for the user; their store; and their positions in it."""

    name: str
    store: ImageStore
    indices: list[int]


def monitored_images(choice: str, most: int, dataset, labelled: list[int], unlabelled: list[int]) -> Watched:
    """Which images to watch.

    Args:
        choice: `training.monitor`; `hidden` becomes `labelled` where no mask is hidden.
        most: `training.monitor_images`; of more images, some evenly spread are taken.
        dataset: with `train` and `validation` image stores.
        labelled, unlabelled: indices into the training images.
    """
    if choice == "validation" or (choice == "auto" and dataset.validation is not None):
        store = dataset.validation
        return Watched("validation", store, _spread(range(len(store)), most))
    hidden = sorted(set(unlabelled) - set(labelled))  # where all are labelled, all are unlabelled ones as well
    if choice == "hidden" and hidden:
        return Watched("hidden training masks", dataset.train, _spread(hidden, most))
    return Watched("labelled", dataset.train, _spread(labelled, most))


def _spread(indices, most: int):
    """At most `most` of them, evenly spread."""
    indices = list(indices)
    stride = max(1, -(-len(indices) // most))
    return indices[::stride]
