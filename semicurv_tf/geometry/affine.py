"""Affine matrices: made about the pixel centre, composed, inverted (Xu et al. 2022, Eq. 3).

A transform is `(batch, 3, 3)` float32 and maps source to transformed points `[x, y, 1]`: pixel
centres at integers, x to the right, y downwards. The centre of an image is
`((width - 1) / 2, (height - 1) / 2)`: with it flips and quarter turns of a square image move every
pixel onto a pixel, which `width / 2` would not do.
"""

import tensorflow as tf


def _matrix(*entries):
    """Stacks nine entries, each a scalar or `(batch,)`, row by row into `(batch, 3, 3)` float32."""
    entries = [tf.convert_to_tensor(entry, tf.float32) for entry in entries]
    # A sum has the shape that all share: far fewer operations than shapes broadcast one after another.
    zeros = tf.zeros_like(sum(entry for entry in entries if entry.shape.rank != 0))
    alike = lambda entry: entry.shape == zeros.shape and entry.shape.is_fully_defined()
    return tf.reshape(tf.stack([entry if alike(entry) else zeros + entry for entry in entries], -1), [-1, 3, 3])


def translation(x_px, y_px):
    """Moves points by `x_px` to the right and `y_px` down.

    Args:
        x_px, y_px: `(batch,)`, pixels.

    Returns:
        `(batch, 3, 3)` float32.
    """
    return _matrix(1.0, 0.0, x_px, 0.0, 1.0, y_px, 0.0, 0.0, 1.0)


def scaling(x, y):
    """Scales about the origin by `x` and `y`, each `(batch,)`, without unit; above 1 enlarges."""
    return _matrix(x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 1.0)


def flip(horizontal, vertical):
    """Mirrors about the origin: left to right where `horizontal`, top to bottom where `vertical`.

    Args:
        horizontal, vertical: `(batch,)` bool.
    """
    x = 1.0 - 2.0 * tf.cast(horizontal, tf.float32)
    y = 1.0 - 2.0 * tf.cast(vertical, tf.float32)
    return scaling(x, y)


def shear(x_degrees, y_degrees):
    """Shears about the origin: `x += tan(x_degrees) y`, `y += tan(y_degrees) x`, each `(batch,)`."""
    to_slope = tf.math.tan
    radians = 3.141592653589793 / 180.0
    x = tf.convert_to_tensor(x_degrees, tf.float32) * radians
    y = tf.convert_to_tensor(y_degrees, tf.float32) * radians
    return _matrix(1.0, to_slope(x), 0.0, to_slope(y), 1.0, 0.0, 0.0, 0.0, 1.0)


def rotation(degrees):
    """Turns points about the origin, from x towards y: clockwise on the screen, as y points down.

    Whole quarter turns are exact: sine and cosine are taken of the rest within 45 degrees only, and
    the quarter turns by swapping them, since `cos(pi / 2)` is not zero in floating point.

    Args:
        degrees: `(batch,)`.
    """
    degrees = tf.convert_to_tensor(degrees, tf.float32)
    quarters = tf.round(degrees / 90.0)
    rest = (degrees - 90.0 * quarters) * (3.141592653589793 / 180.0)
    cosine, sine = tf.cos(rest), tf.sin(rest)
    quarter = tf.cast(quarters, tf.int32) % 4
    swap = tf.equal(quarter % 2, 1)
    cosine, sine = tf.where(swap, -sine, cosine), tf.where(swap, cosine, sine)
    sign = tf.where(quarter >= 2, -1.0, 1.0)
    return _matrix(sign * cosine, -sign * sine, 0.0, sign * sine, sign * cosine, 0.0, 0.0, 0.0, 1.0)


def compose(*transforms):
    """One transform that does the given ones in their order, the first one first.

    Args:
        *transforms: each `(batch, 3, 3)`.

    Returns:
        `(batch, 3, 3)` float32: the matrix product from the last to the first.
    """
    product = transforms[0]
    for transform in transforms[1:]:
        product = tf.matmul(transform, product)
    return product


def about_centre(transform, height, width):
    """The transform done about the centre of an image instead of about the origin.

    Args:
        transform: `(batch, 3, 3)`.
        height, width: of the image in pixels, numbers or scalar tensors.
    """
    x = (tf.cast(width, tf.float32) - 1.0) / 2.0
    y = (tf.cast(height, tf.float32) - 1.0) / 2.0
    return compose(translation([-x], [-y]), transform, translation([x], [y]))


def invert(transform):
    """The transform that undoes the given one, in closed form: exact where its entries allow it.

    Args:
        transform: `(batch, 3, 3)` float32 with last row `[0, 0, 1]` and a determinant not zero.

    Returns:
        `(batch, 3, 3)` float32.
    """
    a, b, x = (transform[:, 0, column] for column in range(3))
    c, d, y = (transform[:, 1, column] for column in range(3))
    determinant = a * d - b * c
    a_inverse, b_inverse = d / determinant, -b / determinant
    c_inverse, d_inverse = -c / determinant, a / determinant
    return _matrix(
        a_inverse,
        b_inverse,
        -(a_inverse * x + b_inverse * y),
        c_inverse,
        d_inverse,
        -(c_inverse * x + d_inverse * y),
        0.0,
        0.0,
        1.0,
    )


def transform_points(transform, x, y):
    """Where points go.

    Args:
        transform: `(batch, 3, 3)`.
        x, y: coordinates in pixels, broadcastable to `(batch, height, width)`.

    Returns:
        The pair of x and y after the transform, `(batch, height, width)` float32.
    """
    row = lambda i: [transform[:, i, column, None, None] for column in range(3)]
    (a, b, x_shift), (c, d, y_shift) = row(0), row(1)
    return a * x + b * y + x_shift, c * x + d * y + y_shift
