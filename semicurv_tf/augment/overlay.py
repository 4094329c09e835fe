"""Drawn curves laid over images, as strong as it takes to be seen on each image's own texture."""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import draw
from semicurv_tf.drawing.overlays import Overlays
from semicurv_tf.drawing.scene import CONTRAST, GRAIN_FLOOR

WHITE = 255.0
NEARBY_SIDE_PX = 11  # of the box mean from which an image's texture is told apart
TINT = 0.2  # by so much a channel's change may differ from the others'


def lay_over(image, overlays: Overlays, seed):
    """Lays one of the drawings, at a random place, over each image.

    Args:
        image: `(batch, height, width, channels)` float32, raw 0-255, this replica's.
        overlays: tensors or arrays; where an image is larger than a drawing, it goes on mirrored.
        seed: `(2,)` int32, of `purpose_seed`.

    Returns:
        The images, clipped to 0-255, and the masks of what was drawn, `(batch, height, width, 1)` float32.
    """
    height, width, channels = image.shape[1:]
    places = replicas.positions(image.shape[0])

    def per_image(index, *shape, low=0.0, high=1.0):
        return places.take(draw(seed, index, [places.total, *shape], low, high))

    count, size = overlays.shown.shape[:2]
    chosen = tf.cast(per_image(0) * count, tf.int32)
    rows = _mirrored(per_image(1), height, size)
    columns = _mirrored(per_image(2), width, size)

    def cut(maps):
        part = tf.gather(tf.gather(tf.gather(maps, chosen), rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
        return tf.cast(part, tf.float32)[..., None]

    grey = tf.reduce_mean(image, axis=-1, keepdims=True) / WHITE
    texture = grey - tf.nn.avg_pool2d(grey, NEARBY_SIDE_PX, 1, "SAME")
    deviation = tf.math.reduce_std(texture, axis=[1, 2, 3]) + GRAIN_FLOOR
    contrast = tf.clip_by_value(deviation * tf.gather(overlays.contrast, chosen), *CONTRAST)
    tint = per_image(3, 1, 1, channels, low=1.0 - TINT, high=1.0 + TINT)
    change = WHITE * contrast[:, None, None, None] * cut(overlays.shown) * tint
    return tf.clip_by_value(image + change, 0.0, WHITE), cut(overlays.mask)


def _mirrored(share, length: int, size: int):
    """Places in a drawing for each pixel of a side, from a random one on, `(batch, length)` int32."""
    first = tf.cast(share * 2 * size, tf.int32)
    place = (first[:, None] + tf.range(length)[None]) % (2 * size)
    return tf.minimum(place, 2 * size - 1 - place)
