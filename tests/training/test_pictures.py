"""Pictures: which images, when, and what stands where in a row."""

import numpy as np

from semicurv_tf.training.pictures import MARGIN_PX, PICTURED_IMAGES, Pictures, side_by_side


def test_a_row_holds_the_image_and_each_map_in_order():
    image = np.full((4, 6, 3), (10.0, 20.0, 30.0))
    row = side_by_side(image, [np.zeros((4, 6, 1)), np.full((4, 6, 1), 0.5), np.ones((4, 6, 1))])
    assert row.shape == (4, 4 * 6 + 3 * MARGIN_PX, 3) and row.dtype == np.uint8
    starts = [place * (6 + MARGIN_PX) for place in range(4)]
    assert row[0, starts].tolist() == [[10, 20, 30], [0, 0, 0], [128, 128, 128], [255, 255, 255]]
    assert (row[:, 6 : 6 + MARGIN_PX] == 255).all()


def test_other_channels_are_shown_in_grey():
    row = side_by_side(np.full((2, 2, 5), 7.0), [])
    assert row.tolist() == [[[7, 7, 7]] * 2] * 2


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
