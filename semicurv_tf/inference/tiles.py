"""Predicts an image by overlapping tiles, blended by Gaussian weights that are never zero.

A network's coordinate encoding sees each tile as an image of its own, as it does the crops in
training. Tiles all have one size, so a graph is traced and its memory planned once.
"""

from collections.abc import Callable

import numpy as np

WEIGHT_FLOOR = 1e-3  # of the largest weight: corners count little, and never nothing


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """First pixels of the tiles along one side: evenly spaced, overlapping by at least `overlap`.

    Args:
        length: side of the image in pixels.
        tile: side of a tile in pixels, larger than `overlap`.
        overlap: the least number of pixels that neighbours share.

    Example:
        >>> tile_starts(100, 40, 10)
        [0, 30, 60]
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"Expected 0 <= overlap < tile. Received: tile={tile}, overlap={overlap}")
    if length <= tile:
        return [0]
    count = 1 + -(-(length - tile) // (tile - overlap))
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def tile_weights(height: int, width: int) -> np.ndarray:
    """Gaussian weights of a tile, sigma an eighth of its side (as nnU-Net), float32 `(height, width)`, in (0, 1]."""

    def side(length: int) -> np.ndarray:
        distance = np.arange(length) - (length - 1) / 2
        return np.exp(-0.5 * (distance / (length / 8)) ** 2)

    weights = np.outer(side(height), side(width))
    return np.maximum(weights / weights.max(), WEIGHT_FLOOR).astype(np.float32)


def predict_tiled(
    image: np.ndarray, predict: Callable[[np.ndarray], np.ndarray], tile: int, overlap: int, advance: Callable[[float], None] | None = None,
) -> np.ndarray:
    """Probability of an image from the predictions of its tiles.

    Beyond an edge of the image the tiles are filled by reflection. An image no larger than a tile is
    predicted as it is.

    Args:
        image: `(height, width, channels)`, any dtype.
        predict: maps such an array to float32 probabilities `(height, width)`.
        tile: side of a tile in pixels.
        overlap: the least number of pixels that neighbours share.
        advance: called with the share of the image that each tile was, for progress.

    Returns:
        float32 `(height, width)`.
    """
    height, width = image.shape[:2]
    if height <= tile and width <= tile:
        probability = predict(image)
        if advance:
            advance(1.0)
        return probability
    tops, lefts = tile_starts(height, tile, overlap), tile_starts(width, tile, overlap)
    pad = (max(0, tile - height), max(0, tile - width))
    if any(pad):
        image = np.pad(image, ((0, pad[0]), (0, pad[1]), (0, 0)), mode="symmetric")
    weights = tile_weights(tile, tile)
    total = np.zeros(image.shape[:2], np.float32)
    weight = np.zeros(image.shape[:2], np.float32)
    for top in tops:
        for left in lefts:
            place = np.s_[top : top + tile, left : left + tile]
            total[place] += weights * predict(image[place])
            weight[place] += weights
            if advance:
                advance(1.0 / (len(tops) * len(lefts)))
    return (total / weight)[:height, :width]
