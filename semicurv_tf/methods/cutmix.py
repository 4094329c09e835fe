"""CutMix (French et al. 2020, "Semi-supervised semantic segmentation needs strong, varied perturbations").

The student sees a box of one unlabelled image pasted into another; its target is the teacher's predictions of both
images, cut and pasted the same way.
"""

import math

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import draw, purpose_seed
from semicurv_tf.methods.teacher_term import PixelTerm

# The aspect of a box lies between this and its inverse, as far as the box fits into the image.
ASPECT = 2.0


class CutMix(PixelTerm):
    """`pixel_loss` between the student's prediction of the mix and the mix of the teacher's predictions.

    Differs from French et al.: no weight by the share of confident pixels (theirs above 0.97 of the classes' softmax:
    with 2 to 20 % foreground that share is the background's), and the mix is seen in a random view like any image.
    """

    loss_name = "cutmix"

    def targets(self, batch, step):
        """The teacher's predictions of both images, mixed as the images are."""
        return self._mix(super().targets(batch, step), self._boxes(batch["unlabelled"]["image"], step))

    def student_batch(self, batch, step):
        """The unlabelled images mixed."""
        unlabelled = batch["unlabelled"]
        return {**batch, "unlabelled": self._mix(unlabelled, self._boxes(unlabelled["image"], step))}

    def _boxes(self, image, step):
        places = replicas.positions(image.shape[0])
        seed = purpose_seed(self.seed, step, "cutmix")
        boxes = random_boxes(places.total, tf.shape(image)[1], tf.shape(image)[2], self.method.cutmix_area, seed)
        return places.take(boxes)

    def _mix(self, maps, boxes):
        return {name: paste(values, partner(values), boxes) for name, values in maps.items()}


def random_boxes(count, height, width, area, seed):
    """One box per image, of one area and random aspect, anywhere inside.

    Args:
        count: number of boxes.
        height, width: in pixels, numbers or scalar tensors.
        area: share of the image that a box covers, up to rounding to pixels.
        seed: `(2,)` int32, of `purpose_seed`.

    Returns:
        `(count, height, width, 1)` bool, true inside.
    """
    height, width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    # The share of one side; the other's follows from the area, and neither exceeds 1.
    least, most = max(area, (area / ASPECT) ** 0.5), min(1.0, (area * ASPECT) ** 0.5)
    rows_share = tf.exp(draw(seed, 0, [count], math.log(least), math.log(most)))
    sides = [tf.round(rows_share * height), tf.round(area / rows_share * width)]

    def inside(length, side, index):
        first = tf.floor(draw(seed, index, [count]) * (length - side + 1.0))
        position = tf.range(length)[None, :]
        return (position >= first[:, None]) & (position < (first + side)[:, None])

    rows, columns = inside(height, sides[0], 1), inside(width, sides[1], 2)
    return (rows[:, :, None] & columns[:, None, :])[..., None]


def partner(maps):
    """For each image of the global batch the next one; the first for the last."""
    if replicas.count() == 1:
        return tf.roll(maps, -1, axis=0)
    places = replicas.positions(maps.shape[0])
    return tf.gather(replicas.gather(maps), (places.rows + 1) % places.total)


def paste(maps, others, boxes):
    """`others` inside the boxes, `maps` outside: `(batch, height, width, channels)`."""
    return tf.where(boxes, others, maps)
