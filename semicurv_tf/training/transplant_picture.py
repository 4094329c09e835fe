"""A picture of transplants as a run makes them, so that one can see whether they look like the structures one is after."""

from pathlib import Path

import numpy as np

from semicurv_tf.augment.transplant import transplant
from semicurv_tf.training.pictures import in_a_row
from semicurv_tf.whole_files import write_png


def write_transplants(path: Path, labelled: dict, hosts: dict):
    """Writes a PNG: in each row a labelled image, a host, the host with its structures, their mask, and where that counts.

    Args:
        path: the file.
        labelled, hosts: of a batch, `(batch, height, width, channels)`; as many rows as both have.
    """
    rows = min(labelled["image"].shape[0], hosts["image"].shape[0])
    source, host = ({name: values[:rows] for name, values in part.items()} for part in (labelled, hosts))
    laid, counts = transplant(**source, host=host["image"], host_valid=host["valid"], strength=1.0)
    columns = source["image"], host["image"], laid, 255.0 * source["mask"], 255.0 * counts
    picture = [in_a_row(row) for row in zip(*columns)]
    write_png(path, np.concatenate(picture))
