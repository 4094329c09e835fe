"""The deployed network of a run as ONNX or OpenVINO, checked against Keras before the folder gets its name.

    OUTPUT/model.onnx, or model.xml and model.bin     uint8 images in, float32 probabilities out, of any size
    OUTPUT/model_card.json                            what it is, what it was trained on, how it was checked
    OUTPUT/model.keras                                the network itself, which the check compares it with

The graph holds one input and one output, both `(batch, height, width, ...)`; decoding and masks stay with the caller.
"""

import contextlib
import dataclasses
import datetime
import importlib.util
import math
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.export.card import CARD, require_keys
from semicurv_tf.export.from_run import KERAS_MODEL, about_run, require_numbers
from semicurv_tf.inference.onnx_engine import onnx_answers
from semicurv_tf.inference.openvino_engine import openvino_answers, unreported
from semicurv_tf.inference.predictor import STRIDE_PX
from semicurv_tf.json_files import is_number, read_object
from semicurv_tf.parts import new_part
from semicurv_tf.postprocessing.settings import PostProcessing, as_dict
from semicurv_tf.regular_files import require_regular
from semicurv_tf.whole_files import cannot_write, write_json

FILES = {"onnx": "model.onnx", "openvino": "model.xml"}
# Format and precision -> packages, each an extra of the same name as the format.
PACKAGES = {
    ("onnx", "float32"): ("tf2onnx", "onnxruntime"),
    ("openvino", "float32"): ("openvino",),
    ("openvino", "bfloat16"): ("openvino",),
    ("openvino", "int8"): ("openvino", "nncf"),
}
# What `predict` reads of a card, as of a SavedModel's.
READ_KEYS = ("channels", "threshold", "value_range", "size", "no_data", "tta", "stride")
TOLERANCE = 1e-4  # of a probability, between engines that all compute in float32
SIZES = ((64, 64), (37, 53), (128, 96))  # of random images
# By how much the mean difference of a lower precision may exceed the export's own: another processor rounds otherwise.
TIMES_AS_EXPORTED = 2.0
MEAN_DIFFERENCE = "mean_difference"  # in a card's `checked`: of a lower precision, on the random images
MOST_LOST_IOU = 0.5  # points of IoU in percent that a lower precision may cost

Answers = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class RealImages:
    """Images of a run's dataset: what int8 is calibrated on, and what the answers are compared on.

    Attributes:
        calibration: uint8 `(height, width, channels)` training images.
        compared: dicts of such "image", "mask" and "valid" `(height, width, 1)`.
        what: which images are compared, in words.
    """

    calibration: tuple[np.ndarray, ...] = ()
    compared: tuple[dict, ...] = ()
    what: str = "no images of the dataset"


@dataclasses.dataclass(frozen=True)
class Converted:
    """What was written: the folder, and what the check found, in lines."""

    folder: Path
    said: tuple[str, ...]


def require_convertible(output: str | Path, format: str, precision: str) -> None:
    """Refuses at once what would fail later.

    Raises:
        UserError: no such combination, a package is missing, or the folder exists.
    """
    if (format, precision) not in PACKAGES:
        known = " or ".join(own for form, own in PACKAGES if form == format)
        raise UserError(f"--precision {precision}: expected {known} with --format {format}. Fix: --precision float32")
    missing = [name for name in PACKAGES[format, precision] if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"--format {format}: needs {' and '.join(missing)}. Fix: pip install 'semicurv-tf[{format}]'")
    if Path(output).exists():
        raise UserError(f"--output {output}: exists already and is never overwritten. Fix: name a new folder")


def convert_run(
    run: str | Path,
    output: str | Path,
    *,
    format: str,
    precision: str = "float32",
    threshold: float | None = None,
    images: RealImages | None = None,
    force: bool = False,
) -> Converted:
    """Writes the deployed network of a run for another engine.

    Args:
        run: the run folder.
        output: the new folder.
        format: a key of `FILES`.
        precision: "float32"; or, OpenVINO alone, "bfloat16" (of the features: the file is that of float32) or "int8"
            (weights and features, quantised after training by NNCF).
        threshold: for the card; None takes the one chosen on validation images, else 0.5.
        images: of the dataset; int8 needs them.
        force: keep a lower precision whatever it costs.

    Raises:
        UserError: see `require_convertible`; the answers differ from Keras', or the precision costs too much IoU.
    """
    from semicurv_tf.training.run_folder import chosen_postprocessing, chosen_threshold, load_deployed

    require_convertible(output, format, precision)
    network, facts = load_deployed(run)
    # Another threshold than the chosen one sets aside the steps that were chosen with it.
    steps = chosen_postprocessing(run) if threshold is None else PostProcessing()
    card = {
        **about_run(Path(run), facts),
        "stride": getattr(network, "grid_px", STRIDE_PX),
        "threshold": threshold if threshold is not None else chosen_threshold(run) or 0.5,
        "postprocessing": as_dict(steps) if steps else None,
    }
    done = convert_network(
        network, output, card, format=format, precision=precision, images=images or RealImages(), force=force
    )
    if not steps:
        return done
    note = f"what was chosen to follow the threshold ({steps.said()}) is in the card: predict --saved-model does it"
    return dataclasses.replace(done, said=(*done.said, note))


def convert_network(
    network, output: str | Path, card: dict, *, format: str, precision: str, images: RealImages, force: bool = False
) -> Converted:
    """`convert_run` for a network that is in memory; `card` has its `channels` and `threshold`."""
    output = Path(output)
    require_numbers(network)
    with _new_folder(output) as part:
        file = part / FILES[format]
        export_network(network, file, card["channels"], format)
        expected = keras_answers(network)
        difference = largest_difference(answers_of(file), expected, card["channels"], images)
        if not difference <= TOLERANCE:
            raise UserError(
                f"--format {format}: answers differ from Keras' by {difference:.2g}, expected at most {TOLERANCE:g}. "
                "Fix: another --format, or report it with the run's config.yaml"
            )
        compared = f"{len(SIZES)} random and {len(images.compared)} images of the dataset ({images.what})"
        said = [f"largest difference from Keras {difference:.2g} on {compared}"]
        checked = {"largest_difference": difference, "compared": compared}
        if precision == "int8":
            checked["calibration_images"] = _quantise(file, images)
        if precision != "float32":
            checked[MEAN_DIFFERENCE] = _lower_difference(answers_of(file, precision), expected, card, precision)
        if precision != "float32" and images.compared:
            lost, checked["iou_percent"] = _lost(file, precision, expected, images, card["threshold"], force)
            said.append(lost)
        network.save(part / KERAS_MODEL)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        about = {"format": format, "precision": precision, "input": "uint8 images (batch, height, width, channels)"}
        write_json(
            part / CARD, {**card, **about, "output": "float32 probabilities", "checked": checked, "exported": now}
        )
    return Converted(output, tuple(said))


def read_converted(folder: str | Path) -> dict:
    """The card of a folder that `convert_run` wrote.

    Raises:
        UserError: the folder is no such export, or a line for each key that holds what none holds.
    """
    path = Path(folder) / CARD
    if not path.is_file():
        raise UserError(f"{folder}: found no {CARD}. Fix: semicurv-tf export --format openvino")
    card = read_object(path, "export again")
    if (str(card.get("format")), str(card.get("precision"))) not in PACKAGES:
        raise UserError(f"{path}: expected the card of an ONNX or OpenVINO export. Fix: export again")
    require_keys(path, card, READ_KEYS)
    return card


def is_converted(folder: str | Path) -> bool:
    """Whether a folder is one of ONNX or OpenVINO, rather than a SavedModel's version."""
    return (Path(folder) / CARD).is_file()


def check_converted(folder: str | Path, trust: bool = False) -> str:
    """Compares the answers with Keras' again, on random images; says what was found.

    Args:
        folder: the folder.
        trust: run a `model.keras` that holds more than plain layers, too.

    Raises:
        UserError: it is no such folder, a package is missing, or the answers differ.
    """
    from semicurv_tf.models.keras_file import load_network

    card = read_converted(folder)
    answers = open_converted(folder, card)
    expected = keras_answers(load_network(Path(folder) / KERAS_MODEL, trust))
    about = f"{card['format']} {card['precision']}"
    if card["precision"] == "float32":
        found, allowed = largest_difference(answers, expected, card["channels"], RealImages()), TOLERANCE
        said = f"{about}: largest difference from Keras {found:.2g} on random images"
        note = ""
    else:
        found, (allowed, note) = mean_difference(answers, expected, card["channels"]), _allowed_of(card)
        said = f"{about}: mean difference from Keras {found:.2g} on random images"
    if not found <= allowed:  # also where it is no number
        raise UserError(f"{folder}: {said}; allowed {allowed:.2g}. Fix: export again")
    return said + note


def _allowed_of(card: dict) -> tuple[float, str]:
    """The mean difference that the check of a lower precision allows, and what is to be said of it.

    What a lower precision may cost in IoU was measured on the run's images, and stands in the card: the check finds out
    whether the answers are still those of the export.
    """
    checked = card.get("checked")
    exported = checked.get(MEAN_DIFFERENCE) if isinstance(checked, dict) else None
    if not is_number(exported) or not 0 <= exported <= 1:
        return 1.0, "; its card does not say what it was at the export, so that it has no limit: export again for one"
    return TIMES_AS_EXPORTED * exported + TOLERANCE, f", {exported:.2g} at the export"


def open_converted(folder: str | Path, card: dict) -> Answers:
    """The answers of a folder that `convert_run` wrote.

    Args:
        folder: the folder.
        card: its card, by `read_converted`.

    Raises:
        UserError: a file of the model is missing, damaged or none, or the card belongs to another model.
    """
    file = Path(folder) / FILES[card["format"]]
    for part in (file, file.with_suffix(".bin")) if card["format"] == "openvino" else (file,):
        try:
            require_regular(part, "export again")
        except OSError as error:
            raise UserError(f"{part}: cannot be read ({error.strerror}). Fix: export again") from None
    answers = answers_of(file, card["precision"])
    try:
        shape = answers(np.zeros((1, 32, 32, card["channels"]), np.uint8)).shape
    except RuntimeError:
        shape = None
    if shape != (1, 32, 32, 1):
        raise UserError(
            f"{Path(folder) / CARD}: channels: expected what the model beside it takes, found {card['channels']}: the "
            "card was edited, or belongs to another model. Fix: export again"
        )
    return answers


def answers_of(file: Path, precision: str = "float32") -> Answers:
    """From uint8 images `(batch, height, width, channels)` to probabilities, by the engine that a file is for."""
    if file.suffix == ".xml":
        return openvino_answers(file, precision)
    return onnx_answers(file)


def openvino_of_network(network, channels: int, precision: str = "float32") -> Answers:
    """A network in memory, of float32, as OpenVINO's; see `openvino_answers`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILES["openvino"]
        export_network(network, file, channels, "openvino")
        return openvino_answers(file, precision)


def keras_answers(network) -> Answers:
    """The same function, by Keras."""
    import tensorflow as tf

    return lambda image: tf.sigmoid(network(tf.cast(image, tf.float32), training=False)).numpy()


def mean_difference(found: Answers, expected: Answers, channels: int) -> float:
    """Between probabilities, over the pixels of random images of several sizes."""
    differences = [np.abs(found(batch) - expected(batch)).ravel() for batch in _random_images(channels)]
    return float(np.mean(np.concatenate(differences)))


def largest_difference(found: Answers, expected: Answers, channels: int, images: RealImages) -> float:
    """Between probabilities, over random images of several sizes and those of the dataset; NaN where one is."""
    batches = [*_random_images(channels), *(each["image"][None] for each in images.compared)]
    return float(np.max([np.max(np.abs(found(batch) - expected(batch))) for batch in batches]))  # `max` skips NaN


def _random_images(channels: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (2, *size, channels), np.uint8) for size in SIZES]


def _lower_difference(found: Answers, expected: Answers, card: dict, precision: str) -> float:
    difference = mean_difference(found, expected, card["channels"])
    if not math.isfinite(difference):
        raise UserError(f"--precision {precision}: its answers are no numbers. Fix: --precision float32")
    return difference


def _quantise(file: Path, images: RealImages) -> int:
    """Makes a model one of int8 in place, and returns how many images calibrated it."""
    from semicurv_tf.export.quantisation import quantise

    if not images.calibration or not images.compared:
        raise UserError(
            "--precision int8: needs the run's images, to calibrate it and to see what it costs. "
            "Fix: --data-dir with the folder they lie in"
        )
    quantise(file, images.calibration)
    return len(images.calibration)


def _lost(
    file: Path, precision: str, expected: Answers, images: RealImages, threshold: float, force: bool
) -> tuple[str, dict]:
    """What the precision costs: in words, and the IoU in percent of both."""
    from semicurv_tf.export.quantisation import iou_percent

    before, after = (iou_percent(each, images, threshold) for each in (expected, answers_of(file, precision)))
    lost = f"IoU {after:.1f} % in {precision}, {before:.1f} % in float32, on {images.what}"
    if before - after > MOST_LOST_IOU and not force:
        raise UserError(
            f"--precision {precision}: {lost}: expected to lose at most {MOST_LOST_IOU} points. "
            "Fix: --precision float32, or --force"
        )
    return lost, {"float32": before, precision: after}


def export_network(network, file: Path, channels: int, format: str) -> None:
    """Writes a network's graph, folded where it can be, as a file of a key of `FILES`; nothing is checked."""
    import keras
    import tensorflow as tf

    from semicurv_tf.export.fold import CannotFold, copy_network, folded_for_inference

    try:
        inference = folded_for_inference(network, channels)
    except CannotFold:
        inference = copy_network(network, channels)

    class Served(keras.Model):
        def __init__(self):
            super().__init__()
            self.network = inference

        def call(self, image):
            return tf.sigmoid(self.network(tf.cast(image, tf.float32), training=False))

    served = Served()
    served(np.zeros((1, 32, 32, channels), np.uint8))
    signature = [keras.InputSpec(dtype="uint8", shape=(None, None, None, channels), name="image")]
    with unreported(), warnings.catch_warnings():  # Keras looks at names that NumPy gave up, for tf2onnx's sake
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        served.export(str(file), format=format, verbose=False, input_signature=signature)


@contextlib.contextmanager
def _new_folder(final: Path):
    """Gives a temporary folder that gets its name once the block ends well, and is removed otherwise."""
    part = new_part(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
        yield part
        part.rename(final)
    except OSError as error:
        raise cannot_write(final, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
