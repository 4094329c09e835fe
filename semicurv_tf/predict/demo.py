"""A demonstration with nothing but this package: drawn images, what the built-in network finds, a sheet of both."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.drawing import KINDS, draw_image
from semicurv_tf.errors import UserError
from semicurv_tf.file_names import free_name, require_suffix
from semicurv_tf.metrics.overlap import count_overlap, iou
from semicurv_tf.pictures.contact_sheet import contact_sheet
from semicurv_tf.pictures.error_map import error_map
from semicurv_tf.predict.built_in import open_built_in
from semicurv_tf.whole_files import require_place, write_png
from semicurv_tf.wording import typed

PER_KIND = 3
IMAGES = PER_KIND * len(KINDS)
TITLES = ("image", "drawn", "found") * PER_KIND


def require_sheet(output: Path) -> None:
    """Refuses a sheet that could not be written, or would replace a file.

    Raises:
        UserError: another suffix than .png, a file that is there, or a folder that cannot be written.
    """
    require_suffix("--output", output, (".png",))
    if output.exists():
        raise UserError(f"--output {output}: exists already. Fix: --output {typed(free_name(output))}, or remove it")
    require_place(output)


def demonstrate(output: Path, seed: int = 0, done: Callable[[str], None] = lambda kind: None) -> dict[str, float]:
    """Draws `PER_KIND` images of each kind, predicts them, and writes the sheet.

    Args:
        output: the PNG.
        seed: chooses the images, `PER_KIND` of the drawing's seeds for each.
        done: called with the kind after each image.

    Returns:
        Kind to the mean IoU of its images at the network's own threshold, in [0, 1].

    Raises:
        UserError: the sheet cannot be written.
    """
    predictor, _ = open_built_in(None, memory=lambda network, enlarged: None)
    rows, scores = [], {}
    for kind in KINDS:
        pictures, ious = [], []
        for number in range(PER_KIND):
            image, mask = draw_image(seed * PER_KIND + number, kind)
            found = predictor.probability(image) > predictor.threshold
            pictures += [image, 255 * mask, error_map(mask == 1, found)]
            ious.append(iou(count_overlap(mask, found)))
            done(kind)
        scores[kind] = float(np.mean(ious))
        rows.append((f"{kind}, IoU {100 * scores[kind]:.0f} %", pictures))
    write_png(output, np.asarray(contact_sheet(rows, TITLES)))
    return scores
