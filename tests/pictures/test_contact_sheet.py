"""The layout of a contact sheet."""

import numpy as np

from semicurv_tf.pictures.contact_sheet import contact_sheet


def test_sheet_holds_every_picture_enlarged():
    red = np.zeros((5, 7, 3), np.uint8)
    red[...] = (255, 0, 0)
    green = np.zeros((5, 7, 3), np.uint8)
    green[..., 1] = 200
    sheet = np.asarray(contact_sheet([("a", [red, green]), ("b", [green, red])], ["x", "y"], enlarge=2))
    assert np.sum(np.all(sheet == (255, 0, 0), axis=-1)) == 2 * 4 * 35
    assert np.sum(np.all(sheet == (0, 200, 0), axis=-1)) == 2 * 4 * 35
