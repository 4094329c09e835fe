"""Blocks of pixels by hand."""

import numpy as np
import pytest

from semicurv_tf.data.decoded import DecodedMemory
from semicurv_tf.data.shrink import shrunk, shrunk_side
from semicurv_tf.data.store import ImageStore
from semicurv_tf.images.encoded import encode_png


def arrays(image, mask=None, valid=None):
    image = np.array(image, np.uint8)[..., None]
    blank = np.zeros_like(image)
    return {
        "image": image,
        "mask": blank if mask is None else np.array(mask, np.uint8)[..., None],
        "valid": blank + 1 if valid is None else np.array(valid, np.uint8)[..., None],
    }


def test_a_pixel_is_the_mean_of_its_block_and_edges_are_repeated():
    found = shrunk(arrays([[0, 10, 7], [20, 30, 9], [4, 4, 8]]), 2)
    # (0 + 10 + 20 + 30) / 4, (7 + 7 + 9 + 9) / 4; (4 + 4 + 4 + 4) / 4, 8
    assert found["image"][..., 0].tolist() == [[15, 8], [4, 8]]
    assert [array.dtype for array in found.values()] == [np.uint8] * 3


@pytest.mark.parametrize("pixels, foreground", [(0, 0), (2, 0), (3, 1), (9, 1)])  # of nine; a third is three
def test_a_third_of_a_block_makes_it_foreground(pixels, foreground):
    mask = (np.arange(9) < pixels).reshape(3, 3)
    assert shrunk(arrays(np.zeros((3, 3)), mask), 3)["mask"].item() == foreground


@pytest.mark.parametrize("first", range(4))
def test_a_line_of_two_thirds_of_a_block_survives_wherever_it_lies(first):
    mask = np.zeros((6, 12), int)
    mask[:, first : first + 2] = 1  # blocks of three pixels
    smaller = shrunk(arrays(np.zeros((6, 12)), mask), 3)["mask"][..., 0]
    assert smaller.any(1).all()


def test_no_data_and_unknown_labels_spread_over_their_block():
    valid = [[1, 1, 1, 2, 2, 0], [1, 1, 1, 1, 1, 1]]
    assert shrunk(arrays(np.zeros((2, 6)), valid=valid), 2)["valid"][..., 0].tolist() == [[1, 2, 0]]


def test_once_is_the_same_arrays():
    given = arrays([[1, 2]])
    assert shrunk(given, 1) is given
    assert [shrunk_side(length, 4) for length in (1, 4, 5)] == [1, 1, 2]


def test_a_store_gives_smaller_images_and_keeps_its_rows():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (30, 50, 3), np.uint8)
    ones = np.ones((30, 50, 1), np.uint8)
    row = {"name": "a", "source": "a", "shape": [30, 50, 3], "labelled": True, "positive": 0, "valid": 1500,
           "digest": "d", "mask_digest": "m", "labelled_boxes": [[9, 10, 22, 41, 7]]}  # fmt: skip
    store = ImageStore(
        [row], [{"image": encode_png(image), "mask": encode_png(ones), "valid": encode_png(ones)}], DecodedMemory(16)
    )
    smaller = store.shrunk(4)
    assert smaller.shapes == ((8, 13, 3),) and smaller.rows[0]["shape"] == [30, 50, 3]
    assert smaller.read(0)["image"][0, 0].tolist() == np.rint(image[:4, :4].mean((0, 1))).astype(int).tolist()
    assert smaller.subset([0]).read(0)["mask"].shape == (8, 13, 1)  # what is made of it is as small
    assert smaller.joined(store).shapes == ((8, 13, 3),) * 2
    assert smaller.labelled_boxes(0) == [[2, 2, 6, 11, 7]] and store.labelled_boxes(0) == [[9, 10, 22, 41, 7]]
    assert store.read(0)["image"].shape == (30, 50, 3)
