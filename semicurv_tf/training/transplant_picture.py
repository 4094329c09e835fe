"""A picture of transplants as a run makes them, so that one can see whether they look like the structures one is after."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from semicurv_tf.augment.transplant import transplant
from semicurv_tf.training.faults import unreadable_images
from semicurv_tf.training.pictures import in_a_row
from semicurv_tf.whole_files import write_png


def write_transplants(path: Path, batches: tf.data.Dataset):
    """Writes a PNG: in each row a labelled image, a host, the host with its structures, their mask, and where that counts.

    Args:
        path: the file.
        batches: of `training_batches`, with both kinds; the first is shown, as many rows as it has of both.

    Raises:
        UserError: an image cannot be read.
    """
    try:
        batch = next(iter(batches))
    except tf.errors.OpError as error:
        raise unreadable_images(error, 1) from None
    rows = min(batch[kind]["image"].shape[0] for kind in ("labelled", "unlabelled"))
    source, host = (
        {name: values[:rows] for name, values in batch[kind].items()} for kind in ("labelled", "unlabelled")
    )
    laid, counts = transplant(**source, host=host["image"], host_valid=host["valid"], strength=1.0)
    columns = source["image"], host["image"], laid, 255.0 * source["mask"], 255.0 * counts
    picture = [in_a_row(row) for row in zip(*columns)]
    write_png(path, np.concatenate(picture))
