import threading

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.review.server import ReviewServer
from semicurv_tf.review.session import Review


def red(image):
    """The probability is the red channel."""
    return (image[..., :1] / 255).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Three images of 40 x 30 with a horizontal line, at row 5, 10 and 15; `b` has a mask, of its first column."""
    for name, row in (("a", 5), ("b", 10), ("deep/c", 15)):
        pixels = np.zeros((30, 40, 3), np.uint8)
        pixels[row, 4:36, 0] = 230
        pixels[row + 1, 4:36, 0] = 120  # 0.47: doubtful
        path = tmp_path / "MY" / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    mask = np.zeros((30, 40), np.uint8)
    mask[:, 0] = 255
    (tmp_path / "MY" / "masks").mkdir()
    Image.fromarray(mask).save(tmp_path / "MY" / "masks" / "b.png")
    return tmp_path / "MY"


@pytest.fixture
def review(folder):
    return Review(folder, Predictor(red, 3))


@pytest.fixture
def server(review):
    """A server in a thread of its own, ended with the test."""
    with ReviewServer(review) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


def line(row, width=40, height=30):
    mask = np.zeros((height, width), bool)
    mask[row, 4:36] = True
    return mask


def saved_mask(path):
    with Image.open(path) as image:
        return np.asarray(image)
