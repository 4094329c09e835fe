"""Which threshold and steps masks are made with, and that predicted files are finished by them."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from semicurv_tf.annotations.rasterise import paint
from semicurv_tf.annotations.shapes import Polygon
from semicurv_tf.cli.datasets import datasets
from semicurv_tf.errors import UserError
from semicurv_tf.export.card import card_path
from semicurv_tf.images.masks import read_mask
from semicurv_tf.inference.memory import Memory
from semicurv_tf.inference.predictor import Predictor
from semicurv_tf.postprocessing.settings import PostProcessing
from semicurv_tf.predict.finishing import chosen_at, finishing, of_card
from semicurv_tf.predict.options import PredictorOptions
from semicurv_tf.predict.plan_files import Outputs, plan_jobs
from semicurv_tf.predict.predict_files import predict_jobs
from semicurv_tf.predict.predict_input import predict_input

STEPS = PostProcessing(0.3, 8, 20)
CHOSEN = {"hysteresis_low": 0.3, "bridge_px": 8, "smallest_component_px": 20}


def own():
    return 0.4, STEPS


def never():
    raise AssertionError("what was chosen was asked for")


def test_what_was_chosen_is_taken():
    assert finishing(PredictorOptions(), own) == (0.4, STEPS)
    assert finishing(PredictorOptions(), lambda: (None, PostProcessing())) == (0.5, PostProcessing())


def test_another_threshold_sets_the_steps_aside():
    assert finishing(PredictorOptions(threshold=0.6), never) == (0.6, PostProcessing())


def test_single_steps_in_place_of_the_chosen_ones():
    options = PredictorOptions(hysteresis=0.0, bridge_px=3, smallest_component_px=0)
    assert finishing(options, own) == (0.4, PostProcessing(bridge_px=3))
    assert finishing(PredictorOptions(bridge_px=0), own)[1] == PostProcessing(0.3, 0, 20)
    assert finishing(PredictorOptions(threshold=0.6, hysteresis=0.2), never) == (0.6, PostProcessing(0.2))


def test_none_keeps_the_threshold_alone():
    assert finishing(PredictorOptions(postprocessing="none"), own) == (0.4, PostProcessing())


def test_hysteresis_above_the_threshold():
    with pytest.raises(UserError, match=r"--hysteresis 0.45: expected a number below the threshold 0.4"):
        finishing(PredictorOptions(hysteresis=0.45), own)


def write_card(version, **more):
    card = {"channels": 3, "threshold": 0.35, "max_pixels": 100, "max_batch": 8, "size": None, "precision": "float32"}
    card_path(version).parent.mkdir(parents=True)
    card_path(version).write_text(json.dumps(card | more))


def test_from_the_card_of_an_export(tmp_path):
    write_card(tmp_path / "1", postprocessing=CHOSEN)
    write_card(tmp_path / "2")
    assert of_card(tmp_path / "1") == chosen_at(str(tmp_path / "1")) == (0.35, STEPS)
    assert of_card(tmp_path / "2") == (0.35, PostProcessing())
    options = PredictorOptions(server="grpc://x:1", postprocessing=str(tmp_path / "1"))
    assert finishing(options, never) == (0.35, STEPS)


def test_a_damaged_card(tmp_path):
    write_card(tmp_path / "1", postprocessing={"bridge_px": "far"})
    with pytest.raises(UserError, match=r"model_card.json: postprocessing: Expected bridge_px"):
        of_card(tmp_path / "1")


def test_from_a_run(tmp_path):
    (tmp_path / "threshold.json").write_text(json.dumps({"threshold": 0.42, "postprocessing": CHOSEN}))
    assert chosen_at(str(tmp_path)) == (0.42, STEPS)
    (tmp_path / "threshold.json").write_text(json.dumps({"threshold": 0.42}))
    assert chosen_at(str(tmp_path)) == (0.42, PostProcessing())


def test_from_nowhere(tmp_path):
    with pytest.raises(UserError, match=r"--postprocessing .*: expected none, an exported version, or a run"):
        chosen_at(str(tmp_path / "gone"))


@pytest.mark.parametrize("more", [{"bridge_px": 3}, {"hysteresis": 0.2}, {"smallest_component_px": 3},
                                  {"postprocessing": "RUN"}])  # fmt: skip
def test_the_servers_own_masks_are_not_finished(tmp_path, more):
    options = PredictorOptions(server="grpc://localhost:1", **more)
    with pytest.raises(UserError, match=r"--batch: brings the server's own masks alone, found --"):
        predict_input(tmp_path, tmp_path / "out", options, Outputs(), lambda count: None, batch=2)


def dashes(path):
    """A dashed line over 200 columns of an image higher than a tile, 0.9 and 0.4; and a speck."""
    pixels = np.zeros((150, 200, 3), np.uint8)
    pixels[70, :, 0] = 102
    for start in range(0, 200, 25):
        pixels[70, start : start + 20, 0] = 230
    pixels[10, 10:13, 0] = 230
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def red(image):
    return (image[..., :1] / 255).astype(np.float32)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_files_are_finished_as_a_whole(tmp_path, suffix):
    """By tiles of 64 px the line lies in several; bridged it is one, and longer than the smallest component."""
    image = dashes(tmp_path / "in" / f"a.{suffix}")
    predictor = Predictor(red, 3, tile=64, postprocessing=PostProcessing(bridge_px=6, smallest_component_px=100))
    jobs = plan_jobs(image, tmp_path / "out", Outputs(probability=True, overlay=True, format=suffix))
    (outcome,) = predict_jobs(predictor, jobs)
    assert outcome.faults == ()
    with Image.open(tmp_path / "out" / f"a.{suffix}") as opened:
        mask = np.asarray(opened) > 0
    assert mask[70, :195].all() and mask.sum() == 195  # the last dash ends at 195
    assert outcome.foreground == pytest.approx(195 / 150 / 200)
    with Image.open(tmp_path / "out" / f"a.probability.{suffix}") as opened:
        assert np.asarray(opened)[10, 10] == 230  # the probability stays as it was


def test_an_image_too_large_for_the_memory_is_named(tmp_path):
    image = dashes(tmp_path / "in" / "a.png")
    memory = Memory(900_000_000 + 150 * 200 * 58, pixel_bytes=1)
    predictor = Predictor(red, 3, tile=64, memory=memory, postprocessing=PostProcessing(bridge_px=6))
    (outcome,) = predict_jobs(predictor, plan_jobs(image, tmp_path / "out", Outputs()))
    assert "too little for post-processing (gaps up to 6 px bridged)" in outcome.faults[0]
    assert not (tmp_path / "out" / "a.png").exists()


def test_editable_as_layers_is_a_dataset(tmp_path):
    from semicurv_tf.data.folder_layout import read_layout

    dashes(tmp_path / "in" / "deep" / "a.png")
    jobs = plan_jobs(tmp_path / "in", tmp_path / "out", Outputs(editable="png"))
    assert not [one.faults for one in predict_jobs(Predictor(red, 3), jobs) if one.faults]
    layout = read_layout(tmp_path / "out" / "layers")
    image, mask = layout.pairs["deep/a"]
    assert layout.faults == [] and (read_mask(mask)[..., 0] == read_mask(tmp_path / "out/deep/a.png")[..., 0]).all()
    assert (np.asarray(Image.open(image)) == np.asarray(Image.open(tmp_path / "in/deep/a.png"))).all()
    assert jobs[0].finished(0)
    mask.unlink()
    assert not jobs[0].finished(0)


def test_editable_as_labelme_is_read_back(tmp_path):
    dashes(tmp_path / "in" / "deep" / "a.png")
    (outcome,) = predict_jobs(
        Predictor(red, 3), plan_jobs(tmp_path / "in", tmp_path / "out", Outputs(editable="labelme"))
    )
    assert outcome.faults == ()
    content = json.loads((tmp_path / "out" / "labelme" / "deep" / "a.json").read_text())
    canvas = np.zeros((150, 200), bool)
    for shape in content["shapes"]:
        paint(canvas, Polygon("", (np.array(shape["points"]),)), True, 1)
    predicted = read_mask(tmp_path / "out" / "deep" / "a.png")[..., 0] > 0
    assert (canvas == predicted).all()
    arguments = ["import", "--from", "labelme", str(tmp_path / "out" / "labelme"), "--output", str(tmp_path / "MY")]
    result = CliRunner().invoke(datasets, arguments)
    assert result.exit_code == 0, result.output
    assert (read_mask(tmp_path / "MY" / "masks" / "deep" / "a.png")[..., 0] == predicted).all()


def test_a_stack_is_not_editable(tmp_path):
    import tifffile

    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a.tif", np.zeros((3, 40, 40), np.uint8), photometric="minisblack")
    (outcome,) = predict_jobs(Predictor(red, 3), plan_jobs(tmp_path / "in", tmp_path / "out", Outputs(editable="png")))
    assert "expected one image in the file for --editable, found 3 pages" in outcome.faults[0]


def test_earlier_editable_files_are_no_input(tmp_path):
    """Where input and output are one folder."""
    dashes(tmp_path / "in" / "a.jpg")
    for _ in range(2):
        (job,) = plan_jobs(tmp_path / "in", tmp_path / "in", Outputs(editable="png"))
        assert job.image.name == "a.jpg"
        assert not next(iter(predict_jobs(Predictor(red, 3), [job]))).faults
        job.outputs["mask"].unlink()  # in this folder it would be taken for an image
    assert job.outputs["layer_mask"].is_file()
