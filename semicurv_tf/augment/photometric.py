"""Photometric views: one change of brightness, noise or sharpness per image.

The seven changes and their strengths are those that the authors' released code applies; the paper
does not mention them, so they are off unless `views.photometric` asks for them.
"""

import tensorflow as tf

from semicurv_tf import replicas
from semicurv_tf.augment.randomness import draw

NOISE = 0.01 * 255.0  # standard deviation, raw units
SHIFT = 10.0  # per element, uniform in +- this, raw units
GAIN = (0.8, 1.2)
CONTRAST = (0.8, 1.2)
BLUR_SIGMA_PX = (0.5, 1.5)
BLUR_RADIUS_PX = 4

CHANGES = ("noise", "shift", "gain", "contrast", "sharpen", "emboss", "blur")

# A share of each is mixed with the image itself, the share uniform in [0, 1).
_SHARPEN = ((-1.0, -1.0, -1.0), (-1.0, 9.0, -1.0), (-1.0, -1.0, -1.0))
_EMBOSS = ((-1.0, -1.0, 0.0), (-1.0, 1.0, 1.0), (0.0, 1.0, 1.0))
_IDENTITY = ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))


def photometric_view(image, probability, seed, places=None):
    """Gives each image one change of `CHANGES` with the stated probability, else leaves it as it is.

    Args:
        image: `(batch, height, width, channels)` float32, raw 0-255.
        probability: in [0, 1]; 0 returns `image` itself.
        seed: `(2,)` int32, of `purpose_seed`.
        places: `replicas.Positions` of the images in the global batch; None: they are of one kind.

    Returns:
        Same shape, float32, clipped to 0-255 where changed.
    """
    if probability == 0:
        return image
    places = places or replicas.positions(tf.shape(image)[0])
    # Drawn for all images of the global batch: a replica's images get what they would get anywhere.
    shape = [places.total, *tf.unstack(tf.shape(image))[1:]]
    per_image = lambda index, low=0.0, high=1.0: places.take(draw(seed, index, [places.total], low, high))
    changed = per_image(0) < probability
    choice = tf.cast(per_image(1) * len(CHANGES), tf.int32)
    # All changes are folded into: out = gain * filter(image) + offset, so that a batch runs as one graph.
    result = _filter3(image, _kernels(choice, per_image(2)))
    sigma = per_image(3, *BLUR_SIGMA_PX)
    result = _blur(result, tf.where(_is(choice, "blur"), sigma, 0.0))
    gain = tf.where(_is(choice, "gain"), per_image(4, *GAIN), 1.0)
    contrast = tf.where(_is(choice, "contrast"), per_image(5, *CONTRAST), 1.0)
    result = (result - 127.5) * _per_image(contrast) + 127.5
    noise = places.take(tf.random.stateless_normal(shape, tf.random.experimental.stateless_fold_in(seed, 6))) * NOISE
    shift = places.take(draw(seed, 7, shape, -SHIFT, SHIFT))
    where = lambda name: _per_image(tf.cast(_is(choice, name), tf.float32))
    result = result * _per_image(gain) + where("noise") * noise + where("shift") * shift
    return tf.where(_per_image(changed), tf.clip_by_value(result, 0.0, 255.0), image)


def _is(choice, name):
    return tf.equal(choice, CHANGES.index(name))


def _per_image(values):
    return values[:, None, None, None]


def _kernels(choice, share):
    """3x3 kernels `(batch, 3, 3)`: a mix of sharpen or emboss with the identity, else the identity."""
    share = share[:, None, None]
    pick = lambda name: _is(choice, name)[:, None, None]
    kernel = tf.where(pick("sharpen"), tf.constant(_SHARPEN), tf.constant(_EMBOSS))
    mixed = share * kernel + (1.0 - share) * tf.constant(_IDENTITY)
    return tf.where(pick("sharpen") | pick("emboss"), mixed, tf.constant(_IDENTITY))


def _filter3(image, kernels):
    """Each image by its own 3x3 kernel, edges mirrored: nine shifted sums, cheaper than a grouped convolution."""
    padded = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return _sum_of_windows(
        padded, tf.shape(image), tf.reshape(kernels, [-1, 9]), [(y, x) for y in range(3) for x in range(3)]
    )


def _blur(image, sigma):
    """Gaussian blur by each image's own sigma in pixels, separable; sigma 0 keeps the image.

    Edges are mirrored; sides of at least `BLUR_RADIUS_PX`.
    """
    offsets = tf.range(-BLUR_RADIUS_PX, BLUR_RADIUS_PX + 1, dtype=tf.float32)
    weights = tf.exp(-0.5 * (offsets / tf.maximum(sigma, 1e-3)[:, None]) ** 2)
    weights /= tf.reduce_sum(weights, axis=1, keepdims=True)
    for axis in (1, 2):
        padding = [[0, 0]] * 4
        padding[axis] = [BLUR_RADIUS_PX, BLUR_RADIUS_PX]
        padded = tf.pad(image, padding, "SYMMETRIC")
        corners = [(tap, 0) if axis == 1 else (0, tap) for tap in range(2 * BLUR_RADIUS_PX + 1)]
        image = _sum_of_windows(padded, tf.shape(image), weights, corners)
    return image


def _sum_of_windows(padded, size, weights, corners):
    """Windows of `size` at the `corners` (y, x), each times its column of weights `(batch, windows)`, added up.

    `tf.slice` and one `unstack`: two operations a window, where indexing makes a dozen, and building the graph is what
    a user waits for before the first step.
    """
    weights = tf.unstack(weights[:, None, None, None, :], num=len(corners), axis=-1)
    return tf.add_n([weight * tf.slice(padded, [0, y, x, 0], size) for weight, (y, x) in zip(weights, corners)])
