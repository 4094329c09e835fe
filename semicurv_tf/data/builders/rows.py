"""What is worth knowing of an example without decoding it again: the rows that a prepared dataset keeps."""

import hashlib

import numpy as np

from semicurv_tf.data.builders.examples import Example
from semicurv_tf.data.unknown_pixels import UNKNOWN, labelled_boxes
from semicurv_tf.images.no_data import BLOCK_PX, blank_blocks


def row_of_example(example: Example) -> dict:
    """What is worth knowing of an example without decoding it; sums are over its valid pixels, known or not."""
    image, valid = example.image, example.valid[..., 0].astype(bool)
    seen = image.reshape(-1, image.shape[-1]) if valid.all() else image[valid]
    values = np.arange(256)
    histograms = [np.bincount(channel, minlength=256) for channel in seen.T]
    row = {
        "name": example.name,
        "source": example.source,
        "shape": list(image.shape),
        "labelled": example.labelled,
        "positive": int(example.mask.sum()),
        "valid": int(valid.sum()),
        "sum": [int(counts @ values) for counts in histograms],
        "square_sum": [int(counts @ values**2) for counts in histograms],
        "range": [int(image.min()), int(image.max())],
        "grey": _is_grey(image[::16, ::16]) and _is_grey(image),
        "digest": _digest(image),
        "mask_digest": _digest(example.mask),
        "mask_label": example.mask_label,
        "on_stored_grid": example.on_stored_grid,
    }
    if row["positive"]:
        row |= _blank_of(image, example.mask[..., 0] * valid)
    if example.known is not None:
        known = example.known[..., 0] & valid
        row |= {
            "known": int(known.sum()),
            "labelled_boxes": labelled_boxes(known),
            "mask_digest": _digest(example.mask + UNKNOWN * ~example.known),
        }
    return row


def _blank_of(image: np.ndarray, mask: np.ndarray) -> dict:
    """Pixels of blocks where the image shows nothing, how many of them are positive, and their range of values."""
    blank, values = blank_blocks(image)
    if not blank.any():
        return {}
    rows, columns = (side * BLOCK_PX for side in blank.shape)
    positive = mask[:rows, :columns].reshape(blank.shape[0], BLOCK_PX, -1, BLOCK_PX).sum(axis=(1, 3), dtype=np.int64)
    return {
        "blank": int(blank.sum()) * BLOCK_PX**2,
        "blank_positive": int(positive[blank].sum()),
        "blank_values": values,
    }


def _is_grey(image: np.ndarray) -> bool:
    return bool((image == image[..., :1]).all())


def _digest(array: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=12).hexdigest()
