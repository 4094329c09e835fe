"""Images as three colours, and smaller ones, by hand."""

import numpy as np

from semicurv_tf.pictures.rgb import as_rgb, reduced


def test_three_channels_stay_and_others_show_their_first():
    assert as_rgb(np.array([[[1, 2, 3]]], np.uint8)).tolist() == [[[1, 2, 3]]]
    assert as_rgb(np.array([[[7, 9]]], np.uint8)).tolist() == [[[7, 7, 7]]]


def test_values_are_rounded_and_cut():
    shown = as_rgb(np.array([[[-3.0], [0.4], [0.6], [254.6], [300.0]]]))
    assert shown.dtype == np.uint8 and shown[0, :, 0].tolist() == [0, 0, 1, 255, 255]


def test_a_smaller_picture_is_the_mean_of_its_blocks():
    picture = np.array([[0, 100, 8, 8], [100, 200, 8, 8]], np.uint8)
    assert reduced(picture, 2).tolist() == [[100, 8]]
    assert reduced(picture, 4) is picture


def test_a_thin_picture_keeps_a_pixel_of_its_short_side():
    assert reduced(np.zeros((1000, 2, 3), np.uint8), 100).shape == (100, 1, 3)
