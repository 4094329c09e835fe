"""The start: what a network answers right after it got its weights, and which files are refused."""

import json

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.models.unet import UNet
from semicurv_tf.weights import write_weights
from semicurv_tf.weights.start import load_start

WIDTHS = (4, 6)


def built(channels=3, encoding="none", widths=WIDTHS, deviations=None):
    deviations = deviations or [50.0] * channels
    network = ResidualUNet(widths=widths, encoding=encoding, mean=[100.0] * channels, standard_deviation=deviations)
    network.build((None, None, None, channels))
    return network


@pytest.fixture
def source():
    network = built()
    random = np.random.default_rng(1)
    # Batch normalisation's variances must be positive.
    values = [
        np.abs(random.normal(0, 0.3, w.shape)).astype(np.float16).astype(np.float32) for w in network.get_weights()
    ]
    network.set_weights(values)
    return network


@pytest.fixture
def path(tmp_path, source):
    return write_weights(tmp_path / "start.npz", source.get_weights(), {"widths": WIDTHS}).path


def image(channels, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (2, 32, 32, channels)).astype(np.float32)


@pytest.mark.parametrize("encoding", ["none", "sinusoid", "linear", "learned"])
def test_with_any_encoding_it_answers_as_the_source(source, path, encoding):
    network = built(encoding=encoding)
    load_start(network, path, colours=True)
    np.testing.assert_allclose(network(image(3)), source(image(3)), rtol=1e-4, atol=1e-3)


def test_of_colours_it_sees_the_brightness_whatever_their_deviations(source, path):
    network = built(deviations=[80.0, 50.0, 10.0])
    load_start(network, path)
    colours, deviation = image(3), 0.299 * 80 + 0.587 * 50 + 0.114 * 10
    luma = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    # The source divides by 50, the network by each channel's own deviation.
    shown = np.repeat(100 + (luma - 100)[..., None] * 50 / deviation, 3, -1)
    np.testing.assert_allclose(network(colours), source(shown), rtol=1e-4, atol=1e-3)


def test_a_grey_image_answers_as_the_same_grey_in_three_channels(source, path):
    network = built(channels=1)
    load_start(network, path)
    grey = image(1)
    np.testing.assert_allclose(network(grey), source(np.repeat(grey, 3, -1)), rtol=1e-4, atol=1e-3)


def test_five_equal_channels_answer_as_three(source, path):
    network = built(channels=5, encoding="sinusoid")
    load_start(network, path)
    grey = image(1)
    np.testing.assert_allclose(network(np.repeat(grey, 5, -1)), source(np.repeat(grey, 3, -1)), rtol=1e-4, atol=1e-3)


def test_other_widths_are_refused_with_the_fix(path):
    with pytest.raises(UserError, match=r"found \[4,8\].*Fix: --set 'model.widths=\[4,6\]'"):
        load_start(built(widths=(4, 8)), path)


def test_another_network_is_refused(path):
    with pytest.raises(UserError, match="found UNet.*model.start=none"):
        load_start(UNet(widths=WIDTHS), path)


def test_a_damaged_file_is_refused(path):
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="sha256"):
        load_start(built(), path)


def test_a_file_without_a_card_is_refused(path):
    path.with_suffix(".json").unlink()
    with pytest.raises(UserError, match="card"):
        load_start(built(), path)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(UserError, match="expected curves, none or a file"):
        load_start(built(), "lines")


def test_half_as_many_bytes_and_a_card(path, source):
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["widths"] == list(WIDTHS) and len(card["sha256"]) == 64
    with np.load(path) as file:
        assert all(file[name].dtype == np.float16 for name in file.files)


def test_a_picture_is_told_apart_from_damaged_weights(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UserError, match=r"expected curves, none or a file of weights \(\.npz\), found .*photo\.jpg"):
        load_start(built(), tmp_path / "photo.jpg")
