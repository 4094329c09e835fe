"""A few pictures of a run as it goes: image, truth, student, teacher and valid pixels, side by side."""

import numpy as np

# So that they cost little beside training.
PICTURED_IMAGES = 3

MARGIN_PX = 2


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
        pictures = {}
        for batch in self._batches():
            maps = {name: np.asarray(predict(batch["image"])) for name, predict in self._predictors.items()}
            for index, name in enumerate(batch["name"]):
                if len(pictures) < PICTURED_IMAGES:
                    parts = [batch["mask"][index], *(each[index] for each in maps.values()), batch["valid"][index]]
                    pictures[name] = side_by_side(batch["image"][index], parts)
            if len(pictures) == PICTURED_IMAGES:
                break
        self._show(report["step"], pictures)


def side_by_side(image, maps) -> np.ndarray:
    """An image and maps of it in one row.

    Args:
        image: `(height, width, channels)`, raw 0-255; of more than three channels the first is shown.
        maps: each `(height, width, 1)`, 0 to 1.

    Returns:
        uint8 `(height, width of all, 3)`, with white margins between them.
    """
    return in_a_row([image, *(255.0 * np.asarray(each) for each in maps)])


def in_a_row(images) -> np.ndarray:
    """Images of one height beside each other; `(height, width, channels)`, raw 0-255; shown and returned as by `side_by_side`."""
    row = []
    for image in map(np.asarray, images):
        height, width, channels = image.shape
        shown = image if channels == 3 else image[..., :1]
        row += [np.full((height, MARGIN_PX, 3), 255.0), np.broadcast_to(shown, (height, width, 3))]
    return np.clip(np.concatenate(row[1:], axis=1) + 0.5, 0, 255).astype(np.uint8)
