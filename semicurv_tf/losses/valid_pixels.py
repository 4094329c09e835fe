"""Which pixels count: maps brought to one dtype, their shapes checked, their invalid pixels cut off."""

import tensorflow as tf


def keep_valid_pixels(valid, **maps):
    """Casts maps for a loss and replaces what stands on invalid pixels by 0.

    A replaced value, even NaN, neither enters the loss nor gets a gradient.

    Args:
        valid: (batch, height, width, 1), weights >= 0, 0 where a pixel does not count; or None: all count.
        **maps: (batch, height, width, 1) each, any numeric dtype. The names serve the error message.

    Returns:
        A list of the maps and, last, `valid` (or None); float64 where a map is float64, else float32.

    Raises:
        ValueError: a map or `valid` is not (batch, height, width, 1), or they differ in shape.

    Example:
        >>> target, valid = keep_valid_pixels([[[[1.0], [0.0]]]], target=[[[[7.0], [9.0]]]])
        >>> target.numpy().ravel().tolist()
        [7.0, 0.0]
    """
    tensors = {name: tf.convert_to_tensor(value) for name, value in maps.items()}
    dtype = tf.float64 if any(t.dtype == tf.float64 for t in tensors.values()) else tf.float32
    if valid is not None:
        tensors["valid"] = tf.convert_to_tensor(valid)
    _check_shapes(tensors)
    tensors = {name: tf.cast(tensor, dtype) for name, tensor in tensors.items()}
    if valid is None:
        return [*tensors.values(), None]
    weight = tensors.pop("valid")
    counts = weight > 0
    # A product would keep NaN (0 * NaN is NaN).
    return [*(tf.where(counts, t, tf.zeros([], dtype)) for t in tensors.values()), weight]


def _check_shapes(tensors):
    expected = tf.TensorShape([None, None, None, 1])
    for tensor in tensors.values():
        if not expected.is_compatible_with(tensor.shape):
            received = ", ".join(f"{name}.shape={tuple(each.shape)}" for name, each in tensors.items())
            raise ValueError(f"Expected maps of one shape (batch, height, width, 1). Received: {received}.")
        expected = expected.merge_with(tensor.shape)
