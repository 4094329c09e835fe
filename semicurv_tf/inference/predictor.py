"""The predictor: probabilities and masks from a network, whatever the size of the image."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.inference.tiles import predict_tiled

if TYPE_CHECKING:
    import keras

WHOLE_PIXELS = 4_194_304  # up to 2048x2048 in one piece: about 6 GB for the residual UNet in float32
TILE_PX = 1024
OVERLAP_SHARE = 8  # tiles share an eighth of their side


class PredictorLost(UserError):
    """What predicts is gone (a server that does not answer): every further image would fail alike."""


class Predictor:
    """Predicts images of any size: as a whole up to `whole_pixels`, by blended tiles beyond.

    Args:
        probability: maps uint8 images `(1, height, width, channels)`, raw 0-255, to float32
            probabilities `(1, height, width, 1)`. `from_network` makes it of a Keras model,
            `from_saved_model` of an export, `semicurv_tf.serving_client` of a server.
        channels: 1 or 3, what the network takes.
        threshold: a pixel is foreground where its probability exceeds this.
        tile: side of the tiles in pixels, used for every image larger than a tile; `None` takes
            1024 for images of more than `whole_pixels`.
        whole_pixels: images up to this many pixels are predicted in one piece where `tile` is None.

    Example:
        >>> network, run = load_deployed("runs/drive")
        >>> predictor = Predictor.from_network(network, channels=run["channels"])
        >>> mask = predictor.mask(predictor.probability(image))
    """

    def __init__(
        self,
        probability: Callable[[np.ndarray], np.ndarray],
        channels: int,
        *,
        threshold: float = 0.5,
        tile: int | None = None,
        whole_pixels: int = WHOLE_PIXELS,
    ):
        if not 0 < threshold < 1:
            raise ValueError(f"Expected threshold in (0, 1). Received: threshold={threshold}")
        if tile is not None and tile < 32:
            raise ValueError(f"Expected a tile of at least 32 px. Received: tile={tile}")
        self.channels = channels
        self.threshold = threshold
        self.tile = tile
        self.whole_pixels = whole_pixels
        self._probability = probability

    @classmethod
    def from_network(cls, network: "keras.Model", channels: int, **settings) -> "Predictor":
        """From a network that maps raw float32 images to logits; one graph serves all sizes."""
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((1, None, None, channels), tf.uint8)])
        def probability(image):
            logits = network(tf.cast(image, tf.float32), training=False)
            return tf.sigmoid(tf.cast(logits, tf.float32))

        def predict(image):
            try:
                return probability(image).numpy()
            except tf.errors.ResourceExhaustedError:
                raise MemoryError from None

        return cls(predict, channels, **settings)

    @classmethod
    def from_saved_model(cls, directory: str, **settings) -> "Predictor":
        """From an exported version folder, by its signature `serving_default`."""
        from semicurv_tf.export.load import load_signature

        signature, channels = load_signature(directory)
        return cls(lambda image: signature(image=image)["probability"].numpy(), channels, **settings)

    def probability(self, image: np.ndarray, advance: Callable[[float], None] | None = None) -> np.ndarray:
        """Foreground probability of one image.

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
        side = max(image.shape[:2])
        if self.tile is not None:
            tile = self.tile
        else:
            tile = side if image.shape[0] * image.shape[1] <= self.whole_pixels else TILE_PX
        return predict_tiled(image, self._one, tile, tile // OVERLAP_SHARE, advance)

    def mask(self, probability: np.ndarray) -> np.ndarray:
        """Where the probability exceeds the threshold: uint8, 0 or 255, of the same shape."""
        return np.where(probability > self.threshold, 255, 0).astype(np.uint8)

    def _one(self, image: np.ndarray) -> np.ndarray:
        return np.asarray(self._probability(image[None]))[0, ..., 0]
