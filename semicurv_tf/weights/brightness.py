"""What the built-in network is shown of an image without labels: its brightness, the same in all three channels.

Without a label nothing says which colour carries the structures. Standardised channel by channel, a channel that holds
little but noise counts as much as the others, as red and blue do on a retina.
"""

import numpy as np

from semicurv_tf.weights.builtin import KERNEL_CHANNELS

LUMA = (0.299, 0.587, 0.114)  # of R, G and B: ITU-R BT.601


def shown_brightness(image) -> np.ndarray:
    """Luma of R, G and B, or the mean of any other number of channels, once for each channel of the kernels.

    Args:
        image: `(height, width, channels)`, any unit.

    Returns:
        `(height, width, 3)` float32, same unit.
    """
    image = np.asarray(image, np.float32)
    weights = LUMA if image.shape[-1] == len(LUMA) else [1.0 / image.shape[-1]] * image.shape[-1]
    return np.repeat((image @ np.asarray(weights, np.float32))[..., None], KERNEL_CHANNELS, axis=-1)
