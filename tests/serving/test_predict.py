"""`semicurv-tf predict --server` on a real server: one by one and in batches, and the client's old command line."""

import json
import subprocess
import sys

import numpy as np
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.images.encoded import encode_png
from tests.serving.test_client import keras_probability, pixels


def test_one_by_one_and_in_batches(start_server, served_network, scheme, tmp_path):
    (tmp_path / "in").mkdir()
    images = {"a.png": pixels(40, 30), "c.png": pixels(100, 130), "d.png": pixels(33, 60)}
    for name, image in images.items():
        (tmp_path / "in" / name).write_bytes(encode_png(image))
    (tmp_path / "in" / "b.png").write_bytes(b"nothing")
    for output, options in (("one", []), ("batch", ["--batch", "3"]), ("tiled", ["--batch", "3", "--tile", "64"])):
        call = ["--server", start_server()[scheme], "--input", str(tmp_path / "in"), *options]
        done = CliRunner().invoke(predict, [*call, "--output", str(tmp_path / output)])
        assert "3 predicted, 0 finished before, 1 failed" in done.output and "b.png" in str(done.exception), done
        again = CliRunner().invoke(predict, [*call, "--output", str(tmp_path / output)])
        assert "0 predicted, 3 finished before, 1 failed" in again.output
    read = lambda folder, name: np.asarray(Image.open(tmp_path / folder / name))
    for name, image in images.items():
        for folder in ("one", "batch"):
            np.testing.assert_array_equal(read(folder, name) > 0, keras_probability(served_network, image) > 0.5)
        assert read("tiled", name).shape == image.shape[:2]
    settings = json.loads((tmp_path / "batch" / "predictions.json").read_text())
    assert settings["masks"] == "the server's own" and settings["model"].endswith("semicurv version 1")


def test_pixels_without_data_get_no_mask_in_batches_either(start_server, served_network, tmp_path):
    (tmp_path / "in").mkdir()
    image = pixels(40, 30)
    image[:20] = 7
    image[:20, :, 0] = 8  # not only the no-data value
    image[5:15] = 7
    page = Image.fromarray(image)
    page.save(tmp_path / "in" / "a.tif", tiffinfo={42113: "7"})
    expected = keras_probability(served_network, image) > 0.5
    assert expected[5:15].any()  # else this shows nothing
    expected[5:15] = False
    for output, options in (("batch", ["--batch", "2"]), ("tiled", ["--batch", "2", "--tile", "32"]), ("one", [])):
        call = ["--server", start_server()["http"], "--input", str(tmp_path / "in"), *options]
        done = CliRunner().invoke(predict, [*call, "--output", str(tmp_path / output)])
        assert "pixels without data stay without data: a.tif" in done.output, (done.output, done.exception)
        mask = np.asarray(Image.open(tmp_path / output / "a.png")) > 0
        assert not mask[5:15].any() and (output == "tiled" or np.array_equal(mask, expected))


def test_the_old_command_line_names_the_new_one():
    done = subprocess.run(
        [sys.executable, "-m", "semicurv_tf.serving_client", "--url", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "Fix: semicurv-tf predict --server URL" in done.stderr
