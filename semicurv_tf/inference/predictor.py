"""The predictor: probabilities and masks from a network, whatever the size of the image."""

import copy
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from semicurv_tf.errors import RetryLater, UserError
from semicurv_tf.images.no_data import NoData
from semicurv_tf.images.values import ValueRanges
from semicurv_tf.images.windows import ArraySource, Source
from semicurv_tf.inference.averaging import CHOICES, averaged
from semicurv_tf.inference.memory import BASE_BYTES, Memory
from semicurv_tf.inference.tiles import Band, predict_bands
from semicurv_tf.postprocessing.finish import BYTES_PER_PIXEL, finished_mask
from semicurv_tf.postprocessing.settings import PostProcessing

if TYPE_CHECKING:
    import keras

WHOLE_PIXELS = 4_194_304  # what an export serves by default in one piece: 2048x2048
SERVED_TILE_PX = 1024  # of larger images, by a server
STRIDE_PX = 16  # of the paper's network: one pixel of its coarsest feature map
OVERLAP_SHARE = 8  # tiles share an eighth of their side, and at least
OVERLAP_CELLS = 4  # pixels of the coarsest feature map: half the reach of the network, nearly all of what is felt


class PredictorLost(RetryLater):
    """What predicts is gone (a server that does not answer): every further image would fail alike."""


class Predictor:
    """Predicts images of any size: as a whole where they fit, by blended tiles beyond.

    Args:
        probability: maps uint8 images `(1, height, width, channels)`, raw 0-255, to float32
            probabilities `(1, height, width, 1)`. `from_network` makes it from a Keras model,
            `semicurv_tf.predict.open_predictor` from a run, an export or a server.
        channels: 1 or 3, what the network takes.
        threshold: a pixel is foreground where its probability exceeds this.
        tile: side of the tiles in pixels, used for every image larger than a tile; `None` takes the largest
            that fits in `memory`.
        memory: of the process; `None` where the network computes elsewhere.
        whole_pixels: where `tile` and `memory` are None, images up to this many pixels are predicted in one piece.
        tta: how each tile's prediction is averaged, one of `averaging.CHOICES`.
        no_data: pixels whose channels are all in this range, low to high, raw 0-255, hold no data; or None.
        stride: of the network's coarsest feature map in pixels of the image; tiles start on its multiples.
        value_range: of image values wider than 8 bit in the training data, see `images/values.py`; None measures each
            image.
        postprocessing: what follows the threshold; see `mask`.

    Several threads may use one predictor, each for an image of its own: the network computes one tile at a time.

    Example:
        >>> predictor = Predictor(lambda image: image[..., :1] / 255, channels=3)
        >>> image = np.array([[[255, 0, 0], [51, 0, 0]]], np.uint8)
        >>> predictor.mask(predictor.probability(image)).tolist()
        [[255, 0]]
    """

    def __init__(
        self,
        probability: Callable[[np.ndarray], np.ndarray],
        channels: int,
        *,
        threshold: float = 0.5,
        tile: int | None = None,
        memory: Memory | None = None,
        whole_pixels: int = WHOLE_PIXELS,
        tta: str = "none",
        no_data: tuple[int, int] | None = None,
        stride: int = STRIDE_PX,
        value_range: ValueRanges | None = None,
        postprocessing: PostProcessing = PostProcessing(),
    ):
        if not 0 < threshold < 1:
            raise ValueError(f"Expected threshold in (0, 1). Received: threshold={threshold}")
        if tile is not None and tile < 32:
            raise ValueError(f"Expected a tile of at least 32 px. Received: tile={tile}")
        if tta not in CHOICES:
            raise ValueError(f"Expected tta in {list(CHOICES)}. Received: tta={tta!r}")
        self.channels = channels
        self.threshold = threshold
        self.tile = tile
        self.memory = memory
        self.whole_pixels = whole_pixels
        self.tta = tta
        self.no_data = no_data
        self.stride = stride
        self.value_range = value_range
        self.postprocessing = postprocessing
        self._probability = probability
        self._turn = threading.Lock()

    @classmethod
    def from_network(cls, network: "keras.Model", channels: int, **settings) -> "Predictor":
        """From a network that maps raw float32 images to logits; one graph serves all sizes."""
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((1, None, None, channels), tf.uint8)], autograph=False)
        def probability(image):
            logits = network(tf.cast(image, tf.float32), training=False)
            return tf.sigmoid(tf.cast(logits, tf.float32))

        def predict(image):
            try:
                return probability(image).numpy()
            except tf.errors.ResourceExhaustedError:
                raise MemoryError from None

        return cls(predict, channels, **{"stride": getattr(network, "grid_px", STRIDE_PX), **settings})

    def lost_once(self) -> "Predictor":
        """A copy for several threads: once what predicts is gone, all that wait are told so without a new try."""
        compute = self._probability
        lost: list[PredictorLost] = []

        def probability(image):
            if lost:
                raise lost[0]
            try:
                return compute(image)
            except PredictorLost as error:
                lost.append(error)
                raise

        copied = copy.copy(self)
        copied._probability = probability
        return copied

    def probability(self, image: np.ndarray, advance: Callable[[float], None] | None = None) -> np.ndarray:
        """Foreground probability of one image in memory.

        Args:
            image: uint8 `(height, width, channels)`, raw 0-255.
            advance: called with the share of the image that was just done.

        Returns:
            float32 `(height, width)` in [0, 1].

        Raises:
            ValueError: the image is not uint8, of another rank, or of another channel count.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != self.channels or 0 in image.shape:
            raise ValueError(
                f"Expected a uint8 image (height, width, {self.channels}). Received: {image.dtype} {image.shape}"
            )
        return np.concatenate([band.probability for band in self.bands(ArraySource(image), advance)])

    def bands(self, source: Source, advance: Callable[[float], None] | None = None) -> Iterator[Band]:
        """Foreground probability of an image that is read by rows, from top to bottom; see `predict_bands`."""
        tile = self.tile_of(source)
        if self.no_data is not None:
            source = NoData(source, *self.no_data)
        return predict_bands(source, self._one, tile, self.overlap(tile), self.stride, advance)

    def overlap(self, tile: int) -> int:
        """The least number of pixels that neighbouring tiles share."""
        return _multiple(min(max(tile // OVERLAP_SHARE, self.reach()), tile // 2), self.stride)

    def reach(self) -> int:
        """How far from a pixel nearly all lies that decides it, in pixels of the image."""
        return OVERLAP_CELLS * self.stride

    def tile_of(self, source: Source) -> int:
        """Side of the tiles of an image in pixels."""
        held = source.pixels.nbytes if isinstance(source, ArraySource) else 0
        return self.tile_for(source.height, source.width, held)

    def tile_for(self, height: int, width: int, held_bytes: int = 0) -> int:
        """Side of the tiles of an image of this size in pixels, a multiple of the stride; see `Memory.tile`."""
        whole = _multiple(max(height, width), self.stride)
        if self.tile is not None:
            return _multiple(self.tile, self.stride)
        if self.memory is not None:
            return self.memory.tile(height, width, self.channels, self.stride, held_bytes)
        return whole if height * width <= self.whole_pixels else SERVED_TILE_PX

    def mask(self, probability: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
        """The mask of an image, or of some of its rows where nothing follows the threshold.

        Args:
            probability: `(height, width)`; of a whole image where `postprocessing` holds steps.
            valid: bool `(height, width)`, where there are data; None: everywhere.

        Returns:
            uint8, 0 or 255, of the same shape: 255 where the probability exceeds the threshold, after the steps of
            `postprocessing`.
        """
        if self.postprocessing:
            foreground = finished_mask(probability, self.threshold, self.postprocessing, valid)
        else:
            foreground = probability > self.threshold
        return foreground.astype(np.uint8) * np.uint8(255)

    def require_whole(self, height: int, width: int) -> None:
        """Refuses an image whose steps after the threshold, which see it as a whole, do not fit into the memory.

        Raises:
            UserError: naming `--memory`.
        """
        if self.memory is None:
            return
        needed = BASE_BYTES + height * width * (BYTES_PER_PIXEL + self.channels)
        if needed > self.memory.total_bytes:
            raise UserError(
                f"--memory {self.memory.total_bytes / 1e9:.2g}GB: too little for post-processing "
                f"({self.postprocessing.said()}) of {width}x{height} pixels, which takes {needed / 1e9:.2g} GB. "
                f"Fix: --memory {needed / 1e9 + 0.1:.1f}GB, or --postprocessing none"
            )

    def _one(self, image: np.ndarray) -> np.ndarray:
        return averaged(self._computed, image[None], self.tta)[0, ..., 0]

    def _computed(self, image: np.ndarray) -> np.ndarray:
        with self._turn:
            return np.asarray(self._probability(image))


def _multiple(length: int, stride: int) -> int:
    return max(-(-length // stride), 1) * stride
