"""Prediction without a run and without a label: the built-in network, which has seen drawn curves only.

It was taught images that are standardised by their own mean and deviation, wholly or in part; here each image is
standardised by its own, measured once for the whole image, so that all its tiles are seen alike.
"""

import copy
import math
from collections.abc import Callable, Iterator

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.windows import ArraySource, Source
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.inference.tiles import Band
from semicurv_tf.predict.built_in_options import BUILT_IN, built_in_threshold
from semicurv_tf.weights.brightness import shown_brightness
from semicurv_tf.weights.builtin import KERNEL_CHANNELS, read_weights
from semicurv_tf.weights.scales import SCALES, scales_for
from semicurv_tf.weights.zero_label import ZeroLabel, pooled_statistics

# Of an image that is read by windows, so many rows are measured, in strips spread evenly over its height.
_STRIPS, _STRIP_ROWS = 32, 16


class BuiltInPredictor(Predictor):
    """A predictor that standardises each image by its own statistics, and sees it at several scales.

    Args:
        network: the built-in network.
        scales: at which each image, or each tile of a large one, is seen; see `ZeroLabel.at_scales`.
        settings: as for `Predictor`.
    """

    def __init__(self, network: ZeroLabel, scales: tuple[float, ...] = SCALES, **settings):
        self._network, self._scales = network, scales
        super().__init__(self._unstandardised, KERNEL_CHANNELS, **{"stride": network.network.grid_px, **settings})

    def bands(self, source: Source, advance: Callable[[float], None] | None = None) -> Iterator[Band]:
        """As for `Predictor`; the image's statistics are measured first."""
        mean, deviation = source_statistics(source)
        seen = copy.copy(self)
        seen._probability = lambda image: self._standardised(image, mean, deviation)
        return Predictor.bands(seen, source, advance)

    def reach(self) -> int:
        """As for `Predictor`; a network that sees an image at a tenth of its size looks ten times as far in it."""
        return round(super().reach() / min(1.0, max(self._scales)))

    def _standardised(self, image, mean, deviation):
        import tensorflow as tf

        shown = ((shown_brightness(image[0]) - mean) / deviation).astype(np.float32)
        try:
            return self._network.at_scales(shown, self._scales)[None, ..., None]
        except tf.errors.ResourceExhaustedError:
            raise MemoryError from None

    def _unstandardised(self, image):
        return self._standardised(image, *source_statistics(ArraySource(image[0])))


def source_statistics(source: Source) -> tuple[float, float]:
    """Mean and standard deviation of the brightness of the pixels that hold data; see `pooled_statistics`.

    Args:
        source: an image; of one that is read by windows, some strips are read.

    Returns:
        The two, raw units.
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
        strips.append(pixels.reshape(1, -1, pixels.shape[-1]) if valid is None else pixels[valid][None])
    together = np.concatenate(strips, axis=1)
    return pooled_statistics([together if together.size else np.zeros((1, 1, 1), np.uint8)])


def least_tile(scales: tuple[float, ...]) -> int:
    """The smallest side of a tile in pixels at which none of the scales is left out; see `blend_over_scales`."""
    from semicurv_tf.geometry.scales import LEAST_SIDE_PX

    return math.ceil(LEAST_SIDE_PX / min(scales))


def open_built_in(threshold: float | None, width_px: float | None = None, **settings) -> tuple[BuiltInPredictor, dict]:
    """The built-in network as a predictor, and what identifies it.

    Args:
        threshold: foreground above this; None takes that of the card, chosen on drawn images.
        width_px: how wide the structures are in the images; None: unknown, so that images are seen at `SCALES`.
        settings: as for `Predictor`; `memory` is that of the process, as a function of the network and of how many
            times the pixels of a tile it sees.

    Raises:
        UserError: the weights are damaged, or tiles would be too small for the scales.
    """
    weights = read_weights(BUILT_IN)
    network = ZeroLabel(weights.arrays, weights.widths)
    scales = SCALES if width_px is None else scales_for(width_px)
    if width_px is not None and (settings.get("tile") or least_tile(scales)) < least_tile(scales):
        raise UserError(
            f"--tile {settings['tile']}: expected at least {least_tile(scales)} beside --width-px {width_px:g}, as the "
            f"network sees a tile at {min(scales):.2g} of its size. Fix: leave --tile out"
        )
    # At the largest scale a tile has so many times its pixels.
    memory = settings.pop("memory")(network.network, max(scales) ** 2)
    if threshold is None:
        threshold = built_in_threshold()
    predictor = BuiltInPredictor(network, scales, threshold=threshold, memory=memory, **settings)
    return predictor, {"model": f"built-in {BUILT_IN} {weights.card['sha256'][:16]}"}
