"""Prediction without a run and without a label: the built-in network, which has seen drawn curves only.

It was taught images that are standardised by their own mean and deviation, wholly or in part; here each image is
standardised by its own, measured once for the whole image, so that all its tiles are seen alike.
"""

import copy
from collections.abc import Callable, Iterator

import numpy as np

from semicurv_tf.images.windows import ArraySource, Source
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.inference.tiles import Band
from semicurv_tf.weights.builtin import KERNEL_CHANNELS, read_weights
from semicurv_tf.weights.zero_label import pooled_statistics

BUILT_IN = "curves"
# Of an image that is read by windows, so many rows are measured, in strips spread evenly over its height.
_STRIPS, _STRIP_ROWS = 32, 16


class BuiltInPredictor(Predictor):
    """A predictor that standardises each image by its own statistics.

    Args:
        network: maps standardised float32 images `(1, height, width, 3)` to logits.
        settings: as of `Predictor`.
    """

    def __init__(self, network, **settings):
        import tensorflow as tf

        @tf.function(
            input_signature=[
                tf.TensorSpec((1, None, None, KERNEL_CHANNELS), tf.uint8),
                tf.TensorSpec((KERNEL_CHANNELS,), tf.float32),
                tf.TensorSpec((KERNEL_CHANNELS,), tf.float32),
            ]
        )
        def probability(image, mean, deviation):
            return tf.sigmoid(network((tf.cast(image, tf.float32) - mean) / deviation, training=False))

        def predict(image, mean, deviation):
            try:
                return probability(image, mean, deviation).numpy()
            except tf.errors.ResourceExhaustedError:
                raise MemoryError from None

        super().__init__(predict, KERNEL_CHANNELS, **{"stride": network.stride, **settings})

    def bands(self, source: Source, advance: Callable[[float], None] | None = None) -> Iterator[Band]:
        """As of `Predictor`; the image's statistics are measured first."""
        mean, deviation = source_statistics(source)
        seen = copy.copy(self)
        seen._probability = lambda image: self._probability(
            image, mean.astype(np.float32), deviation.astype(np.float32)
        )
        return Predictor.bands(seen, source, advance)


def source_statistics(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per channel of the pixels that hold data; see `pooled_statistics`.

    Args:
        source: an image; of one that is read by windows, some strips are read.

    Returns:
        Two float64 arrays `(channels,)`, raw units.
    """
    if isinstance(source, ArraySource):
        tops, rows = [0], source.height
    else:
        tops = sorted({int(top) for top in np.linspace(0, max(source.height - _STRIP_ROWS, 0), _STRIPS)})
        rows = _STRIP_ROWS
    strips = []
    for top in tops:
        pixels, valid = source.rows(top, min(top + rows, source.height))
        # As one row of pixels: those without data do not count.
        strips.append((pixels.reshape(1, -1, pixels.shape[-1]) if valid is None else pixels[valid][None]))
    together = np.concatenate(strips, axis=1)
    return pooled_statistics([together if together.size else np.zeros((1, 1, KERNEL_CHANNELS), np.uint8)])


def open_built_in(threshold: float | None, **settings) -> tuple[BuiltInPredictor, dict]:
    """The built-in network as a predictor, and what identifies it.

    Args:
        threshold: foreground above this; None takes that of the card, chosen on drawn images.
        settings: as of `Predictor`; `memory` is that of the process, as a function of the network.

    Raises:
        UserError: the weights are damaged.
    """
    from semicurv_tf.weights.zero_label import ZeroLabel

    weights = read_weights(BUILT_IN)
    network = ZeroLabel(weights.arrays, weights.widths, KERNEL_CHANNELS).network
    memory = settings.pop("memory")(network)
    if threshold is None:
        threshold = weights.card.get("threshold", 0.5)
    predictor = BuiltInPredictor(network, threshold=threshold, memory=memory, **settings)
    return predictor, {"model": f"built-in {BUILT_IN} {weights.card['sha256'][:16]}"}
