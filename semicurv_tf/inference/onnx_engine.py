"""Probabilities by ONNX Runtime (the extra `onnx`) in place of TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from semicurv_tf.errors import UserError


def onnx_answers(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Opens a model for this processor.

    Args:
        file: path of a `.onnx`; from uint8 images `(batch, height, width, channels)`, raw 0-255, to probabilities
            `(batch, height, width, 1)`.

    Returns:
        A function from such images to float32 probabilities.

    Raises:
        UserError: ONNX Runtime is not installed, or the file is none of its models.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError(f"{file}: needs onnxruntime. Fix: pip install 'semicurv-tf[onnx]'") from None
    try:
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        (name,) = (each.name for each in session.get_inputs())
    except _faults() as error:
        reason = " ".join(str(error).split())[-200:]
        raise UserError(f"{file}: cannot be read by ONNX Runtime ({reason}). Fix: export again") from None

    def answers(image: np.ndarray) -> np.ndarray:
        try:
            return session.run(None, {name: image})[0]
        except _faults() as error:
            raise RuntimeError(str(error)) from None  # as OpenVINO does

    return answers


def _faults() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: its own exceptions have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return (RuntimeError, ValueError, *own)
