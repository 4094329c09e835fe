"""The weights in the package: their card, their size, and that they find curves that no training saw."""

import numpy as np
import pytest

from semicurv_tf.drawing import draw_image
from semicurv_tf.metrics.overlap import count_overlap, iou
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.weights import BUILT_IN, read_weights
from semicurv_tf.weights.scales import THRESHOLD
from semicurv_tf.weights.start import load_start
from semicurv_tf.weights.zero_label import ZeroLabel

UNSEEN = 9_500_000  # first seed: far beyond those that were trained on


def test_the_card_says_what_they_are():
    weights = read_weights("curves")
    assert weights.card["licence"] == "Apache-2.0" and "no third-party image" in weights.card["images"]
    assert weights.card["threshold"] == THRESHOLD
    assert BUILT_IN["curves"].stat().st_size < 8e6


@pytest.mark.parametrize("kind", ["roads", "vessels", "membranes"])
def test_they_find_drawn_curves(kind):
    predict = ZeroLabel.open("curves").normalised([np.full((8, 8, 3), 120.0)], own_share=1.0)
    scores, blind = [], []
    for seed in range(UNSEEN, UNSEEN + 12):
        image, mask = draw_image(seed, kind)
        if mask.any():
            scores.append(iou(count_overlap(mask, predict(image, (1.0,)))))
            blind.append(mask.mean())  # the IoU of a mask that is foreground everywhere
    assert np.mean(scores) > np.mean(blind) + 0.15


def test_every_network_of_their_widths_starts_from_them():
    for channels, encoding in ((1, "sinusoid"), (3, "none"), (5, "learned")):
        network = ResidualUNet(
            widths=read_weights("curves").widths, encoding=encoding, mean=[120.0] * channels,
            standard_deviation=[40.0] * channels,
        )  # fmt: skip
        network.build((None, None, None, channels))
        load_start(network, "curves")
        image = draw_image(UNSEEN, "roads")[0].mean(-1, keepdims=True).repeat(channels, -1)[None].astype(np.float32)
        reference = ZeroLabel.open("curves").network(((image[..., :1] - 120) / 40).repeat(3, -1))
        np.testing.assert_allclose(network(image), reference, atol=2e-3, rtol=1e-3)
