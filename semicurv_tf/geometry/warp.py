"""The differentiable affine warp, its inverse and its valid mask (Xu et al. 2022, Eq. 3 and 4).

The forward pass is `tf.raw_ops.ImageProjectiveTransformV3` with bilinear interpolation. Its registered
gradient warps the gradient by the inverse map, which is not the adjoint of the warp (relative errors
of 0.1 to 0.9 on small images). Here the gradient is the exact adjoint: each of the four
bilinear weights of an output pixel scatters its share of the gradient back to the input pixel it read.

Differs from the paper: REFLECT repeats the edge pixel, `d c b a | a b c d | d c b a`; the paper draws
`d c b | a b c d | c b a`. The two differ by half a pixel at the border.
"""

import tensorflow as tf

from semicurv_tf.geometry import affine

# Slack for "inside the frame": float32 coordinates of a 1000-pixel image are good to about 1e-4 px.
FRAME_TOLERANCE_PX = 1e-3

FILL_MODES = ("REFLECT", "CONSTANT")


def warp(image, transform, fill_mode="REFLECT"):
    """Applies a transform to images: `output(x') = image(H^-1 x')`, bilinear (Eq. 3 and 4).

    Differentiable in `image` by the exact adjoint; no gradient flows to `transform`.

    Args:
        image: `(batch, height, width, channels)`, float32, float64 or bfloat16 (computed in float32).
        transform: `(batch, 3, 3)` float32, source to transformed points, x right, y down, in pixels;
            or `(1, 3, 3)`, the same for all images.
        fill_mode: "REFLECT" mirrors beyond the edges, "CONSTANT" puts 0 there.

    Returns:
        The warped images, shape and dtype of `image`.

    Raises:
        ValueError: for another fill mode or dtype.

    Example:
        >>> image = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
        >>> turned = warp(image, affine.about_centre(affine.rotation([180.0]), 2, 2))
        >>> turned.numpy().round(3).ravel().tolist()
        [3.0, 2.0, 1.0, 0.0]
    """
    return _sample(image, affine.invert(transform), fill_mode)


def unwarp(image, transform, fill_mode="REFLECT"):
    """Undoes `warp`: `output(x) = image(H x)`, bilinear, differentiable like `warp`.

    Args and returns are those of `warp`; `transform` is the one that was given to `warp`.
    Pixels that the view never saw are filled by `fill_mode`: see `seen_by_view`.
    """
    return _sample(image, transform, fill_mode)


def seen_by_view(transform, height, width):
    """The valid mask in the original pose: 1 where a pixel lies inside the frame of the view.

    A pixel outside it reaches `unwarp` only as extrapolation, and must not count in a loss.

    Args:
        transform: `(batch, 3, 3)`, the one given to `warp`.
        height, width: of the image in pixels, numbers or scalar tensors.

    Returns:
        `(batch, height, width, 1)` float32, 0 or 1.
    """
    x_view, y_view = affine.transform_points(transform, *_grid(height, width))
    slack = FRAME_TOLERANCE_PX
    last_x = tf.cast(width, tf.float32) - 1.0
    last_y = tf.cast(height, tf.float32) - 1.0
    inside = (x_view >= -slack) & (x_view <= last_x + slack) & (y_view >= -slack) & (y_view <= last_y + slack)
    return tf.cast(inside, tf.float32)[..., None]


def _grid(height, width):
    """Pixel coordinates: x `(1, 1, width)` and y `(1, height, 1)`, float32."""
    x = tf.range(tf.cast(width, tf.float32), dtype=tf.float32)
    y = tf.range(tf.cast(height, tf.float32), dtype=tf.float32)
    return x[None, None, :], y[None, :, None]


def _sample(image, lookup, fill_mode):
    """Reads `image` at `lookup x` for each output pixel x: the raw op with the exact adjoint."""
    image = tf.convert_to_tensor(image)
    if fill_mode not in FILL_MODES:
        raise ValueError(f"Expected fill_mode in {FILL_MODES}. Received: fill_mode={fill_mode!r}")
    if image.dtype == tf.bfloat16:
        return tf.cast(_sample(tf.cast(image, tf.float32), lookup, fill_mode), tf.bfloat16)
    if image.dtype not in (tf.float32, tf.float64):
        raise ValueError(
            f"Expected an image of float32, float64 or bfloat16. Received: dtype={image.dtype.name}. "
            "Fix: tf.cast(image, tf.float32)"
        )
    size = tf.shape(image)[1:3]
    lookup = tf.stop_gradient(tf.cast(lookup, tf.float32))
    rows = tf.reshape(lookup, [-1, 9])[:, :8]

    @tf.custom_gradient
    def sample(source):
        output = tf.raw_ops.ImageProjectiveTransformV3(
            images=source,
            transforms=rows,
            output_shape=size,
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode=fill_mode,
        )

        def adjoint(upstream):
            return _scatter(upstream, lookup, fill_mode)

        return output, adjoint

    output = sample(image)
    output.set_shape(image.shape)
    return output


def _scatter(upstream, lookup, fill_mode):
    """The adjoint of `_sample`: adds each output pixel's gradient to the four pixels it was read from.

    Args:
        upstream: `(batch, height, width, channels)`, float32 or float64.
        lookup: `(batch, 3, 3)` or `(1, 3, 3)` float32.

    Returns:
        The gradient of the input image, shape and dtype of `upstream`.
    """
    shape = tf.shape(upstream)
    batch, height, width, channels = shape[0], shape[1], shape[2], shape[3]
    x, y = affine.transform_points(lookup, *_grid(height, width))
    full = [batch, height, width]
    x, y = tf.broadcast_to(x, full), tf.broadcast_to(y, full)
    if fill_mode == "REFLECT":
        x, y = _reflect(x, width), _reflect(y, height)
    x_floor, y_floor = tf.floor(x), tf.floor(y)
    x_share, y_share = x - x_floor, y - y_floor
    x_left, y_top = tf.cast(x_floor, tf.int32), tf.cast(y_floor, tf.int32)
    first = tf.range(batch)[:, None, None] * (height * width)

    indices, shares = [], []
    for y_pixel, y_weight in ((y_top, 1.0 - y_share), (y_top + 1, y_share)):
        for x_pixel, x_weight in ((x_left, 1.0 - x_share), (x_left + 1, x_share)):
            inside = (x_pixel >= 0) & (x_pixel < width) & (y_pixel >= 0) & (y_pixel < height)
            # A negative segment is dropped: reads from beyond the edge were the constant fill.
            indices.append(tf.where(inside, first + y_pixel * width + x_pixel, -1))
            weight = tf.cast(y_weight * x_weight, upstream.dtype)
            shares.append(upstream * weight[..., None])
    summed = tf.math.unsorted_segment_sum(
        tf.reshape(tf.stack(shares), [-1, channels]),
        tf.reshape(tf.stack(indices), [-1]),
        batch * height * width,
    )
    return tf.reshape(summed, shape)


def _reflect(coordinate, length):
    """Where the raw op reads for REFLECT: mirrored about the outer pixel edges, then clamped.

    The period is `2 length`; within it `length .. 2 length` runs backwards, and the half pixel
    beyond the outermost centres is clamped onto them.
    """
    length = tf.cast(length, tf.float32)
    period = 2.0 * length
    # The op's own arithmetic, in its own order: rounding decides which pixel is read.
    negative = tf.where(coordinate < period, period * tf.floor(-coordinate / period) + coordinate, coordinate)
    negative = tf.where(negative < -length, negative + period, -negative - 1.0)
    beyond = coordinate - period * tf.floor(coordinate / period)
    beyond = tf.where(beyond >= length, period - beyond - 1.0, beyond)
    reflected = tf.where(coordinate < 0.0, negative, tf.where(coordinate > length - 1.0, beyond, coordinate))
    return tf.clip_by_value(reflected, 0.0, length - 1.0)
