"""Checks an exported version the way a server uses it, against Keras' own numbers.

Six checks: the folder is whole; the session path in a fresh process without this package or Keras
answers as Keras does, at several sizes and for every signature; it refuses malformed requests in words;
the warm-up file is played; the same through TensorFlow's C++ library where a compiler is there;
`models.config` is understood by the server's protos where one is given.
"""

import dataclasses
import importlib.util
import math
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.export import cpp_smoke
from semicurv_tf.export.card import read_card
from semicurv_tf.export.from_run import KERAS_MODEL
from semicurv_tf.export.graph_guard import require_files, require_harmless
from semicurv_tf.export.models_config import read_models_config
from semicurv_tf.export.warmup import WARMUP, read_warmup
from semicurv_tf.images.encoded import decode_picture, encode_png

# Of logits, relative to 1 + the largest of the image: rounding follows the size of what was added up on the way, not
# that of the result. In float32 (2^-24 per operation) folded kernels and another order of summation go through some 25
# convolutions of up to 4608 terms: as a random walk 6e-8 * sqrt(25 * 4608) = 2e-5; twice that is allowed. bfloat16
# keeps 8 bits of each feature: 2^-9 * 25 layers = 0.05, and twice that.
TOLERANCE = {"float32": 4e-5, "bfloat16": 0.1}
STEEPEST = 0.25  # the slope of a sigmoid: a probability differs by at most this times what its logit does
SIZES = ((64, 64), (37, 53), (128, 96), (1, 1))
PROBE = Path(__file__).with_name("session_probe.py")
PROBE_SECONDS = 300
FILES = ("saved_model.pb", "variables/variables.index", f"assets.extra/{KERAS_MODEL}")


@dataclasses.dataclass(frozen=True)
class Result:
    """One check: `state` is "passed", "failed" or "skipped"; `said` tells what was found, or why."""

    name: str
    state: str
    said: str


def check_version(
    version: str | Path, models_config: str | Path | None = None, trust: bool = False
) -> Iterator[Result]:
    """Checks a version folder; yields each result as it is known.

    Args:
        version: the version folder.
        models_config: a server's configuration to check beside it.
        trust: also run a model that does more than compute.

    Raises:
        UserError: the folder is no export of this project, or its model does more than compute.
    """
    card = read_card(version)
    missing = [name for name in FILES if not (Path(version) / name).is_file()]
    if missing:
        yield Result("files", "failed", f"missing {', '.join(missing)}. Fix: export again")
        return
    yield Result(
        "files", "passed", f"version {Path(version).name}, {card['precision']}, {card.get('nodes', 'unknown')} nodes"
    )

    if trust:
        require_files(version)
    else:
        require_harmless(version)
    expected = _keras_logits(Path(version), card, trust)
    if not all(np.isfinite(logits).all() for _, logits in expected):
        yield Result(
            "Keras", "failed", f"the network in {KERAS_MODEL} answers NaN. Fix: export another run, or train again"
        )
        return
    yield _session_check(version, card, expected)
    yield _refusal_check(version, card)
    yield _warmup_check(version)
    yield _cpp_check(version, card, expected)
    if models_config:
        yield _config_check(models_config)


def run_requests(version: str | Path, requests: list[tuple[str, dict]]) -> list[dict | str]:
    """Runs requests through the session path in a fresh process; see `session_probe.py`.

    Raises:
        RuntimeError: the process failed; the last line it wrote is the message. Or it took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "requests.pickle"), Path(folder, "answers.pickle")
        asked.write_bytes(pickle.dumps(requests))
        try:
            done = subprocess.run(
                # -I: no PYTHONPATH, no current folder.
                [sys.executable, "-I", str(PROBE), str(version), str(asked), str(answered)],
                capture_output=True, text=True, timeout=PROBE_SECONDS, check=False,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"no answer within {PROBE_SECONDS} s: this machine is busy, check again") from None
        if done.returncode < 0:
            raise RuntimeError(f"the process was ended by {signal.Signals(-done.returncode).name}")
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
        return pickle.loads(answered.read_bytes())


def logit_limit(logits: np.ndarray, precision: str) -> float:
    """By how much logits may differ from these, see `TOLERANCE`."""
    return TOLERANCE[precision] * (1.0 + float(np.max(np.abs(logits))))


def _keras_logits(version: Path, card: dict, trust: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """(uint8 images, float32 logits by Keras) for several sizes."""
    import tensorflow as tf

    from semicurv_tf.models.keras_file import load_network

    network = load_network(version / "assets.extra" / KERAS_MODEL, trust)
    generator = np.random.default_rng(0)
    sizes = (
        (tuple(card["size"]),) if card["size"] else [size for size in SIZES if size[0] * size[1] <= card["max_pixels"]]
    )
    pairs = []
    for size in sizes:
        image = generator.integers(0, 256, (2, *size, card["channels"]), np.uint8)
        pairs.append((image, np.asarray(network(tf.cast(image, tf.float32), training=False), np.float32)))
    return pairs


def _session_check(version, card, expected) -> Result:
    requests = []
    for image, _ in expected:
        requests.append(("serving_default", {"image": image}))
        requests.append(("predict_logits", {"image": image.astype(np.float32)}))
        png = encode_png(image[0])
        encoded = {"image_bytes": np.array([png, png[:40], b"no picture"], object)}
        requests += [("predict_bytes", encoded), ("predict_probability_bytes", encoded)]
    try:
        answers = run_requests(version, requests)
    except RuntimeError as error:
        return Result("session", "failed", str(error))
    refused = [answer for answer in answers if isinstance(answer, str)]
    if refused:
        return Result("session", "failed", refused[0])
    worst = 0.0  # as a share of what is allowed
    for (_, asked), default, logits, encoded, sixteen in zip(expected, *(answers[i::4] for i in range(4)), strict=True):
        allowed, wanted = logit_limit(asked, card["precision"]), _sigmoid(asked)
        limit = STEEPEST * allowed
        worst = max(worst, _distance(logits["logits"], asked) / allowed)
        worst = max(worst, _distance(default["probability"], wanted) / limit)
        mask = np.where(default["probability"] > card["threshold"], 255, 0)
        decoded = decode_picture(encoded["mask_bytes"][0])[..., None]
        quantised = decode_picture(sixteen["probability_bytes"][0])[..., None] / 65535
        worst = max(worst, (_distance(quantised, wanted[0]) - 0.5 / 65535) / limit)
        # The two signatures may round differently at the threshold itself.
        undecided = np.abs(wanted - card["threshold"]) <= limit
        if not np.array_equal(default["mask"], mask) or np.any((decoded != mask[0]) & ~undecided[0]):
            return Result("session", "failed", "mask and probability disagree")
        broken = list(zip(encoded["mask_bytes"][1:], encoded["foreground_fraction"][1:], strict=True))
        if broken != [(b"", -1.0), (b"", -4.0)]:
            return Result("session", "failed", f"expected empty masks of broken pictures, found {broken}")
    said = f"at {len(expected)} sizes, 4 signatures, without this package"
    return _compared("session", worst, said)


def malformed_requests(card: dict) -> list[tuple[str, dict]]:
    """Requests that no server compares with the signature: without a batch, with one too many, of other channels."""
    height, width = card["size"] or (8, 8)
    channels = card["channels"]
    image = np.zeros((1, height, width, channels), np.float32)
    other = np.zeros((1, height, width, 3 if channels == 1 else 1), np.float32)
    shapes = [image[0], image[None], other]
    return [("serving_default", {"image": each.astype(np.uint8)}) for each in shapes] + [
        ("predict_logits", {"image": each}) for each in (*shapes, np.full_like(image, np.nan), image + 256)
    ]


def _refusal_check(version, card) -> Result:
    requests = malformed_requests(card)
    try:
        answers = run_requests(version, requests)
    except RuntimeError as error:
        return Result("refusals", "failed", f"a malformed request ends the server ({error}). Fix: export again")
    for (name, inputs), answer in zip(requests, answers, strict=True):
        if not isinstance(answer, str) or "Expected" not in answer:
            found = (answer.strip().splitlines() or ["no word"])[0][:200] if isinstance(answer, str) else "an answer"
            shape = inputs["image"].shape
            return Result(
                "refusals", "failed", f"{name}: expected a malformed {shape} to be refused, found {found}. "
                "Fix: export again",
            )  # fmt: skip
    return Result("refusals", "passed", f"{len(requests)} malformed requests refused")


def _warmup_check(version) -> Result:
    if importlib.util.find_spec("tensorflow_serving") is None:
        return Result("warm-up", "skipped", "needs the extra: pip install 'semicurv-tf[serving]'")
    if not (Path(version) / WARMUP).is_file():
        return Result("warm-up", "failed", f"missing {WARMUP}. Fix: export again with the extra `serving` installed")
    requests = list(read_warmup(version))
    try:
        answers = run_requests(version, requests)
    except RuntimeError as error:
        return Result("warm-up", "failed", str(error))
    refused = [
        f"{name}: {answer}" for (name, _), answer in zip(requests, answers, strict=True) if isinstance(answer, str)
    ]
    return (
        Result("warm-up", "failed", refused[0])
        if refused
        else Result("warm-up", "passed", f"{len(requests)} requests played")
    )


def _cpp_check(version, card, expected) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = cpp_smoke.compile_smoke(Path(folder))
            worst = max(
                _distance(cpp_smoke.run_smoke(program, version, image), _sigmoid(logits))
                / (STEEPEST * logit_limit(logits, card["precision"]))
                for image, logits in expected
            )
        except cpp_smoke.SmokeUnavailable as why:
            return Result("C++", "skipped", str(why))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return Result("C++", "failed", str(error))
    return _compared("C++", worst, "by TensorFlow's C++ library")


def _config_check(path) -> Result:
    try:
        models = read_models_config(path)
    except UserError as error:
        return Result("models.config", "failed", "; ".join(error.lines))
    return Result(
        "models.config", "passed", ", ".join(f"{model['name']} {model['labels'] or ''}".strip() for model in models)
    )


def _compared(name: str, worst: float, said: str) -> Result:
    """The result of a comparison with Keras; `worst` is a share of what is allowed."""
    text = f"largest difference from Keras {100 * worst:.2g} % of what rounding may leave, {said}"
    return Result(name, "passed" if worst <= 1 else "failed", text)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Infinite where the shapes differ or a value is no number: `max` of Python would pass over NaN."""
    if a.shape != b.shape:
        return float("inf")
    largest = float(np.max(np.abs(a - b)))
    return float("inf") if math.isnan(largest) else largest
