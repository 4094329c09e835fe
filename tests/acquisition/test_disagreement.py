import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from semicurv_tf.acquisition.disagreement import committee, disagreement


def test_hand_computed():
    members = np.array([[[0.0, 0.5, 0.9, 1.0]], [[1.0, 0.5, 0.9, 1.0]]])
    np.testing.assert_allclose(disagreement(members)[0], [np.log(2), 0, 0, 0], atol=1e-5)


def test_against_scipy():
    generator = np.random.default_rng(0)
    one, other = generator.random((2, 6, 5))
    expected = jensenshannon(np.stack([one, 1 - one]), np.stack([other, 1 - other]), axis=0) ** 2
    np.testing.assert_allclose(disagreement(np.stack([one, other])), expected, atol=1e-5)


def test_members_of_an_equivariant_network_agree_on_all_views():
    image = np.random.default_rng(0).integers(0, 256, (7, 10, 3), np.uint8)
    red = lambda view: (view[..., 0] / 255).astype(np.float32)
    members = committee([red], image, views=8)
    assert members.shape == (8, 7, 10)
    for member in members:
        np.testing.assert_array_equal(member, red(image))
    assert disagreement(members).max() < 1e-12


def test_a_network_that_goes_by_place_disagrees_with_itself():
    image = np.zeros((8, 8, 3), np.uint8)

    def left_half(view):
        return np.repeat((np.arange(view.shape[1]) < view.shape[1] / 2)[None], view.shape[0], axis=0).astype(np.float32)

    assert disagreement(committee([left_half], image, views=1)).max() == 0
    np.testing.assert_allclose(disagreement(committee([left_half], image, views=2)), np.log(2), atol=1e-5)


@pytest.mark.parametrize("views", [0, 9])
def test_views(views):
    with pytest.raises(ValueError, match="1 to 8"):
        committee([], np.zeros((4, 4, 3), np.uint8), views)
