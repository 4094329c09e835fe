"""What the start makes of labelled images, beside its logits counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from semicurv_tf.config import load_config
from semicurv_tf.planning.start_score import score_of_start
from semicurv_tf.weights.start import built_in_network

CONFIG = load_config(None, {
    "model.start": "curves", "model.encoding": "none", "model.widths": [16, 32, 64, 128, 256],
})  # fmt: skip
STATISTICS = np.full(1, 170, np.float32), np.full(1, 25, np.float32)


def image(seed):
    """A dark line of 3 pixels on noise of 64 x 64, and its mask."""
    values = np.random.default_rng(seed).normal(180, 8, (64, 64, 1))
    mask = np.zeros((64, 64, 1), np.uint8)
    mask[20:23] = 1
    values[mask == 1] = 90
    return {"image": values.clip(0, 255).astype(np.uint8), "mask": mask, "valid": np.ones((64, 64, 1), np.uint8)}


def dataset(*images):
    return SimpleNamespace(train=SimpleNamespace(read=images.__getitem__), channels=1, statistics=lambda: STATISTICS)


def test_pixels_of_all_labelled_images_are_pooled_where_they_count():
    images = [image(0), image(1)]
    images[0]["valid"][:, :20] = 0
    images[1]["mask"] = np.roll(images[1]["mask"], 30, axis=0)  # drawn elsewhere
    network, both, either = built_in_network(*STATISTICS), 0, 0
    for each in images:
        found = network(each["image"][None].astype(np.float32), training=False).numpy()[0] > 0
        target, counts = each["mask"] == 1, each["valid"] == 1
        both += (found & target & counts).sum()
        either += ((found | target) & counts).sum()
    score = score_of_start(CONFIG, dataset(*images), [0, 1])
    assert score == pytest.approx(both / either) and 0.2 < score < 0.8
    assert score_of_start(CONFIG, dataset(*images), [0]) > 0.5 and score_of_start(CONFIG, dataset(*images), [1]) < 0.1


def test_nothing_to_judge_by():
    empty = image(0)
    empty["mask"][:] = 0
    assert score_of_start(CONFIG, dataset(empty), [0]) is None
    assert score_of_start(CONFIG, dataset(), []) is None
    assert score_of_start(load_config(None, {}), dataset(image(0)), [0]) is None
