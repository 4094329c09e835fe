"""Photographs too large for one pass: watched in their densest window, scored by tiles."""

from types import SimpleNamespace

import numpy as np

from semicurv_tf.config import Config
from semicurv_tf.data.pipeline import evaluation_batches
from semicurv_tf.evaluation import open_run
from semicurv_tf.evaluation.open_run import OpenRun


class Store:
    """Images whose pixels are 100 where the mask is."""

    def __init__(self, masks):
        self.masks = masks
        self.names = tuple(f"{number}.png" for number in range(len(masks)))
        self.shapes = tuple((*mask.shape, 1) for mask in masks)
        self.labelled = (True,) * len(masks)

    def __len__(self):
        return len(self.masks)

    def read(self, index):
        mask = self.masks[index][..., None].astype(np.uint8)
        return {"image": 100 * mask, "mask": mask, "valid": np.ones_like(mask)}


def mask(height, width, rows, columns):
    values = np.zeros((height, width), bool)
    values[rows, columns] = True
    return values


def test_large_images_are_cut_and_small_ones_are_whole():
    large = mask(100, 100, slice(60, 80), slice(70, 90))
    small = mask(30, 50, slice(0, 2), slice(0, 50))
    store = Store([large, small, large, large])
    batches = list(evaluation_batches(store, 8, window=40))
    assert [batch["name"] for batch in batches] == [["0.png", "2.png"], ["3.png"], ["1.png"]]
    assert batches[0]["image"].shape == (2, 40, 40, 1) and batches[2]["image"].shape == (1, 30, 50, 1)
    assert [batch["mask"].sum() for batch in batches] == [800, 400, 100]
    assert all((batch["image"] == 100 * batch["mask"]).all() for batch in batches)
    # Without a window nothing is cut, and eight of a size go together.
    whole = list(evaluation_batches(store, 8))
    assert [batch["image"].shape[:2] for batch in whole] == [(3, 100), (1, 30)]


def test_tiles_of_a_large_image_give_what_the_whole_gives(monkeypatch, tmp_path):
    asked = []

    def predict(image):
        asked.append(image.shape[1:3])
        return np.asarray(image, np.float32)[..., :1] / 255

    run = OpenRun(tmp_path, Config(), {}, SimpleNamespace(), predict)
    image = np.random.default_rng(0).integers(0, 256, (1, 90, 130, 1)).astype(np.float32)
    whole = run._probability(image)
    monkeypatch.setattr(open_run, "WHOLE_PIXELS", 64 * 64)
    monkeypatch.setattr(open_run, "SERVED_TILE_PX", 64)
    np.testing.assert_allclose(run._probability(image), whole, atol=1e-6)
    assert asked[0] == (90, 130) and len(asked) > 4 and all(max(size) <= 64 for size in asked[1:])
