"""Figure 3: the surfaces have the minima that the paper proves."""

import numpy as np
import pytest

from semicurv_tf.geometry import affine
from semicurv_tf.report.loss_surfaces import SIDE_PX, collapse_surfaces, misaligned, scalar_surface


def test_mse_of_two_scalars_is_their_squared_difference():
    axis = np.array([0.0, 0.25, 1.0])
    assert scalar_surface(axis) == pytest.approx((axis[:, None] - axis[None, :]) ** 2)


def test_npair_tells_collapsed_from_right_and_mse_does_not():
    mse, npair = collapse_surfaces(np.array([0.0, 1.0]))
    assert np.diag(mse) == pytest.approx([0, 0], abs=1e-9) and mse[0, 1] > 0.01
    # Eq. 7: four collapsed maps cost log 4; Eq. 8: right ones next to nothing.
    assert npair[0, 0] == pytest.approx(np.log(4), abs=1e-4) and npair[1, 1] < 0.05


def test_losses_are_least_where_the_inverse_fits():
    turn = lambda degrees: affine.about_centre(affine.rotation([degrees]), SIDE_PX, SIDE_PX)
    _, losses = misaligned([-8.0, 0.0, 8.0], turn)
    assert losses[1] == pytest.approx([0, 0], abs=1e-3) and (losses[[0, 2]] > losses[1] + 0.01).all()
