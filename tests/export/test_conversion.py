"""ONNX and OpenVINO: the answers of the network, a card beside, int8 behind a gate."""

import importlib.util
import json
import os
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.cli.export import export
from semicurv_tf.cli.predict import predict
from semicurv_tf.config import Config
from semicurv_tf.errors import UserError
from semicurv_tf.export import conversion, quantisation
from semicurv_tf.export.conversion import RealImages, answers_of, convert_network, keras_answers, read_converted
from semicurv_tf.models import keras_file
from semicurv_tf.postprocessing.settings import PostProcessing
from semicurv_tf.predict import finishing
from semicurv_tf.training import run_folder
from semicurv_tf.training.precision import resolve_precision

CARD = {"channels": 3, "threshold": 0.4}
HAS_BFLOAT16 = resolve_precision("auto").name == "bfloat16"


def needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"pip install 'semicurv-tf[onnx,openvino]': {', '.join(missing)}")


def example(generator):
    image = generator.integers(0, 256, (40, 56, 3), np.uint8)
    return {"image": image, "mask": (image[..., :1] > 200).astype(np.uint8), "valid": np.ones((40, 56, 1), np.uint8)}


@pytest.fixture(scope="session")
def images():
    generator = np.random.default_rng(5)
    examples = tuple(example(generator) for _ in range(3))
    return RealImages(tuple(each["image"] for each in examples), examples, "validation images")


@pytest.fixture(scope="session")
def openvino_folder(network, images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("openvino") / "model"
    convert_network(network, folder, CARD, format="openvino", precision="float32", images=images)
    return folder


@pytest.fixture
def run(monkeypatch, network):
    monkeypatch.setattr(run_folder, "load_deployed", lambda run: (network, {"channels": 3, "step": 7}))
    monkeypatch.setattr(run_folder, "read_config", lambda run: Config())


def call(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def assert_answers_alike(file, network):
    for size in ((1, 33, 90, 3), (3, 48, 32, 3)):
        image = np.random.default_rng(size[0]).integers(0, 256, size, np.uint8)
        np.testing.assert_allclose(answers_of(file)(image), keras_answers(network)(image), atol=1e-4)


@needs("openvino")
def test_openvino_answers_as_keras_at_any_size(openvino_folder, network):
    assert_answers_alike(openvino_folder / "model.xml", network)
    card = read_converted(openvino_folder)
    assert (card["format"], card["precision"], card["threshold"]) == ("openvino", "float32", 0.4)
    assert card["checked"]["largest_difference"] < 1e-4
    assert card["checked"]["compared"] == "3 random and 3 images of the dataset (validation images)"
    import openvino_telemetry

    assert not openvino_telemetry.Telemetry().consent  # nothing was told to anybody
    done = call(export, "--check", openvino_folder)
    assert done.exit_code == 0 and "openvino float32: largest difference from Keras" in done.output


@needs("onnx", "tf2onnx", "onnxruntime")
def test_onnx_answers_as_keras_at_any_size(network, images, tmp_path):
    convert_network(network, tmp_path / "m", CARD, format="onnx", precision="float32", images=images)
    assert_answers_alike(tmp_path / "m" / "model.onnx", network)
    assert read_converted(tmp_path / "m")["format"] == "onnx"


@needs("openvino")
def test_bfloat16_is_the_same_file_computed_otherwise(openvino_folder, network, images, tmp_path):
    folder = tmp_path / "m"
    settings = {"format": "openvino", "precision": "bfloat16", "images": images}
    done = convert_network(network, folder, CARD, **settings, force=True)
    assert read_converted(folder)["precision"] == "bfloat16" and "% in bfloat16" in done.said[1]
    assert (folder / "model.bin").read_bytes() == (openvino_folder / "model.bin").read_bytes()
    image = images.compared[0]["image"][None]
    differences = np.abs(answers_of(folder / "model.xml", "bfloat16")(image) - keras_answers(network)(image))
    assert differences.max() < 0.1 and (differences.max() > 1e-4) == HAS_BFLOAT16
    done = call(export, "--check", folder)
    assert done.exit_code == 0 and "openvino bfloat16: mean difference from Keras" in done.output


@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
@pytest.mark.parametrize(
    ("exported", "found", "passes"),
    [(0.01, 0.02, True), (0.01, 0.0203, False), (0.0, 0.00005, True), (0.01, float("nan"), False), (None, 0.9, True)],
)
def test_a_lower_precision_must_answer_as_at_its_export(tmp_path, monkeypatch, precision, exported, found, passes):
    """At most twice the mean difference of the export and the tolerance of float32, 0.0001."""
    card = {**CARD, "format": "openvino", "precision": precision, "checked": {"mean_difference": exported}}
    (tmp_path / "model_card.json").write_text(json.dumps(card))
    answer = lambda shift: lambda batch: np.full((*batch.shape[:3], 1), 0.05 + shift)
    monkeypatch.setattr(conversion, "open_converted", lambda folder, card: answer(found))
    monkeypatch.setattr(conversion, "keras_answers", lambda network: answer(0.0))
    monkeypatch.setattr(keras_file, "load_network", lambda path, trust: None)
    result = call(export, "--check", tmp_path)
    if passes:
        assert result.exit_code == 0, result.exception
        assert f"openvino {precision}: mean difference from Keras {found:.2g} on random images" in result.output
        assert (
            "has no limit: export again" if exported is None else f", {exported:.2g} at the export"
        ) in result.output
    else:
        assert isinstance(result.exception, UserError) and "on random images; allowed 0.02. Fix: export again" in str(
            result.exception
        )


@needs("openvino", "nncf")
def test_int8_is_calibrated_and_says_what_it_costs(network, images, tmp_path):
    done = convert_network(
        network, tmp_path / "m", CARD, format="openvino", precision="int8", images=images, force=True
    )
    card = read_converted(tmp_path / "m")
    assert card["checked"]["calibration_images"] == 3 and set(card["checked"]["iou_percent"]) == {"float32", "int8"}
    assert "FakeQuantize" in (tmp_path / "m" / "model.xml").read_text() and "% in int8" in done.said[1]
    done = call(export, "--check", tmp_path / "m")
    assert f"{card['checked']['mean_difference']:.2g} at the export" in done.output
    image = images.calibration[0][None]
    found, expected = answers_of(tmp_path / "m" / "model.xml", "int8")(image), keras_answers(network)(image)
    assert 0 < np.abs(found - expected).mean() < 0.3  # two independent answers would be a third apart
    # The IoU of float32 by hand, from the masks themselves.
    scores = []
    for each in images.compared:
        predicted, true = keras_answers(network)(each["image"][None])[0] > 0.4, each["mask"] > 0
        scores.append(100 * (predicted & true).sum() / (predicted | true).sum())
    assert card["checked"]["iou_percent"]["float32"] == pytest.approx(np.mean(scores))


@needs("openvino")
@pytest.mark.parametrize(
    ("after", "force", "kept"), [(49.6, False, True), (49.4, False, False), (49.4, True, True), (51.0, False, True)]
)
@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
def test_a_precision_that_costs_more_than_half_a_point_is_refused(
    openvino_folder, network, images, tmp_path, monkeypatch, precision, after, force, kept
):
    scores = [50.0, after]
    monkeypatch.setattr(conversion, "export_network", lambda network, file, *_: _copied(openvino_folder, file))
    monkeypatch.setattr(quantisation, "quantise", lambda file, images: None)
    monkeypatch.setattr(quantisation, "iou_percent", lambda *_: scores.pop(0))
    settings = {"format": "openvino", "precision": precision, "images": images, "force": force}
    if kept:
        convert_network(network, tmp_path / "m", CARD, **settings)
        assert read_converted(tmp_path / "m")["checked"]["iou_percent"] == {"float32": 50.0, precision: after}
    else:
        with pytest.raises(
            UserError, match=f"IoU 49.4 % in {precision}, 50.0 % in float32, .*expected to lose.*--force"
        ):
            convert_network(network, tmp_path / "m", CARD, **settings)
        assert not list(tmp_path.iterdir())


@needs("openvino")
def test_answers_that_differ_are_refused_and_nothing_is_left(openvino_folder, network, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "export_network", lambda network, file, *_: _copied(openvino_folder, file))
    monkeypatch.setattr(conversion, "answers_of", lambda file: lambda image: keras_answers(network)(image) + 0.001)
    with pytest.raises(UserError, match="differ from Keras' by 0.001"):
        convert_network(network, tmp_path / "m", CARD, format="openvino", precision="float32", images=RealImages())
    assert not list(tmp_path.iterdir())


@needs("openvino")
def test_predict_by_openvino_gives_the_masks_of_tensorflow(run, openvino_folder, tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    outputs = {}
    for name, options in {
        "tensorflow": ("--run", "RUN", "--threshold", "0.4"),
        "openvino": ("--run", "RUN", "--threshold", "0.4", "--engine", "openvino"),
        "bfloat16": ("--run", "RUN", "--threshold", "0.4", "--engine", "openvino", "--precision", "bfloat16"),
        "folder": ("--saved-model", openvino_folder),
    }.items():
        done = call(predict, *options, "--input", tmp_path / "a.png", "--output", tmp_path / name, "--probability")
        assert done.exit_code == 0, done.output + repr(done.exception)
        outputs[name] = [np.asarray(Image.open(tmp_path / name / f"a{kind}.png")) for kind in ("", ".probability")]
    for name in ("openvino", "folder"):
        assert np.abs(outputs[name][1].astype(int) - outputs["tensorflow"][1]).max() <= 1
        clear = np.abs(outputs["tensorflow"][1] / 255.0 - 0.4) > 0.01
        np.testing.assert_array_equal(outputs[name][0][clear], outputs["tensorflow"][0][clear])
    assert np.abs(outputs["bfloat16"][1].astype(int) - outputs["tensorflow"][1]).max() <= 0.1 * 255
    assert json.loads((tmp_path / "openvino" / "predictions.json").read_text())["engine"] == "openvino"
    assert json.loads((tmp_path / "bfloat16" / "predictions.json").read_text())["precision"] == "bfloat16"


def test_without_openvino_tensorflow_predicts_and_says_so(run, tmp_path, monkeypatch):
    monkeypatch.setattr("semicurv_tf.inference.openvino_engine.has_openvino", lambda: False)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    done = call(
        predict, "--run", "RUN", "--engine", "openvino", "--input", tmp_path / "a.png", "--output", tmp_path / "out"
    )
    assert done.exit_code == 0 and "OpenVINO is not installed, so TensorFlow predicts" in done.output
    assert "pip install 'semicurv-tf[openvino]'" in done.output and "1 predicted" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "onnx", "--precision", "int8"), "--precision int8: expected float32 with --format onnx"),
        (("--format", "onnx", "--precision", "bfloat16"), "--precision bfloat16: expected float32 with"),
        (("--format", "openvino", "--size", "32x32"), "--size: of a SavedModel alone"),
        (("--format", "onnx", "--version", "3"), "--version: of a SavedModel alone"),
        (("--format", "onnx", "--max-batch", "8"), "--max-batch: of a SavedModel alone"),
        (("--trust", "--models-config", "x"), "of --check alone"),
        (("--precision", "int8"), "--precision int8: not of a SavedModel"),
        (("--force",), "--force: not of a SavedModel"),
        (("--format", "onnx"), "needs tf2onnx and onnxruntime. Fix: pip install 'semicurv-tf[onnx]'"),
        (("--format", "openvino", "--precision", "int8"), "needs openvino and nncf. Fix: pip install"),
    ],
)
def test_faults_are_one_line(run, tmp_path, monkeypatch, arguments, said):
    monkeypatch.setattr(conversion.importlib.util, "find_spec", lambda name: None)
    result = call(export, "--run", "RUN", "--output", tmp_path / "m", *arguments)
    assert isinstance(result.exception, UserError) and said in str(result.exception)
    assert len(result.exception.lines) == 1 and not list(tmp_path.iterdir())


def test_options_without_an_effect_are_refused_beside_check():
    result = call(export, "--check", "MODELS/1", "--threshold", "0.4", "--size", "32x32")
    assert isinstance(result.exception, UserError)
    (line,) = result.exception.lines
    options, _, said = line.partition(": ")
    assert sorted(options.split(", ")) == ["--size", "--threshold"]
    assert said == "of what is written, and --check writes nothing. Fix: leave it out"


def test_a_folder_is_never_overwritten(run, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion.importlib.util, "find_spec", lambda name: object())
    (tmp_path / "m").mkdir()
    result = call(export, "--run", "RUN", "--output", tmp_path / "m", "--format", "onnx")
    assert "exists already and is never overwritten" in str(result.exception)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"format": "onnx", "precision": "float32", "threshold": 2, "channels": 3}',
        '{"format": "onnx", "precision": "int8", "threshold": 0.5, "channels": 3}',
        '{"format": ["onnx"], "precision": "float32", "threshold": 0.5, "channels": 3}',
    ],
)
def test_a_card_that_is_none(tmp_path, content):
    (tmp_path / "model_card.json").write_text(content)
    (tmp_path / "model.onnx").write_bytes(b"")
    result = call(export, "--check", tmp_path)
    assert isinstance(result.exception, UserError) and "model_card.json" in str(result.exception)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", True), ("channels", 65), ("threshold", 2), ("stride", "x"), ("stride", 0), ("tta", "sideways"),
        ("value_range", 5), ("value_range", "5:1"), ("no_data", [1]), ("size", 3),
    ],
)  # fmt: skip
def test_a_card_of_wrong_values_names_the_key(tmp_path, key, value):
    card = {"format": "onnx", "precision": "float32", **CARD, key: value}
    (tmp_path / "model_card.json").write_text(json.dumps(card))
    with pytest.raises(UserError, match=rf"model_card.json: {key}: expected .*, found .*Fix: export again"):
        read_converted(tmp_path)


def test_a_difference_that_is_no_number_in_one_image_is_told():
    """Python's `max` drops NaN unless it comes first."""
    numbers = iter([0.5, np.nan, 0.5])
    found = lambda image: np.full((*image.shape[:3], 1), next(numbers))
    expected = lambda image: np.full((*image.shape[:3], 1), 0.5)
    assert np.isnan(conversion.largest_difference(found, expected, 3, RealImages()))


def test_the_steps_that_were_chosen_are_kept(run, tmp_path, monkeypatch):
    steps = PostProcessing(hysteresis_low=0.2, smallest_component_px=30)
    monkeypatch.setattr(run_folder, "chosen_threshold", lambda run: 0.35)
    monkeypatch.setattr(run_folder, "chosen_postprocessing", lambda run: steps)
    monkeypatch.setattr(conversion, "require_convertible", lambda *_: None)
    cards = []

    def written(network, output, card, **_):
        cards.append(card)
        return conversion.Converted(tmp_path, ("compared",))

    monkeypatch.setattr(conversion, "convert_network", written)
    done = conversion.convert_run("RUN", tmp_path / "m", format="openvino")
    assert "hysteresis down to 0.2, components below 30 px left out) is in the card" in done.said[1]
    (tmp_path / "model_card.json").write_text(
        json.dumps({"format": "openvino", "precision": "float32", **cards[0]}, default=str)
    )
    assert finishing.of_card(str(tmp_path)) == finishing.chosen_at(str(tmp_path)) == (0.35, steps)
    # Another threshold sets the steps aside.
    assert conversion.convert_run("RUN", tmp_path / "m", format="openvino", threshold=0.6).said == ("compared",)
    assert (cards[1]["threshold"], cards[1]["postprocessing"]) == (0.6, None)


@needs("openvino")
@pytest.mark.parametrize("break_it", ["channels", "no bin", "pipe"])
def test_a_folder_whose_parts_do_not_fit_is_one_line(openvino_folder, tmp_path, break_it):
    folder = tmp_path / "m"
    shutil.copytree(openvino_folder, folder)
    if break_it == "channels":
        (folder / "model_card.json").write_text(json.dumps({**read_converted(folder), "channels": 1}))
    else:
        (folder / "model.bin").unlink()
        if break_it == "pipe":
            os.mkfifo(folder / "model.bin")
    said = {
        "channels": "model_card.json: channels: expected what the model beside it takes, found 1",
        "no bin": "model.bin: cannot be read",
        "pipe": "model.bin: expected a file, found a folder, pipe or device",
    }[break_it]
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    for arguments in (
        (export, "--check", folder),
        (predict, "--saved-model", folder, "--input", tmp_path / "a.png", "--output", tmp_path / "out"),
    ):
        done = call(*arguments)
        assert isinstance(done.exception, UserError) and len(done.exception.lines) == 1 and said in str(done.exception)


@needs("onnxruntime")
@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_a_damaged_onnx_model_is_one_line(tmp_path, content):
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(UserError, match="model.onnx: cannot be read by ONNX Runtime .*Fix: export again"):
        answers_of(tmp_path / "model.onnx")


@pytest.mark.parametrize("options", [("--saved-model", "m"), ()])
def test_an_engine_is_of_a_run_alone(run, tmp_path, monkeypatch, options):
    monkeypatch.setattr("semicurv_tf.inference.openvino_engine.has_openvino", lambda: True)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    result = call(
        predict, *options, "--engine", "openvino", "--input", tmp_path / "a.png", "--output", tmp_path / "out"
    )
    assert isinstance(result.exception, UserError) and "--engine openvino: only a --run" in str(result.exception)


def _copied(folder, file):
    for suffix in (".xml", ".bin"):
        file.with_suffix(suffix).write_bytes((folder / "model.xml").with_suffix(suffix).read_bytes())
