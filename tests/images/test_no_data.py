"""Pixels without data by their values: worked out by hand, combined with what the file says, and by the command."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.errors import UserError
from semicurv_tf.images.no_data import NoData, parse_no_data
from semicurv_tf.images.windows import ArraySource
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.models import ResidualUNet
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


def test_command_draws_nothing_there(monkeypatch, tmp_path):
    network = ResidualUNet(widths=(4, 8))
    network.build((None, None, None, 3))
    network.head.bias.assign([50.0])  # foreground everywhere
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, {"channels": 3}))
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
