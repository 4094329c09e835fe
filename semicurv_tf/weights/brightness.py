"""What the built-in network sees of an image: its brightness, the same in all three channels.

Before a label is seen nothing says which colour carries the structures. Standardised channel by channel, a channel that
holds little but noise counts as much as the others, as red and blue do on a retina.
"""

import numpy as np

from semicurv_tf.weights.builtin import KERNEL_CHANNELS

LUMA = (0.299, 0.587, 0.114)  # of R, G and B: ITU-R BT.601


def brightness(image) -> np.ndarray:
    """Luma of R, G and B, or the mean of any other number of channels.

    Args:
        image: `(..., channels)`, any unit.

    Returns:
        `(...)` float32, same unit.
    """
    image = np.asarray(image)
    # einsum converts as it goes: a large photograph is never held in float32 with all its channels.
    return np.einsum("...c,c->...", image, brightness_weights(image.shape[-1]), dtype=np.float32, casting="same_kind")


def shown_brightness(image) -> np.ndarray:
    """The brightness of `(height, width, channels)`, once for each channel of the kernels: `(height, width, 3)`."""
    return np.repeat(brightness(image)[..., None], KERNEL_CHANNELS, axis=-1)


def brightness_weights(channels: int) -> np.ndarray:
    """The share of each channel in the brightness, `(channels,)` float32, which sum to 1."""
    return np.asarray(LUMA if channels == len(LUMA) else [1.0 / channels] * channels, np.float32)


def standardised_weights(deviations, channels: int) -> np.ndarray:
    """The same for channels that were divided by their deviations: one with little contrast stays a quiet one.

    Args:
        deviations: `(channels,)` or `(1,)`, raw units.
        channels: of the images.

    Returns:
        `(channels,)` float32, which sum to 1.
    """
    weights = brightness_weights(channels) * np.broadcast_to(np.asarray(deviations, np.float32), (channels,))
    return weights / weights.sum()
