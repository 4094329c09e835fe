"""A few pictures of a run as it goes: image, truth, student, teacher and valid pixels, side by side."""

import numpy as np

from semicurv_tf.pictures.side_by_side import side_by_side

# So that they cost little beside training.
PICTURED_IMAGES = 3


class Pictures:
    """Hands pictures of the first watched images to TensorBoard every n-th step, and at the last.

    Args:
        predictors: "student" and, where there is one, "teacher": functions of `make_predictor`.
        batches: a function without arguments that yields evaluation batches.
        show: called with the step and a dict from image name to picture, uint8 `(height, width, 3)`.
        every: n, steps; 0: no pictures.
        steps: length of the run.
    """

    def __init__(self, predictors: dict, batches, show, every: int, steps: int):
        self._predictors, self._batches, self._show = predictors, batches, show
        self._every, self._steps = every, steps

    def __call__(self, report: dict):
        if not self._every or (report["step"] % self._every and report["step"] != self._steps):
            return
        pictures: dict[str, np.ndarray] = {}
        for batch in self._batches():
            maps = {name: np.asarray(predict(batch["image"])) for name, predict in self._predictors.items()}
            for index, name in enumerate(batch["name"]):
                if len(pictures) < PICTURED_IMAGES:
                    parts = [batch["mask"][index], *(each[index] for each in maps.values()), batch["valid"][index]]
                    pictures[name] = side_by_side(batch["image"][index], parts)
            if len(pictures) == PICTURED_IMAGES:
                break
        self._show(report["step"], pictures)
