"""The picture of transplants: what a user is told when an image of it cannot be read."""

import pytest
import tensorflow as tf

from semicurv_tf.errors import UserError
from semicurv_tf.training.transplant_picture import write_transplants


def test_an_image_that_cannot_be_read_is_named_and_no_picture_is_left(tmp_path):
    def read(_):
        raise FileNotFoundError(2, "No such file or directory", "photos/017.jpg")

    def batch(number):
        image = tf.numpy_function(read, [number], tf.float32)
        return {"labelled": {"image": image}, "unlabelled": {"image": image}}

    with pytest.raises(UserError, match="an image cannot be read .*photos/017.jpg"):
        write_transplants(tmp_path / "transplants.png", tf.data.Dataset.range(1).map(batch))
    assert not list(tmp_path.iterdir())
