"""Error colours and the layout of a contact sheet."""

import numpy as np

from semicurv_tf.pictures.contact_sheet import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, contact_sheet, error_map


def test_error_colours_by_hand():
    target = np.array([[True, True, False, False]])
    predicted = np.array([[True, False, True, False]])
    picture = error_map(target, predicted)
    assert [tuple(pixel) for pixel in picture[0]] == [TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, (0, 0, 0)]
    valid = np.array([[False, True, True, True]])
    assert tuple(error_map(target, predicted, valid)[0, 0]) == (60, 60, 60)


def test_sheet_holds_every_picture_enlarged():
    red = np.zeros((5, 7, 3), np.uint8)
    red[...] = (255, 0, 0)
    green = np.zeros((5, 7, 3), np.uint8)
    green[..., 1] = 200
    sheet = np.asarray(contact_sheet([("a", [red, green]), ("b", [green, red])], ["x", "y"], enlarge=2))
    assert np.sum(np.all(sheet == (255, 0, 0), axis=-1)) == 2 * 4 * 35
    assert np.sum(np.all(sheet == (0, 200, 0), axis=-1)) == 2 * 4 * 35
