"""Probabilities by OpenVINO (the extra `openvino`) in place of TensorFlow."""

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError

INSTALL = "pip install 'semicurv-tf[openvino]'"
# Precision of a model -> what OpenVINO is asked for; what int8 leaves is computed in what the processor is best at.
HINTS = {"float32": {"INFERENCE_PRECISION_HINT": "f32"}, "bfloat16": {"INFERENCE_PRECISION_HINT": "bf16"}, "int8": {}}


def has_openvino() -> bool:
    """Whether OpenVINO is installed; it is not loaded for that."""
    return importlib.util.find_spec("openvino") is not None


@contextlib.contextmanager
def unreported() -> Iterator[None]:
    """Converting and quantising tell their makers of each use over the network, except in a CI job: here they are."""
    before = os.environ.get("CI")
    os.environ["CI"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["CI"]
        else:
            os.environ["CI"] = before


def openvino_answers(model, precision: str = "float32") -> Callable[[np.ndarray], np.ndarray]:
    """Compiles a model for this processor.

    Args:
        model: path of a `.xml` with its `.bin` beside it, or an `openvino.Model`; from uint8 images
            `(batch, height, width, channels)`, raw 0-255, to probabilities `(batch, height, width, 1)`.
        precision: of the features, a key of `HINTS`: "bfloat16" where the processor has it, else they stay float32;
            "int8" for a model that was quantised.

    Returns:
        A function from such images to float32 probabilities. One thread at a time may call it.

    Raises:
        UserError: OpenVINO is not installed, or the file is none of its models.
    """
    if not has_openvino():
        raise UserError(f"openvino: not installed. Fix: {INSTALL}")
    import openvino

    core = openvino.Core()
    if isinstance(model, str | Path):
        try:
            model = core.read_model(str(model))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[-200:]
            raise UserError(f"{model}: cannot be read by OpenVINO ({reason}). Fix: export again") from None
    compiled = core.compile_model(model, "CPU", HINTS[precision])

    def answers(image: np.ndarray) -> np.ndarray:
        return compiled(np.ascontiguousarray(image))[0]

    return answers
