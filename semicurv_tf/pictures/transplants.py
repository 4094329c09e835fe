"""A picture of transplants, so that one can see whether they look like the structures one is after."""

import numpy as np

from semicurv_tf.augment.transplant import transplant
from semicurv_tf.pictures.contact_sheet import contact_sheet
from semicurv_tf.pictures.rgb import as_rgb

TITLES = ("labelled image", "its host", "host with structures", "their mask", "counts (white)")
SHOWN_PX = 128  # smaller images are shown larger, so that the titles fit


def transplants_picture(batch: dict) -> np.ndarray:
    """In each row a labelled image, a host, the host with the structures, their mask, and where that counts; titled.

    Args:
        batch: of `training_batches`, with both kinds; as many rows are drawn as it has of both.

    Returns:
        uint8 `(height of all, width of all, 3)`.
    """
    rows = min(batch[kind]["image"].shape[0] for kind in ("labelled", "unlabelled"))
    donor, host = ({name: values[:rows] for name, values in batch[kind].items()} for kind in ("labelled", "unlabelled"))
    laid, counts = transplant(**donor, host=host["image"], host_valid=host["valid"], strength=1.0)
    columns = donor["image"], host["image"], laid, 255.0 * donor["mask"], 255.0 * counts
    table = [(str(number + 1), [as_rgb(each) for each in row]) for number, row in enumerate(zip(*columns))]
    enlarge = -(-SHOWN_PX // host["image"].shape[2])
    return np.asarray(contact_sheet(table, TITLES, enlarge))
