"""Prediction without a run: each image is seen by its own statistics, also where it is read by windows."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from semicurv_tf.errors import UserError
from semicurv_tf.images.windows import ArraySource
from semicurv_tf.models.residual_unet import ResidualUNet
from semicurv_tf.predict.built_in import BuiltInPredictor, source_statistics
from semicurv_tf.predict.built_in_options import built_in_threshold, notes_on_options
from semicurv_tf.predict.open_predictor import open_predictor
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.weights.builtin import BUILT_IN, read_weights
from semicurv_tf.weights.scales import scales_for
from semicurv_tf.weights.zero_label import ZeroLabel


class ByRows:
    """An image that is not in memory."""

    def __init__(self, pixels, valid=None):
        self.height, self.width = pixels.shape[:2]
        self._pixels, self._valid = pixels, valid

    def rows(self, top, bottom):
        return self._pixels[top:bottom], None if self._valid is None else self._valid[top:bottom]


@pytest.fixture
def network():
    unet = ResidualUNet(widths=(2, 3), encoding="none")
    unet.build((None, None, None, 3))
    return ZeroLabel(unet.get_weights(), (2, 3))


def image(height=60, width=80, seed=0):
    return np.random.default_rng(seed).integers(30, 220, (height, width, 3), np.uint8)


def test_statistics_of_an_image_in_memory():
    pixels = image()
    mean, deviation = source_statistics(ArraySource(pixels))
    luma = pixels @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(mean, luma.mean(), rtol=1e-6)
    np.testing.assert_allclose(deviation, luma.std(), rtol=1e-6)


def test_statistics_of_blocks_are_those_of_the_whole(monkeypatch):
    pixels = image()
    whole = source_statistics(ArraySource(pixels))
    monkeypatch.setattr("semicurv_tf.weights.zero_label._BLOCK_PIXELS", 7)
    np.testing.assert_allclose(source_statistics(ArraySource(pixels)), whole, rtol=1e-12)


def test_statistics_leave_out_pixels_without_data():
    pixels, valid = image(), np.ones((60, 80), bool)
    pixels[:20], valid[:20] = 255, False
    mean, _ = source_statistics(ArraySource(pixels, valid))
    np.testing.assert_allclose(mean, (pixels[20:] @ [0.299, 0.587, 0.114]).mean(), rtol=1e-6)
    np.testing.assert_allclose(source_statistics(ByRows(pixels, valid))[0], mean, rtol=0.02)  # from strips


def test_strips_of_a_large_image_are_enough():
    pixels = np.tile(np.arange(2000, dtype=np.uint16)[:, None, None] // 10 + 40, (1, 8, 3)).astype(np.uint8)
    mean, deviation = source_statistics(ByRows(pixels))
    np.testing.assert_allclose(mean, pixels.mean((0, 1)), rtol=0.02)
    np.testing.assert_allclose(deviation, pixels.std((0, 1)), rtol=0.05)


def test_brightness_and_contrast_of_an_image_do_not_matter(network):
    predictor = BuiltInPredictor(network)
    pixels = image() // 2
    probability = predictor.probability(pixels)
    assert probability.shape == (60, 80)
    np.testing.assert_allclose(predictor.probability(pixels + np.uint8(40)), probability, atol=1e-4)
    np.testing.assert_allclose(predictor.probability(pixels * np.uint8(2)), probability, atol=1e-4)


def test_noise_in_a_colour_that_hardly_counts_is_hardly_seen(network):
    """Standardised channel by channel, the noise of blue would count as much as what red and green show."""
    predictor = BuiltInPredictor(network)
    pixels = np.repeat(image()[..., :1], 3, axis=-1)
    clean, noisy = pixels.copy(), pixels.copy()
    clean[..., 2] = 60
    noisy[..., 2] = 60 + image(seed=1)[..., 0] // 24
    np.testing.assert_allclose(predictor.probability(noisy), predictor.probability(clean), atol=0.02)


def test_a_flat_image_and_one_pixel(network):
    predictor = BuiltInPredictor(network)
    assert np.isfinite(predictor.probability(np.full((40, 40, 3), 7, np.uint8))).all()
    assert predictor.probability(np.zeros((1, 1, 3), np.uint8)).shape == (1, 1)


def test_scales_for_a_width():
    assert scales_for(30.0) == pytest.approx((0.075, 0.1, 0.133))  # a tenth: 3 px
    assert scales_for(2.0) == pytest.approx((1.125, 1.5, 1.995))
    assert scales_for(0.5) == (2.0,)  # never larger


def test_tiles_are_as_large_as_reduced_images_allow_and_share_what_decides_their_borders(network):
    """At most 1/4 of the size: 64 px of the network's own are 256 px of the image; by default the reach is 64 px."""
    wide = BuiltInPredictor(network, scales_for(15.96), tile=4096, stride=16)
    assert max(wide._scales) == pytest.approx(0.25) and wide.overlap(1024) == 256 and wide.overlap(4096) == 512
    assert BuiltInPredictor(network, stride=16).overlap(256) == 64
    memory = lambda width: open_predictor(PredictorOptions(width_px=width, memory="2GB"))[0].memory
    assert memory(None).pixel_bytes == 4 * 896 and memory(3).pixel_bytes == round(1.33**2 * 896)
    # 140 bytes, and 832 x 0.0665^2 = 3.7: 1.1 GB hold 144 x 2336^2 and 15 x 2592 x 8000 of rows, not 2352.
    assert memory(60).pixel_bytes == 144 and memory(60).tile(8000, 8000, 3, 16) == 2336


def test_tiles_in_which_a_scale_would_be_left_out_are_refused():
    """At 0.75 x 3 / 20 = 0.1125 a tile of 284 px has less than 32 px."""
    with pytest.raises(UserError, match="--tile 284: expected at least 285 beside --width-px 20, .* leave --tile out"):
        open_predictor(PredictorOptions(width_px=20, tile=284))
    open_predictor(PredictorOptions(width_px=20, tile=285))


def test_the_threshold_follows_the_kind_where_it_was_chosen_for_it():
    card = read_weights("curves").card
    assert built_in_threshold("vessel") == card["threshold_by_kind"]["vessel"] < card["threshold"]
    assert built_in_threshold("crack") == card["threshold_by_kind"]["crack"] > card["threshold"]
    assert built_in_threshold() == built_in_threshold("another") == card["threshold"]
    predictor, _ = open_predictor(PredictorOptions(kind="vessel"))
    assert predictor.threshold == card["threshold_by_kind"]["vessel"]
    assert open_predictor(PredictorOptions(kind="vessel", threshold=0.3))[0].threshold == 0.3


def test_options_that_change_nothing_are_said():
    assert notes_on_options(PredictorOptions(kind="vessel", tta="d4")) == []
    assert notes_on_options(PredictorOptions(kind="road"), names_lines=True) == []
    assert notes_on_options(PredictorOptions(tta="scales", kind="road")) == [
        "note: --tta scales changes nothing: the built-in network sees 5 scales as it is",
        "note: --kind road changes nothing: no threshold was chosen for it, 0.6 is taken",
    ]
    assert notes_on_options(PredictorOptions(tta="scales", width_px=30, kind="crack", threshold=0.3)) == [
        "note: --tta scales changes nothing: the built-in network sees 3 scales as it is",
        "note: --kind crack changes nothing beside --threshold 0.3",
    ]


def test_a_width_is_for_the_built_in_network_alone():
    with pytest.raises(UserError, match="--width-px 20: for the built-in network alone.*Fix: leave it out"):
        open_predictor(PredictorOptions(run="runs/a", width_px=20.0))


@pytest.mark.skipif(not BUILT_IN["curves"].exists(), reason="the package has no weights yet: semicurv-tf pretrain")
def test_predict_without_a_run(command, tmp_path):
    line = Image.new("L", (128, 128))
    ImageDraw.Draw(line).line([(0, 20), (50, 60), (80, 70), (127, 110)], 1, width=3)
    mask = np.asarray(line)
    noise = np.random.default_rng(0).normal(140, 8, (128, 128, 1))
    drawn = np.clip(noise - 70 * mask[..., None] + np.zeros(3), 0, 255).astype(np.uint8)
    (tmp_path / "photos").mkdir()
    Image.fromarray(drawn).save(tmp_path / "photos" / "a.png")
    Image.fromarray(drawn[..., 0]).save(tmp_path / "photos" / "grey.png")
    said = command("predict", "--input", "photos", "--output", "masks", cwd=tmp_path)
    assert "built-in network" in said and "2 predicted" in said
    found = np.asarray(Image.open(tmp_path / "masks" / "a.png")) > 0
    assert found.shape == (128, 128)
    assert (found & (mask > 0)).sum() / max((found | (mask > 0)).sum(), 1) > 0.2, "finds a dark line"
    command("predict", "--input", "photos", "--output", "wide", "--width-px", "30", cwd=tmp_path)
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "wide" / "a.png")) > 0, found)  # seen at a quarter
