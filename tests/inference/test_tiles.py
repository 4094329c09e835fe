import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.images.windows import BAND_ROWS, ArraySource
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.inference.tiles import Side, predict_bands, tile_starts, tile_weights
from semicurv_tf.models import ResidualUNet


def joined(image, predict, tile, overlap, stride=1, advance=None):
    bands = list(predict_bands(ArraySource(image), predict, tile, overlap, stride, advance))
    assert [band.top for band in bands] == np.cumsum([0, *(len(band.probability) for band in bands)])[:-1].tolist()
    np.testing.assert_array_equal(np.concatenate([band.pixels for band in bands]), image)
    return np.concatenate([band.probability for band in bands])


def test_starts_by_hand():
    assert tile_starts(100, 40, 10) == [0, 30, 60]
    assert tile_starts(101, 40, 10) == [0, 20, 41, 61]
    assert tile_starts(40, 40, 10) == [0]
    assert tile_starts(7, 40, 10) == [0]


def test_starts_lie_on_the_grid_of_the_padded_image():
    side = Side(100, 48, 16, 16)  # 12 pixels are missing to 7 cells of 16; tiles of 3 cells share at least 1
    assert side.starts == [-6, 26, 58] and side.used == 48
    assert (side.within(-6), side.within(26), side.within(58)) == (slice(6, 48), slice(0, 48), slice(0, 42))
    assert side.pixels(-6)[:8].tolist() == [6, 5, 4, 3, 2, 1, 0, 1] and side.pixels(58)[-8:].tolist() == [
        98,
        99,
        98,
        97,
        96,
        95,
        94,
        93,
    ]
    assert Side(20, 48, 16, 16).used == 32


@pytest.mark.parametrize("length", [41, 64, 99, 1000, 1023])
def test_tiles_cover_the_side_and_overlap_enough(length):
    starts = tile_starts(length, 40, 10)
    assert starts[0] == 0 and starts[-1] + 40 == length
    assert all(b - a <= 30 for a, b in itertools.pairwise(starts))


def test_weights_are_gaussian_and_never_zero():
    weights = tile_weights(64)
    # Sigma 8: pixels 31 and 24 lie 0.5 and 7.5 off the centre, 31.5; the ends 31.5, nearly 4 sigma.
    assert weights[24] / weights[31] == pytest.approx(np.exp(-0.5 * (7.5**2 - 0.5**2) / 64))
    assert weights.min() == weights[0] == pytest.approx(np.exp(-0.5 * (31.5 / 8) ** 2)) and weights[0] > 0


@pytest.mark.parametrize("length, tile, overlap, stride", [(500, 64, 8, 1), (501, 64, 16, 16), (70, 64, 32, 8)])
def test_weights_of_all_tiles_sum_to_one(length, tile, overlap, stride):
    side, total = Side(length, tile, overlap, stride), np.zeros(length)
    for start, weights in zip(side.starts, side.weights, strict=True):
        assert weights.min() > 0
        inside = side.within(start)
        total[start + inside.start : start + inside.stop] += weights[inside]
    np.testing.assert_allclose(total, 1, rtol=1e-6)


@pytest.mark.parametrize("shape", [(150, 83, 3), (700, 40, 3), (33, 300, 3), (20, 20, 3)])
@pytest.mark.parametrize("stride", [1, 16])
def test_a_network_without_context_gives_the_untiled_answer(shape, stride):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    shares, sizes = [], set()

    def predict(tile):
        sizes.add(tile.shape)
        return (tile[..., 0] / 255).astype(np.float32)

    probability = joined(image, predict, 64, 16, stride, shares.append)
    np.testing.assert_allclose(probability, image[..., 0] / np.float32(255), rtol=1e-5)
    assert sum(shares) == pytest.approx(1.0) and len(sizes) == 1


class Drawn:
    """An endless scroll: rows are made when they are read, and which were read is noted."""

    width = 48

    def __init__(self, height):
        self.height, self.read = height, []

    def rows(self, top, bottom):
        self.read += range(top, bottom)
        return np.broadcast_to(
            (np.arange(top, bottom) % 251).astype(np.uint8)[:, None, None], (bottom - top, 48, 1)
        ), None


def test_rows_are_read_once_and_held_no_longer_than_needed():
    source = Drawn(3000)
    handed_out = 0
    for band in predict_bands(source, lambda tile: tile[..., 0] / np.float32(255), 64, 16, 16):
        np.testing.assert_allclose(
            band.probability[:, 0] * 255, np.arange(band.top, band.top + len(band.pixels)) % 251, atol=1e-3
        )
        handed_out += len(band.pixels)
        # What is held beyond what was handed out: less than a tile and a band.
        assert len(source.read) - handed_out <= 64 + BAND_ROWS
        assert band.top % BAND_ROWS == 0
    assert source.read == list(range(3000)) and handed_out == 3000


def test_places_without_data_are_not_predicted():
    class Gaps:
        height, width = 200, 64

        def rows(self, top, bottom):
            valid = np.zeros((bottom - top, 64), bool)
            valid[:, :10] = (np.arange(top, bottom) < 50)[:, None]
            return np.full((bottom - top, 64, 1), 255, np.uint8), valid

    calls = []

    def predict(tile):
        calls.append(tile.shape)
        return np.ones(tile.shape[:2], np.float32)

    bands = list(predict_bands(Gaps(), predict, 64, 16, 16))
    probability = np.concatenate([band.probability for band in bands])
    assert probability.sum() == pytest.approx(500) and probability[:50, :10].min() > 0.999
    assert len(calls) == 2  # tiles at rows 0, 32 (of 0, 32, 64, ..., 144 at steps of at most 48)


@pytest.mark.parametrize("length", [17, 31, 32, 45, 100])
def test_edges_are_filled_as_the_network_fills_them(length):
    from semicurv_tf.models.segmentation_network import pad_by_reflection

    row = np.arange(length, dtype=np.float32)[None, None, :, None]
    padded, _, left = pad_by_reflection(tf.constant(row), 16)
    side = Side(length, 1024, 128, 16)
    assert side.starts == [-int(left)]
    np.testing.assert_array_equal(side.pixels(side.starts[0]), np.asarray(padded)[0, 0, :, 0])


def network(encoding):
    keras.utils.set_random_seed(3)
    network = ResidualUNet(widths=(4, 8, 8), encoding=encoding)
    network.build((None, None, None, 3))
    return network


# Pixels that can change a logit of this network: 2 x 3x3 convolutions at strides 1, 2, 4, 2, 1, two bilinear
# up-samplings and the phase of the poolings: 2 + 4 + 8 + 4 + 2 + (2 + 1) x 2, and up to 3.
REACH_PX = 29


@pytest.mark.parametrize("height, width", [(300, 170), (203, 301)])
def test_tiled_equals_untiled_out_of_reach_of_tile_borders_without_encoding(height, width):
    image = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    model = network("none")
    whole = Predictor.from_network(model, 3, tile=512).probability(image)
    tiled = Predictor.from_network(model, 3, tile=128).probability(image)
    near = np.zeros((height, width), bool)
    for length, axis in ((height, 0), (width, 1)):
        side = Side(length, 128, 16, 4)
        lines = np.arange(length)
        borders = list(side.starts[1:]) + [start + 128 for start in side.starts[:-1]]
        close = (np.abs(lines[:, None] - np.array(borders)) <= REACH_PX).any(axis=1)
        near |= close[:, None] if axis == 0 else close[None, :]
    assert 0.1 < near.mean() < 0.9
    np.testing.assert_allclose(tiled[~near], whole[~near], atol=1e-5)
    assert 1e-5 < np.abs(tiled - whole).max() < 0.1  # at the borders: a random network, on noise


def test_an_encoding_spans_the_tile():
    """With an encoding a tile's own part is the answer to the tile as an image, not the untiled answer."""
    image = np.random.default_rng(1).integers(0, 256, (128, 240, 3), np.uint8)
    model = network("sinusoid")
    tiled = Predictor.from_network(model, 3, tile=128).probability(image)
    alone = Predictor.from_network(model, 3).probability(image[:, :128])
    whole = Predictor.from_network(model, 3).probability(image)
    np.testing.assert_allclose(tiled[:, :112], alone[:, :112], atol=1e-6)  # the second tile begins at 112
    assert np.abs(tiled[:, :112] - whole[:, :112]).max() > 0.01
