import numpy as np
import pytest

from semicurv_tf.inference.tiles import WEIGHT_FLOOR, predict_tiled, tile_starts, tile_weights


def test_starts_by_hand():
    assert tile_starts(100, 40, 10) == [0, 30, 60]
    assert tile_starts(101, 40, 10) == [0, 20, 41, 61]
    assert tile_starts(40, 40, 10) == [0]
    assert tile_starts(7, 40, 10) == [0]


@pytest.mark.parametrize("length", [41, 64, 99, 1000, 1023])
def test_tiles_cover_the_side_and_overlap_enough(length):
    starts = tile_starts(length, 40, 10)
    assert starts[0] == 0 and starts[-1] + 40 == length
    assert all(b - a <= 30 for a, b in zip(starts, starts[1:], strict=False))


def test_weights_are_gaussian_and_never_zero():
    weights = tile_weights(64, 64)
    # Sigma 8: one sigma from the centre (31.5) lies 23.5; pixels 23 and 24 are 8.5 and 7.5 off.
    assert weights[31, 24] / weights[31, 31] == pytest.approx(np.exp(-0.5 * (7.5**2 - 0.5**2) / 64), rel=1e-5)
    assert weights.min() == pytest.approx(WEIGHT_FLOOR) and weights.max() == 1


def test_a_network_without_context_gives_the_untiled_answer():
    image = np.random.default_rng(0).uniform(size=(150, 83, 3)).astype(np.float32)
    shares = []
    probability = predict_tiled(image, lambda tile: tile[..., 0], 64, 8, shares.append)
    np.testing.assert_allclose(probability, image[..., 0], rtol=1e-5)
    assert sum(shares) == pytest.approx(1.0) and len(shares) == 6


def test_tiles_have_one_size_also_where_the_image_is_narrower():
    shapes = set()

    def predict(tile):
        shapes.add(tile.shape)
        return np.full(tile.shape[:2], 0.25, np.float32)

    probability = predict_tiled(np.zeros((100, 20, 1), np.uint8), predict, 64, 8)
    assert shapes == {(64, 64, 1)}
    np.testing.assert_allclose(probability, np.full((100, 20), 0.25), rtol=1e-6)
