import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.inference.memory import BASE_BYTES, Memory, parse_memory, pixel_bytes
from semicurv_tf.inference.predictor import Predictor


@pytest.mark.parametrize(
    "text, size",
    [
        ("2GB", 2_000_000_000),
        ("1500 MB", 1_500_000_000),
        ("1.5g", 1_500_000_000),
        ("4GiB", 4_000_000_000),
        ("800000000", 800_000_000),
    ],
)
def test_sizes(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "2 GB more"])
def test_what_is_no_size(text):
    with pytest.raises(UserError, match="--memory"):
        parse_memory(text)


def test_the_largest_tile_that_fits_by_hand():
    # 1 000 bytes a pixel, rows of 1 000 pixels: tile^2 x 1 000 + (tile + 256) x 1 000 x (2 x 3 + 9) bytes.
    memory = Memory(BASE_BYTES + 512 * 512 * 1000 + (512 + 256) * 1000 * 15, 1000)
    assert memory.tile(5000, 1000, 3, 16) == 512
    assert Memory(memory.total_bytes - 1, 1000).tile(5000, 1000, 3, 16) == 496
    assert memory.tile(5_000_000, 1000, 3, 16) == 512  # the height does not matter
    assert memory.tile(300, 400, 3, 16) == 400  # as a whole


def test_a_tile_is_no_larger_than_an_export_takes():
    assert Memory(64_000_000_000, 1000, tile_pixels=1_000_000).tile(3000, 3000, 3, 16) == 992
    assert Memory(64_000_000_000, 1000, tile_pixels=1_000_000).tile(500, 2000, 3, 16) == 2000  # as a whole


def test_too_little_memory_says_how_much_it_takes():
    with pytest.raises(UserError, match=r"--memory 0.9GB: .* 30000x30000 .*Fix: --memory 1.\dGB"):
        Memory(900_000_000).tile(30_000, 30_000, 3, 16)
    assert Memory(2_000_000_000).tile(30_000, 30_000, 3, 16) >= 512


def test_a_given_tile_is_taken_whatever_the_memory():
    assert Predictor(None, 3, tile=100, memory=Memory(1)).tile_for(5000, 5000) == 112


def test_pixel_bytes_follow_the_network():
    class Network:
        widths, compute_dtype = (16, 32), "bfloat16"

    assert pixel_bytes(Network) == 64 + 13 * 16 * 2
