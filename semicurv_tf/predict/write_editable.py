"""A mask that was just written, as files that people edit: labelme's JSON, or layers of PNG."""

from pathlib import Path

import numpy as np

from semicurv_tf.images.mask_files import read_mask_file
from semicurv_tf.images.photographs import LABELME, LAYERS
from semicurv_tf.images.provenance import KEYWORD
from semicurv_tf.images.reader import read_image
from semicurv_tf.whole_files import write_png

CHOICES = ("labelme", "png")


def editable_paths(folder: Path, name: Path, editable: str | None) -> dict[str, Path]:
    """Where the editable files of an image go.

    Args:
        folder: the output folder.
        name: relative path of the mask in it.
        editable: "labelme", "png", or None: none.
    """
    stem = name.with_suffix("")
    if editable == "labelme":
        return {"labelme": folder / LABELME / f"{stem}.json"}
    if editable == "png":
        return {
            "layer_image": folder / LAYERS / "images" / f"{stem}.png",
            "layer_mask": folder / LAYERS / "masks" / f"{stem}.png",
        }
    return {}


def write_editable(image: Path, outputs: dict[str, Path], state: str) -> None:
    """Writes what a job asks for, from its image and its mask's file.

    Args:
        image: the file.
        outputs: of the job.
        state: of the image, see `provenance.state_of`; the layer of the mask keeps it until someone saves a correction.

    Raises:
        UserError: the mask does not fit the image as a whole, or a result cannot be written.
    """
    mask = read_mask_file(outputs["mask"], georeference=False).mask
    pixels = read_image(image, 3)
    if "labelme" in outputs:
        from semicurv_tf.annotations.to_labelme import write_labelme

        write_labelme(outputs["labelme"], mask, image, pixels)
    if "layer_mask" in outputs:
        # Both upright, without an orientation tag, pixel on pixel in any program.
        write_png(outputs["layer_image"], pixels)
        write_png(outputs["layer_mask"], mask.astype(np.uint8) * np.uint8(255), (KEYWORD, state))
