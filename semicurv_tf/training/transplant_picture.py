"""RUN/transplants.png: the transplants of a run's first batch."""

from pathlib import Path

import tensorflow as tf

from semicurv_tf.pictures.transplants import transplants_picture
from semicurv_tf.training.faults import unreadable_images
from semicurv_tf.whole_files import write_png


def write_transplants(path: Path, batches: tf.data.Dataset):
    """Writes a PNG; see `transplants_picture`.

    Args:
        path: the file.
        batches: of `training_batches`, with both kinds; the first is shown.

    Raises:
        UserError: an image cannot be read.
    """
    try:
        batch = next(iter(batches))
    except tf.errors.OpError as error:
        raise unreadable_images(error, 1) from None
    write_png(path, transplants_picture(batch))
