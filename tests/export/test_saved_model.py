import io
import os
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.predict import predict
from semicurv_tf.errors import UserError
from semicurv_tf.export import from_run
from semicurv_tf.export.card import read_card
from semicurv_tf.export.check import check_version
from semicurv_tf.export.conversion import convert_network
from semicurv_tf.export.graph_size import count_nodes
from semicurv_tf.export.saved_model import choose_version, new_version, write_saved_model
from semicurv_tf.export.warmup import batch_sizes, read_warmup
from semicurv_tf.predict.open_predictor import open_predictor, saved_model_predictor
from semicurv_tf.predict.options import PredictorOptions
from tests.export.conftest import CARD, random_network


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def loaded(exported):
    return tf.saved_model.load(str(exported))


def keras_probability(network, image):
    return 1 / (1 + np.exp(-network(tf.cast(image, tf.float32)).numpy().astype(np.float64)))


@pytest.mark.parametrize("size", [(32, 32), (37, 50), (1, 1)])
def test_serving_default_equals_keras(loaded, network, size):
    image = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    answer = loaded.signatures["serving_default"](image=tf.constant(image))
    assert {name: value.dtype for name, value in answer.items()} == {"probability": tf.float32, "mask": tf.uint8}
    np.testing.assert_allclose(answer["probability"], keras_probability(network, image), atol=1e-5)
    np.testing.assert_array_equal(answer["mask"], np.where(answer["probability"].numpy() > 0.5, 255, 0))


def test_a_batch_above_the_limit_goes_image_by_image(loaded, network):
    image = np.random.default_rng(0).integers(0, 256, (5, 160, 160, 3), np.uint8)  # 128000 pixels, the limit is 100000
    answer = loaded.signatures["serving_default"](image=tf.constant(image))
    np.testing.assert_allclose(answer["probability"], keras_probability(network, image), atol=1e-5)


def test_predict_logits(loaded, network):
    image = np.random.default_rng(0).uniform(0, 255, (1, 20, 24, 3)).astype(np.float32)
    logits = loaded.signatures["predict_logits"](image=tf.constant(image))["logits"]
    np.testing.assert_allclose(logits, network(image), atol=1e-4)


def test_predict_bytes_of_several_sizes_with_a_broken_one_among_them(loaded, network):
    generator = np.random.default_rng(0)
    images = [generator.integers(0, 256, (*size, 3), np.uint8) for size in ((32, 40), (20, 17))]
    too_large = png(np.zeros((400, 300), np.uint8))
    encoded = [png(images[0]), b"no picture", png(images[1]), png(images[0])[:100], b"", too_large]
    answer = loaded.signatures["predict_bytes"](image_bytes=tf.constant(encoded))
    masks, fractions = answer["mask_bytes"].numpy(), answer["foreground_fraction"].numpy()
    for index, image in ((0, images[0]), (2, images[1])):
        mask = np.asarray(Image.open(io.BytesIO(masks[index])))
        np.testing.assert_array_equal(mask > 0, keras_probability(network, image[None])[0, ..., 0] > 0.5)
        assert fractions[index] == pytest.approx(np.mean(mask > 0)) and 0 < fractions[index] < 1
    assert [masks[i] for i in (1, 3, 4, 5)] == [b""] * 4 and fractions[[1, 3, 4, 5]].tolist() == [-4, -1, -4, -2]


def test_predict_probability_bytes_has_16_bits(loaded, network):
    image = np.random.default_rng(0).integers(0, 256, (20, 17, 3), np.uint8)
    answer = loaded.signatures["predict_probability_bytes"](image_bytes=tf.constant([b"broken", png(image)]))
    broken, encoded = answer["probability_bytes"].numpy()
    values = np.asarray(Image.open(io.BytesIO(encoded))) / 65535
    assert broken == b""
    np.testing.assert_allclose(values, keras_probability(network, image[None])[0, ..., 0], atol=2e-5)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((0, 32, 32, 3), "at least one image"),
        ((1, 0, 32, 3), "at least one pixel"),
        ((1, 400, 400, 3), "at most 100000 pixels"),
    ],
)
def test_refused_before_the_network_runs(loaded, shape, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        loaded.signatures["serving_default"](image=tf.zeros(shape, tf.uint8))


@pytest.mark.parametrize("shape", [(32, 32, 3), (1, 1, 32, 32, 3), (1, 32, 32, 1), (1, 32, 32, 4), (3,)])
def test_another_rank_or_number_of_channels_is_refused_in_words(loaded, shape):
    said = re.escape(f"Expected image (batch, height, width, 3). Received shape:] [{' '.join(map(str, shape))}]")
    for name, dtype in (("serving_default", tf.uint8), ("predict_logits", tf.float32)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=said):
            loaded.signatures[name](image=tf.zeros(shape, dtype))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -0.01, 255.01, 1e30])
def test_logits_of_values_that_no_image_has_are_refused(loaded, wrong):
    image = np.tile(np.linspace(0, 255, 64, dtype=np.float32).reshape(1, 8, 8, 1), 3)
    assert loaded.signatures["predict_logits"](image=tf.constant(image))["logits"].shape == (1, 8, 8, 1)
    image[0, 3, 4, 1] = wrong
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected finite values from 0 to 255"):
        loaded.signatures["predict_logits"](image=tf.constant(image))


def test_other_ways_to_load(exported, network):
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    expected = keras_probability(network, image)
    layer = keras.layers.TFSMLayer(str(exported), call_endpoint="serving_default")
    np.testing.assert_allclose(layer(tf.constant(image))["probability"], expected, atol=1e-5)
    model = keras.saving.load_model(exported / "assets.extra" / "model.keras")
    np.testing.assert_allclose(tf.sigmoid(model(tf.cast(image, tf.float32))), expected, atol=1e-6)
    predictor = saved_model_predictor(exported)
    np.testing.assert_allclose(predictor.probability(image[0]), expected[0, ..., 0], atol=1e-5)


def test_a_fixed_size_and_one_channel(exported_grey):
    loaded = tf.saved_model.load(str(exported_grey))
    signature = loaded.signatures["serving_default"]
    assert signature.structured_input_signature[1]["image"].shape.as_list() == [None, 32, 48, 1]
    assert signature(image=tf.zeros((2, 32, 48, 1), tf.uint8))["mask"].shape == (2, 32, 48, 1)
    encoded = [png(np.zeros((32, 48), np.uint8)), png(np.zeros((48, 32), np.uint8))]
    fractions = loaded.signatures["predict_bytes"](image_bytes=tf.constant(encoded))["foreground_fraction"].numpy()
    assert fractions[0] >= 0 and fractions[1] == -2


def test_folding_leaves_fewer_nodes(exported, network, tmp_path):
    write_saved_model(network, tmp_path / "plain", 3, max_pixels=100_000)
    before, after = (count_nodes(folder, "serving_default") for folder in (tmp_path / "plain", exported))
    assert after <= before - 15 * 5  # 15 normalisations: four variables read and the operation itself


def test_card(exported):
    card = read_card(exported)
    assert card["channels"] == 3 and card["dataset"] == "synthetic" and card["nodes"] > 100
    with pytest.raises(UserError, match=f"{exported.parent}/1"):
        read_card(exported.parent)


def test_warmup_has_every_signature_at_every_batch_size(exported, exported_grey):
    assert batch_sizes(1) == [1] and batch_sizes(8) == [1, 2, 4, 8] and batch_sizes(12) == [1, 2, 4, 8, 12]
    requests = list(read_warmup(exported))
    assert sorted((name, len(next(iter(inputs.values())))) for name, inputs in requests) == [
        (name, batch)
        for name in ("predict_bytes", "predict_logits", "predict_probability_bytes", "serving_default")
        for batch in (1, 2, 3)
    ]
    loaded = tf.saved_model.load(str(exported_grey))
    for name, inputs in read_warmup(exported_grey):
        loaded.signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})


def test_versions_count_up_and_are_never_overwritten(tmp_path):
    models = tmp_path / "m"
    assert choose_version(models) == models / "1"
    for version, expected in ((None, "1"), (7, "7"), (None, "8")):
        with new_version(models, version) as (part, final):
            (part / "file").touch()
            assert final.name == expected and not final.exists()
    with pytest.raises(UserError, match=r"--version 7: .* leave --version out to write version 9"):
        choose_version(models, 7)
    assert sorted(entry.name for entry in models.iterdir()) == ["1", "7", "8"]


def test_versions_are_numbers_that_a_server_reads(tmp_path):
    for name in ("\u00b2", "\u0663", "x7", "2"):
        (tmp_path / name).mkdir()
    assert choose_version(tmp_path) == tmp_path / "3"
    with pytest.raises(UserError, match=r"expected an exported version folder.*Fix: name one of its .*/2"):
        read_card(tmp_path)
    assert choose_version(tmp_path, 2**63 - 1).name == "9223372036854775807"
    with pytest.raises(UserError, match=r"--version 9223372036854775808: expected at most 9223372036854775807.*Fix"):
        choose_version(tmp_path, 2**63)
    (tmp_path / "9223372036854775807").mkdir()
    with pytest.raises(UserError, match=r"--output .*: expected versions up to 9223372036854775807.*Fix: --version"):
        choose_version(tmp_path)


def test_a_failed_export_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), new_version(tmp_path / "m") as (part, _):
        (part / "half").touch()
        raise RuntimeError
    assert not list((tmp_path / "m").iterdir())


def test_a_version_written_meanwhile_stays(tmp_path):
    with pytest.raises(UserError, match="another export"), new_version(tmp_path / "m") as (_, final):
        final.mkdir()
        (final / "theirs").write_text("x")
    assert [entry.name for entry in (tmp_path / "m").iterdir()] == ["1"]
    assert (final / "theirs").read_text() == "x"


@pytest.mark.parametrize("of", [3, None, ["iou"]])
def test_damaged_scores_of_a_run_are_one_line(tmp_path, of):
    path = tmp_path / "scores.json"
    with pytest.raises(UserError, match=r"scores.json: test: expected scores by name, found .*Fix: delete the file"):
        from_run._without_lists({"validation": {"iou": 0.5, "each": [1]}, "test": of}, path)
    assert from_run._without_lists({"test": {"iou": 0.5, "each": [1]}}, path) == {"test": {"iou": 0.5}}


@pytest.fixture
def broken_network():
    network = random_network(3)
    values = network.head.kernel.numpy()
    values.flat[0] = np.nan
    network.head.kernel.assign(values)
    return network


def test_a_network_that_diverged_is_not_exported(broken_network, tmp_path):
    with pytest.raises(UserError, match="kernel: expected finite weights, found NaN or infinity"):
        from_run.export_network(broken_network, tmp_path / "m", {**CARD, "channels": 3})
    with pytest.raises(UserError, match="kernel: expected finite weights, found NaN or infinity"):
        convert_network(
            broken_network, tmp_path / "o", {**CARD, "channels": 3}, format="openvino", precision="float32", images=None
        )
    assert not list(tmp_path.iterdir())


def test_an_older_export_of_one_fails_the_check_and_gives_no_masks(broken_network, tmp_path, monkeypatch):
    monkeypatch.setattr(from_run, "require_numbers", lambda network: None)
    version = from_run.export_network(broken_network, tmp_path / "m", {**CARD, "channels": 3}).version
    *_, last = check_version(version)
    assert (last.name, last.state) == ("Keras", "failed") and "answers NaN" in last.said
    (tmp_path / "a.png").write_bytes(png(np.zeros((20, 30, 3), np.uint8)))
    arguments = ["--saved-model", str(version), "--input", str(tmp_path / "a.png"), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(predict, arguments)
    assert "a.png: expected probabilities, found NaN" in str(done.exception) and "0 predicted" in done.output
    assert not (tmp_path / "out" / "a.png").exists()


def test_variables_that_are_a_hole_are_one_line(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "1")
    os.truncate(tmp_path / "1" / "variables" / "variables.data-00000-of-00001", 10**12)
    with pytest.raises(UserError, match="expected at most 20000000000 bytes, found 1000000000000. Fix: export again"):
        open_predictor(PredictorOptions(saved_model=str(tmp_path / "1")))
