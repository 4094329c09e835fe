"""One image at several scales: a structure is found best where it is as wide as those that a network was taught."""

import tensorflow as tf

DOUBT = 0.5  # by how much more doubt a scale's weight falls to 1/e; doubt is entropy in nats per foreground pixel
LEAST_SIDE_PX = 32  # of a scaled image: below that nothing can be seen
_NEARLY = 1e-6  # probabilities are cut to this, so that a logarithm is finite


def blend_over_scales(predict, image, scales):
    """The predictions at several scales, in the image's own size, blended by how sure each is.

    Args:
        predict: maps `(batch, height, width, channels)` to probabilities `(batch, height, width, 1)`, any height and
            width.
        image: `(batch, height, width, channels)` float32, static height and width.
        scales: 0.5 shows the image at half its size; those at which it is below `LEAST_SIDE_PX` are left out, and where
            that leaves none, the one at which it has that side is taken. `(1.0,)` is `predict(image)`.

    Returns:
        Probabilities `(batch, height, width, 1)` float32.
    """
    height, width = image.shape[1], image.shape[2]
    fitting = [scale for scale in scales if scale * min(height, width) >= LEAST_SIDE_PX]
    fitting = fitting or [min(1.0, LEAST_SIDE_PX / min(height, width))]
    maps = [_at_scale(predict, image, scale, height, width) for scale in fitting]
    return maps[0] if len(maps) == 1 else blended(tf.stack(maps))


def blended(maps):
    """The mean of some maps of the same images, each with the weight `exp(-doubt / DOUBT)`.

    Args:
        maps: probabilities `(maps, batch, height, width, 1)` float32.

    Returns:
        Probabilities `(batch, height, width, 1)`.
    """
    weights = tf.nn.softmax(-_doubt(maps) / DOUBT, axis=0)
    return tf.reduce_sum(weights * maps, axis=0)


def _at_scale(predict, image, scale, height, width):
    if scale == 1.0:
        return predict(image)
    sides = [max(1, round(height * scale)), max(1, round(width * scale))]
    small = tf.image.resize(image, sides, antialias=True)
    return tf.image.resize(predict(small), [height, width])


def _doubt(maps):
    """Entropy per foreground pixel, in nats: the mean entropy over the mean probability, `(maps, batch, 1, 1, 1)`."""
    inside = tf.clip_by_value(maps, _NEARLY, 1.0 - _NEARLY)
    entropy = -(inside * tf.math.log(inside) + (1.0 - inside) * tf.math.log1p(-inside))
    mean = lambda values: tf.reduce_mean(values, axis=(2, 3, 4), keepdims=True)
    return mean(entropy) / mean(inside)
