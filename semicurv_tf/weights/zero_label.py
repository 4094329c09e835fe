"""Prediction without a run and without a label: the built-in network on images of unknown brightness and size.

In pre-training images are standardised by a blend of their own statistics and common ones, so here an image is
standardised by a blend of its own and its folder's: photographs of one series are normalised alike, and one that is
darker than the rest is still seen. The size of the structures is unknown, too: the image is seen at several scales, and
each counts the more the surer the network is there.
"""

import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from semicurv_tf.geometry.scales import blend_over_scales
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.weights.blend import BLACK, BLACK_SHARE, LEAST_DEVIATION
from semicurv_tf.weights.brightness import brightness, shown_brightness
from semicurv_tf.weights.builtin import KERNEL_CHANNELS, read_weights
from semicurv_tf.weights.scales import SCALES

_BLOCK_PIXELS = 2**20  # summed at once in float64: a large photograph must not be held so
OWN_SHARE = 0.5  # of an image's own statistics against its folder's


class ZeroLabel:
    """The built-in network for images of any number of channels, of which it sees the brightness.

    Args:
        weights: arrays of a network without encoding, for three channels.
        widths: of the network.
    """

    def __init__(self, weights, widths):
        self.network = ResidualUNet(
            widths=widths, encoding="none", mean=[0.0] * KERNEL_CHANNELS, standard_deviation=[1.0] * KERNEL_CHANNELS
        )
        self.network.build((None, None, None, KERNEL_CHANNELS))
        self.network.set_weights(weights)
        self._predict = tf.function(
            lambda image: tf.sigmoid(self.network(image, training=False)),
            input_signature=[tf.TensorSpec((None, None, None, KERNEL_CHANNELS), tf.float32)],
            reduce_retracing=True,
            autograph=False,
        )

    @classmethod
    def open(cls, name_or_path):
        """Of built-in weights, of a file with its card, or of averaged weights that a pre-training keeps."""
        path = Path(str(name_or_path))
        if path.name.startswith("weights-"):
            with np.load(path) as file:
                arrays = [file[name] for name in sorted(file.files)]
            kernels = [array.shape[-1] for array in arrays if array.ndim == 4 and array.shape[0] == 1]
            levels = len(kernels) // 2
            return cls(arrays, kernels[:levels])
        weights = read_weights(name_or_path)
        return cls(weights.arrays, weights.widths)

    def normalised(self, images, own_share: float = OWN_SHARE):
        """A function from an image to its probabilities, normalised by these images' statistics.

        Args:
            images: `(height, width, channels)` arrays, raw 0-255: the folder, or some of it.
            own_share: weight of an image's own statistics, 0 to 1.

        Returns:
            `predict(image, scales=SCALES)`: `(height, width)` float32; at scale 0.5 the network sees half the size.
        """
        mean, deviation = pooled_statistics(images)

        def predict(image, scales=SCALES):
            own_mean, own_deviation = pooled_statistics([image])
            centre = own_share * own_mean + (1 - own_share) * mean
            spread = np.exp(own_share * np.log(own_deviation) + (1 - own_share) * np.log(deviation))
            return self.at_scales((shown_brightness(image) - centre) / spread, scales)

        return predict

    def at_scales(self, shown, scales=SCALES):
        """Probabilities `(height, width)` of a standardised image `(height, width, 3)`, blended over the scales."""
        shown = tf.constant(np.asarray(shown, np.float32)[None])
        return np.asarray(blend_over_scales(self._predict, shown, scales))[0, ..., 0]


def pooled_statistics(images) -> tuple[float, float]:
    """Mean and standard deviation of the brightness over the pixels of some images; the deviation is at least 2.

    What is black around a field of view does not count, as in pre-training.

    Args:
        images: `(height, width, channels)` arrays, raw 0-255.

    Returns:
        The two, raw units.
    """
    count, total, squares = 0, 0.0, 0.0
    for values in map(_counting, images):
        for first in range(0, len(values), _BLOCK_PIXELS):
            block = values[first : first + _BLOCK_PIXELS].astype(np.float64)
            count, total, squares = count + len(block), total + block.sum(), squares + (block**2).sum()
    mean = total / count
    return mean, max(math.sqrt(max(squares / count - mean**2, 0.0)), LEAST_DEVIATION)


def _counting(image):
    """The brightness of the pixels that count, `(n,)` float32."""
    values = brightness(image).ravel()
    black = values <= BLACK
    return values[~black] if BLACK_SHARE[0] < black.mean() < BLACK_SHARE[1] else values
