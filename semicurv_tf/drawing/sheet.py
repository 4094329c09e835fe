"""A contact sheet of drawn images beside their masks: what a kind looks like."""

import difflib
from pathlib import Path

import numpy as np

from semicurv_tf.drawing.scene import KINDS, draw_image
from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import write_png

PAIRS_PER_ROW = 4


def write_sheet(output: str | Path, kind: str | None = None, count: int = 24, seed: int = 0) -> Path:
    """Writes images of the seeds `seed` to `seed + count - 1`, each beside its mask.

    Args:
        output: the PNG to write; its folder is made.
        kind: one of `KINDS`; None: all kinds, in the shares of pre-training.
        count: number of images.
        seed: of the first.

    Returns:
        `output`.

    Raises:
        UserError: unknown kind, or a file that cannot be written.
    """
    if kind is not None and kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1) or KINDS[:1]
        raise UserError(f"--kind: expected one of {', '.join(KINDS)}, found {kind!r}. Fix: --kind {near[0]}")
    pairs = []
    for number in range(seed, seed + count):
        image, mask = draw_image(number, kind)
        pairs.append(np.concatenate([image, np.repeat(255 * mask[..., None], 3, axis=2)], axis=1))
    blank = np.full_like(pairs[0], 255)
    pairs += [blank] * (-len(pairs) % PAIRS_PER_ROW)
    rows = [np.concatenate(pairs[at : at + PAIRS_PER_ROW], axis=1) for at in range(0, len(pairs), PAIRS_PER_ROW)]
    output = Path(output)
    write_png(output, np.concatenate(rows))
    return output
