"""A folder of 5-band GeoTIFFs of 12 bit, from training to served bytes: one mask from run, export and signature."""

import numpy as np
import pytest
from click.testing import CliRunner

from semicurv_tf.cli.main import cli
from semicurv_tf.images.encoded import encode_png
from semicurv_tf.images.reader import read_image
from semicurv_tf.images.values import parse_ranges
from semicurv_tf.training import run_folder

rasterio = pytest.importorskip("rasterio", reason="needs the extra geo: pip install 'semicurv-tf[geo]'")
BANDS = 5


def call(*arguments):
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def write(path, values, **options):
    with rasterio.open(
        path, "w", driver="GTiff", height=48, width=48, count=len(values), dtype=values.dtype, crs="EPSG:32633",
        transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6), **options,
    ) as file:  # fmt: skip
        file.write(values)


def test_from_training_to_served_bytes(tmp_path):
    import tensorflow as tf

    generator = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for number in range(3):
        values = generator.integers(500, 900, (BANDS, 48, 48)).astype(np.uint16)
        values[:, :, 10 + 8 * number : 13 + 8 * number] += 300
        mask = np.zeros((1, 48, 48), np.uint16)
        mask[:, :, 10 + 8 * number : 13 + 8 * number] = 1
        write(tmp_path / "data" / "images" / f"{number}.tif", values, photometric="MINISBLACK")
        write(tmp_path / "data" / "masks" / f"{number}.tif", mask)
    run, models = tmp_path / "run", tmp_path / "models"
    # A tenth of the images is set aside for each of validation and test: of three, none would be left.
    options = {"data.options.validation_share": 0.0, "data.options.test_share": 0.0, "data.options.channels": BANDS,
               "data.labels": 1.0, "model.widths": "[4,8]", "training.steps": 2,
               "training.batch_labelled": 1, "training.precision": "float32", "training.pictures_every": 0,
               "data.crop": 32, "data.cache_dir": tmp_path / "cache"}  # fmt: skip
    settings = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    call(
        "train",
        "--method",
        "supervised",
        "--dataset",
        "folder",
        "--data-dir",
        tmp_path / "data",
        "--run",
        run,
        *settings,
    )
    facts = run_folder.read_facts(run)
    assert facts["channels"] == BANDS and len(facts["mean"]) == BANDS
    ranges = parse_ranges(facts["value_range"])
    assert ranges.of(np.uint16).low == 500 and 1100 < ranges.of(np.uint16).high < 1200

    image = tmp_path / "data" / "images" / "0.tif"
    said = call("predict", "--run", run, "--threshold", "0.5", "--overlay", *_in_and_out(image, tmp_path / "by_run"))
    assert "stretched to 8 bit" in said
    call("export", "--run", run, "--output", models, "--threshold", "0.5")
    (version,) = (path for path in models.iterdir() if path.name.isdigit())
    call("predict", "--saved-model", version, *_in_and_out(image, tmp_path / "by_export"))
    pixels = read_image(image, BANDS, ranges)
    serve = tf.saved_model.load(str(version)).signatures["predict_bytes"]
    served = serve(image_bytes=tf.constant([encode_png(pixels)]))["mask_bytes"][0]
    served = tf.io.decode_png(served).numpy()[..., 0]
    for folder in ("by_run", "by_export"):
        with rasterio.open(tmp_path / folder / "0.tif") as mask:
            assert mask.crs.to_epsg() == 32633
            assert np.mean(mask.read(1) != served) < 0.001, folder  # a pixel at the threshold may round otherwise


def _in_and_out(image, output):
    return ["--input", image, "--output", output]
