"""Structures laid over other images: values by hand, what stays of the host, and where the mask is believed."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.augment.randomness import purpose_seed
from semicurv_tf.augment.transplant import STRENGTH, transplant, width_px, with_transplants

SIZE = 64
ROW = 30  # of the line of three rows


def labelled(count=1, background=100.0, line=40.0):
    """Images with a dark line of rows ROW - 1 to ROW + 1."""
    mask = np.zeros((count, SIZE, SIZE, 1), "float32")
    mask[:, ROW - 1 : ROW + 2] = 1
    image = np.where(mask > 0, line, background) * np.ones(3, "float32")
    return {"image": tf.constant(image, tf.float32), "mask": tf.constant(mask), "valid": tf.ones_like(mask)}


def hosts(count=1):
    """Textures around 200 and all valid."""
    texture = np.random.default_rng(1).uniform(190, 210, (count, SIZE, SIZE, 3)).astype("float32")
    return {"image": tf.constant(texture), "valid": tf.ones((count, SIZE, SIZE, 1))}


def laid(source, host, strength=1.0):
    return transplant(**source, host=host["image"], host_valid=host["valid"], strength=strength)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_dark_line_darkens_the_host_by_as_much_and_its_texture_stays(strength):
    host = hosts()
    image, _ = laid(labelled(), host, strength)
    # The line is 60 darker than its background.
    np.testing.assert_allclose(
        image[:, ROW - 1 : ROW + 2], host["image"][:, ROW - 1 : ROW + 2] - 60 * strength, atol=0.01
    )
    np.testing.assert_allclose(image[:, : ROW - 6], host["image"][:, : ROW - 6], atol=1e-3)
    np.testing.assert_allclose(image[:, ROW + 7 :], host["image"][:, ROW + 7 :], atol=1e-3)


def test_the_background_is_taken_from_around_the_structure():
    """On a slope of light the difference is still the line's own."""
    source, host = labelled(), hosts()
    slope = tf.constant(np.linspace(0, 40, SIZE, dtype="float32")[None, None, :, None])
    source["image"] += slope
    image, _ = laid(source, host)
    middle = np.s_[:, ROW - 1 : ROW + 2, 20:44]
    np.testing.assert_allclose(image[middle], host["image"][middle] - 60, atol=0.05)


def test_the_mask_is_believed_near_the_structures_only():
    host = hosts()
    host["valid"] = tf.concat([tf.zeros((1, SIZE, 5, 1)), tf.ones((1, SIZE, SIZE - 5, 1))], axis=2)
    _, valid = laid(labelled(), host)
    rows = np.zeros(SIZE)
    rows[ROW - 1 - 12 : ROW + 2 + 12] = 1  # three times three pixels is nearer to 12 than to 6
    np.testing.assert_array_equal(valid[0, :, 5:, 0], np.tile(rows[:, None], SIZE - 5))
    assert not np.any(valid[0, :, :5])


def band(rows, size=160):
    """An image with a dark band of so many rows in its middle."""
    first = (size - rows) // 2
    mask = np.zeros((1, size, size, 1), "float32")
    mask[:, first : first + rows] = 1
    image = np.where(mask > 0, 40.0, 100.0) * np.ones(3, "float32")
    return {"image": tf.constant(image, tf.float32), "mask": tf.constant(mask), "valid": tf.ones_like(mask)}


@pytest.mark.parametrize("rows", [1, 2, 10, 41, 90])
def test_a_wide_structure_is_no_more_hollow_than_a_thin_one(rows):
    source = band(rows)
    host = {"image": tf.fill(source["image"].shape, 200.0), "valid": tf.ones_like(source["mask"])}
    image, _ = laid(source, host)
    inside = np.broadcast_to(source["mask"] > 0, image.shape)
    np.testing.assert_allclose(image.numpy()[inside], 140.0, atol=0.01)


@pytest.mark.parametrize("rows, reach", [(1, 6), (2, 6), (3, 12), (8, 24), (20, 48), (41, 48)])
def test_the_mask_is_believed_as_far_as_goes_with_its_width(rows, reach):
    source = band(rows)
    _, valid = laid(source, {"image": source["image"], "valid": source["valid"]})
    assert np.sum(valid[0, :, 0]) == rows + 2 * reach


def test_width_is_twice_the_area_by_the_edge():
    square = np.zeros((3, SIZE, SIZE, 1), "float32")
    square[1, 10:20, 10:20] = 1  # 100 pixels, 36 at the edge
    square[2, :, ROW : ROW + 7] = 1  # a line that the image's border cuts
    np.testing.assert_allclose(width_px(tf.constant(square)), [0.0, 200 / 36, 7.0], rtol=1e-6)


def test_pixels_that_are_not_valid_leave_no_trace():
    """Black padding beside the line is neither background nor laid over."""
    source, host = labelled(), hosts()
    padding = np.ones((1, SIZE, SIZE, 1), "float32")
    padding[:, ROW + 2 :] = 0
    padded = {"image": source["image"] * padding, "mask": source["mask"], "valid": tf.constant(padding)}
    image, valid = laid(padded, host)
    np.testing.assert_allclose(image[:, ROW - 1 : ROW + 2], host["image"][:, ROW - 1 : ROW + 2] - 60, atol=0.01)
    np.testing.assert_array_equal(image[:, ROW + 2 :], host["image"][:, ROW + 2 :])
    assert not np.any(valid[:, ROW + 2 :])


def test_nothing_is_laid_over_without_a_structure_or_without_background():
    host = hosts()
    empty = {**labelled(), "mask": tf.zeros((1, SIZE, SIZE, 1))}
    image, valid = laid(empty, host)
    np.testing.assert_array_equal(image, host["image"])
    assert not np.any(valid)
    full = {**labelled(), "mask": tf.ones((1, SIZE, SIZE, 1))}
    np.testing.assert_array_equal(laid(full, host)[0], host["image"])


def test_brightness_ends_at_black():
    host = hosts()
    host["image"] = 0.0 * host["image"] + 30.0
    assert float(tf.reduce_min(laid(labelled(), host)[0])) == 0.0


def test_some_images_are_replaced_and_hosts_spread():
    """Of four labelled and six unlabelled images, those of numbers 0, 1, 3 and 4 are hosts."""
    source, host = labelled(4), hosts(6)
    kept = replaced = 0
    for step in range(10):
        found = with_transplants(source, host, 0.5, purpose_seed(0, step, "test"))
        np.testing.assert_array_equal(found["mask"], source["mask"])
        for number, image in enumerate(found["image"]):
            if np.array_equal(image, source["image"][number]):
                kept += 1
                np.testing.assert_array_equal(found["valid"][number], source["valid"][number])
                continue
            replaced += 1
            own = host["image"][(0, 1, 3, 4)[number]]
            np.testing.assert_allclose(image[: ROW - 6], own[: ROW - 6], atol=1e-3)
            darker = float(tf.reduce_mean(own[ROW] - image[ROW]))
            assert 60 * STRENGTH[0] - 0.1 <= darker <= 60 * STRENGTH[1] + 0.1
            assert not np.array_equal(found["valid"][number], source["valid"][number])
    assert kept >= 10 and replaced >= 10  # of 40, each with probability 1/2
