"""Pixels without data by their values: worked out by hand, combined with what the file says, and by the command."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.errors import UserError
from semicurv_tf.images.no_data import NoData, blank_blocks, parse_no_data
from semicurv_tf.images.windows import ArraySource
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.models import ResidualUNet
from semicurv_tf.predict.open_predictor import open_predictor
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.training import run_folder

PIXELS = np.array([[[253, 255, 254], [253, 255, 252], [0, 0, 0], [255, 255, 255]]], np.uint8)


class Marked(ArraySource):
    """A source that says itself that its last pixel holds no data, and its first one does."""

    def rows(self, top, bottom):
        return self.pixels[top:bottom], np.array([[True, True, True, False]])[top:bottom]


def test_all_channels_must_be_in_the_range():
    _, valid = NoData(ArraySource(PIXELS), 253, 255).rows(0, 1)
    assert valid.tolist() == [[False, True, True, False]]
    _, valid = NoData(ArraySource(PIXELS), 0, 0).rows(0, 1)
    assert valid.tolist() == [[True, True, False, True]]


def test_what_the_file_says_counts_too():
    _, valid = NoData(Marked(PIXELS), 0, 0).rows(0, 1)
    assert valid.tolist() == [[True, True, False, False]]


@pytest.mark.parametrize("tile", [None, 32])
def test_no_probability_where_there_are_no_data(tile):
    image = np.full((40, 50, 3), 100, np.uint8)
    image[:, 30:] = 255
    predictor = Predictor(lambda image: np.ones((*image.shape[:3], 1), np.float32), 3, tile=tile, no_data=(253, 255))
    probability = predictor.probability(image)
    np.testing.assert_allclose(probability[:, :30], 1.0, rtol=1e-6)
    assert not probability[:, 30:].any()


def test_ranges_as_people_write_them():
    assert (
        parse_no_data("253-255") == (253, 255) and parse_no_data(" 0 ") == (0, 0) and parse_no_data("0 - 20") == (0, 20)
    )
    for text in ("", "white", "20-0", "0-256", "-5", "1-2-3"):
        with pytest.raises(UserError, match="--no-data .*expected a value or a range.*Fix"):
            parse_no_data(text)


@pytest.fixture
def foreground_everywhere():
    network = ResidualUNet(widths=(4, 8))
    network.build((None, None, None, 3))
    network.head.bias.assign([50.0])
    return network


def test_what_the_run_left_out_gets_no_mask_unless_one_says_otherwise(foreground_everywhere, monkeypatch):
    about = {"channels": 3, "no_data": "0-20"}
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (foreground_everywhere, about))
    image = np.full((20, 30, 3), 90, np.uint8)
    image[:10], image[15:] = 3, 255
    for given, rows in ((None, slice(10, 20)), ("253-255", slice(0, 15))):
        predictor, settings = open_predictor(PredictorOptions(run="R", no_data=given))
        mask = predictor.probability(image) > 0.5
        assert mask[rows].all() and mask.sum() == 30 * (rows.stop - rows.start)
        assert settings["no_data"] == ((0, 20) if given is None else (253, 255))


def test_command_draws_nothing_there(foreground_everywhere, monkeypatch, tmp_path):
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (foreground_everywhere, {"channels": 3}))
    image = np.full((20, 30, 3), 90, np.uint8)
    image[:10] = 3
    Image.fromarray(image).save(tmp_path / "a.png")
    call = lambda *more: CliRunner().invoke(
        predict, ["--run", "R", "--input", str(tmp_path / "a.png"), "--output", str(tmp_path / "out"), *more]
    )
    assert call("--no-data", "0-20").exit_code == 0
    mask = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert not mask[:10].any() and (mask[10:] == 255).all()
    # Masks made otherwise are not mixed with these.
    refused = call()
    assert isinstance(refused.exception, UserError) and "no_data" in refused.exception.lines[0]


def test_blocks_that_show_nothing():
    pixels = np.full((40, 50, 3), 100, np.uint8)
    pixels[:32, :20] = 254  # two whole blocks
    pixels[:16, 32:48] = 1
    blank, values = blank_blocks(pixels)
    assert values == "253-255"
    assert blank.tolist() == [[True, False, False], [True, False, False]]
    pixels[:, 16:] = 2
    assert blank_blocks(pixels)[1] == "0-2"
    assert not blank_blocks(pixels[:9])[0].size  # no whole block
