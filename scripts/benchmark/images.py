"""The images of the benchmark: drawn, held in memory, read by all variants alike."""

from semicurv_tf.data.drawing import SIDE_PX, draw_example

COUNT = 32


class DrawnImages:
    """Stands for an `ImageStore` whose images have been decoded: what a run reads after its first pass.

    The first half counts as labelled.
    """

    def __init__(self):
        self.shapes = [(SIDE_PX, SIDE_PX, 3)] * COUNT
        self.labelled_indices = range(COUNT // 2)
        self.unlabelled_indices = range(COUNT // 2, COUNT)
        self._parts = []
        for seed in range(COUNT):
            image, mask = draw_example(seed)
            self._parts.append({"image": image, "mask": mask, "valid": mask * 0 + 1})

    def read(self, index):
        """`image` `(128, 128, 3)`, `mask` and `valid` `(128, 128, 1)`, uint8."""
        return self._parts[index]
