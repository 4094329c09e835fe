"""The images of the benchmark: drawn, held in memory, read by all variants alike."""

import numpy as np

from semicurv_tf.data.drawing import SIDE_PX, draw_example

COUNT = 32


class DrawnImages:
    """Stands for an `ImageStore` whose images have been decoded: what a run reads after its first pass.

    The first half counts as labelled.

    Args:
        side_px: of the images; larger ones than the drawn are tiled from them.
    """

    def __init__(self, side_px=SIDE_PX):
        self.shapes = [(side_px, side_px, 3)] * COUNT
        self.labelled_indices = range(COUNT // 2)
        self.unlabelled_indices = range(COUNT // 2, COUNT)
        self._parts = []
        for seed in range(COUNT):
            image, mask = draw_example(seed)
            repeats = (-(-side_px // SIDE_PX),) * 2 + (1,)
            image, mask = (np.tile(part, repeats)[:side_px, :side_px] for part in (image, mask))
            self._parts.append({"image": image, "mask": mask, "valid": mask * 0 + 1})

    def read(self, index):
        """`image` `(side, side, 3)`, `mask` and `valid` `(side, side, 1)`, uint8."""
        return self._parts[index]

    def labelled_boxes(self, index):
        """None: every pixel of a mask is known."""
        return
