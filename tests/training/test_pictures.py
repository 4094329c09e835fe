"""Pictures of a run: which images, and when."""

import numpy as np

from semicurv_tf.pictures.side_by_side import MARGIN_PX
from semicurv_tf.training.pictures import PICTURED_IMAGES, Pictures


def test_few_images_every_nth_step_and_at_the_last():
    def batches():
        for first in (0, 2, 4):
            ones = np.ones((2, 3, 3, 1), "float32")
            yield {"name": [f"n{first}", f"n{first + 1}"], "image": ones.repeat(3, -1), "mask": ones, "valid": ones}

    shown = []
    predictors = {"student": lambda image: image[..., :1] * 0, "teacher": lambda image: image[..., :1]}
    pictures = Pictures(predictors, batches, lambda step, found: shown.append((step, found)), every=4, steps=10)
    for step in range(1, 11):
        pictures({"step": step})
    assert [step for step, _ in shown] == [4, 8, 10]
    found = shown[0][1]
    assert list(found) == ["n0", "n1", "n2"] and len(found) == PICTURED_IMAGES
    # Image, truth, student, teacher, valid.
    assert found["n0"][1, 1 :: 3 + MARGIN_PX, 0].tolist() == [1, 255, 0, 255, 255]
    silent = Pictures(predictors, batches, lambda *_: shown.append(None), every=0, steps=1)
    silent({"step": 1})
    assert len(shown) == 3
