"""Predicts an image by overlapping tiles, row of tiles by row of tiles, so that memory holds one row and not the image.

Tiles are blended by Gaussian weights that are never zero. They start on the grid of the network's stride (its
coarsest feature map), on which the untiled network sees the image too: where a tile's border is out of the
receptive field's reach, a tiled prediction is the untiled one. Beyond an edge of the image tiles are filled by
reflection, as the residual UNet fills up images whose sides are no multiple of its stride.

A network's coordinate encoding sees each tile as an image of its own, as it sees the crops in training: it spans
the tile, so a tiled prediction of a network with an encoding is another one than the untiled, by design.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from semicurv_tf.images.windows import BAND_ROWS, Source

SIGMA_SHARE = 8  # sigma of the weights is an eighth of the side (as nnU-Net)


@dataclasses.dataclass(frozen=True)
class Band:
    """Finished rows of an image.

    Attributes:
        top: the first row.
        pixels: uint8 `(rows, width, channels)`.
        probability: float32 `(rows, width)`; 0 where there are no data.
        valid: bool `(rows, width)`, where there are data; None where that is everywhere.
    """

    top: int
    pixels: np.ndarray
    probability: np.ndarray
    valid: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Side:
    """The tiles along one side of an image.

    Attributes:
        length: side of the image in pixels.
        tile: side of a tile in pixels, a multiple of `stride`.
        overlap: the least number of pixels that neighbours share, a multiple of `stride` below `tile`.
        stride: in pixels.

    Example:
        >>> Side(100, 48, 16, 16).starts  # 12 pixels are missing to 112 = 7 x 16, 6 of them before
        [-6, 26, 58]
    """

    length: int
    tile: int
    overlap: int
    stride: int = 1

    @cached_property
    def _before(self) -> int:
        return -self.length % self.stride // 2

    @cached_property
    def used(self) -> int:
        """Side of the tiles, cut to what the image needs where it is smaller than a tile."""
        return min(self.tile, self.length + -self.length % self.stride)

    @cached_property
    def starts(self) -> list[int]:
        """First pixels of the tiles, image coordinates; the first may lie before the image."""
        cells = tile_starts(
            -(-self.length // self.stride),
            self.used // self.stride,
            min(self.overlap, self.used - self.stride) // self.stride,
        )
        return [cell * self.stride - self._before for cell in cells]

    def within(self, start: int) -> slice:
        """Which pixels of the tile at `start` lie in the image."""
        return slice(max(0, -start), min(self.used, self.length - start))

    def pixels(self, start: int) -> np.ndarray:
        """Where the tile at `start` takes its pixels from: image coordinates, reflected at the edges."""
        positions = np.abs(np.arange(start, start + self.used))
        last = self.length - 1
        positions %= max(2 * last, 1)
        return np.minimum(last - np.abs(last - positions), last)

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights of each tile's pixels, float32 `(tiles, side)`: over the tiles they sum to 1 at every pixel."""
        one = tile_weights(self.used)
        first = self.starts[0]
        total = np.zeros(self.starts[-1] - first + self.used)
        for start in self.starts:
            total[start - first : start - first + self.used] += one
        return np.stack([one / total[start - first : start - first + self.used] for start in self.starts]).astype(
            np.float32
        )


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """First pixels of the tiles along one side: evenly spaced, overlapping by at least `overlap`.

    Args:
        length: side of the image, in any unit.
        tile: side of a tile, larger than `overlap`.
        overlap: the least that neighbours share.

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


def tile_weights(length: int) -> np.ndarray:
    """Gaussian weights along a side, sigma an eighth of it, float64 in (0, 1]: e^-8 = 0.0003 at the ends, never 0."""
    distance = np.arange(length) - (length - 1) / 2
    return np.exp(-0.5 * (distance / (length / SIGMA_SHARE)) ** 2)


def predict_bands(
    source: Source,
    predict: Callable[[np.ndarray], np.ndarray],
    tile: int,
    overlap: int,
    stride: int = 1,
    advance: Callable[[float], None] | None = None,
) -> Iterator[Band]:
    """Probability of an image, from top to bottom.

    Args:
        source: the image.
        predict: maps uint8 `(height, width, channels)` to float32 probabilities `(height, width)`. It gets tiles of
            one size, or the image as it is where that fits into a tile. Tiles without data are not predicted.
        tile, overlap, stride: see `Side`.
        advance: called with the share of the image that each tile was, for progress.

    Yields:
        Bands that cover the image without a gap.
    """
    down, across = Side(source.height, tile, overlap, stride), Side(source.width, tile, overlap, stride)
    share = 1.0 / (len(down.starts) * len(across.starts))
    alone = share == 1.0  # the network fills up the image by itself
    held = _HeldRows(source, down.starts[0] + down.within(down.starts[0]).stop)
    for row, top in enumerate(down.starts):
        inside_down = down.within(top)
        bottom = top + inside_down.stop
        held.fetch(bottom)
        lines = down.pixels(top) - held.top
        for column, left in enumerate(across.starts):
            inside_across = across.within(left)
            place = np.s_[
                top + inside_down.start - held.top : bottom - held.top,
                left + inside_across.start : left + inside_across.stop,
            ]
            if held.valid is None or held.valid[place].any():
                pixels = held.pixels if alone else _taken(held.pixels, lines, across.pixels(left))
                weights = np.outer(down.weights[row], across.weights[column])
                inside = np.s_[:, :] if alone else (inside_down, inside_across)
                answer = predict(pixels)
                held.total[place] += answer if alone else weights[inside] * answer[inside]
            if advance:
                advance(share)
        last = row + 1 == len(down.starts)
        finished = source.height if last else max(0, down.starts[row + 1]) // BAND_ROWS * BAND_ROWS
        if finished > held.top:
            yield held.release(finished)


def _taken(pixels: np.ndarray, lines: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`pixels[lines][:, columns]`, without a copy of whole lines on the way."""
    first = columns.min()
    return pixels[:, first : columns.max() + 1][lines][:, columns - first]


class _HeldRows:
    """The rows that tiles still need: pixels, validity, and the weighted sum of probabilities."""

    def __init__(self, source: Source, bottom: int):
        self._source = source
        self.top = 0
        self._bottom = bottom
        self.pixels, self.valid = source.rows(0, bottom)
        self.total = np.zeros(self.pixels.shape[:2], np.float32)

    def fetch(self, bottom: int) -> None:
        """Reads on, down to a row (exclusive)."""
        if bottom == self._bottom:
            return
        pixels, valid = self._source.rows(self._bottom, bottom)
        self._bottom = bottom
        self.pixels = np.concatenate([self.pixels, pixels])
        self.total = np.concatenate([self.total, np.zeros(pixels.shape[:2], np.float32)])
        if self.valid is not None and valid is not None:
            self.valid = np.concatenate([self.valid, valid])

    def release(self, bottom: int) -> Band:
        """The rows down to `bottom` (exclusive), held no longer."""
        count = bottom - self.top
        valid = None if self.valid is None else self.valid[:count]
        probability = self.total[:count]
        np.minimum(probability, 1.0, out=probability)  # the weights sum to 1 to rounding
        if valid is not None:
            probability[~valid] = 0
        band = Band(self.top, self.pixels[:count], probability, valid)
        # Copies, so that the released rows are freed once they are written.
        self.pixels, self.total = self.pixels[count:].copy(), self.total[count:].copy()
        self.valid = None if self.valid is None else self.valid[count:].copy()
        self.top = bottom
        return band
