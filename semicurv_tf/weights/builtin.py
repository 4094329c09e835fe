"""A file of weights in float16 with its card: `NAME.npz` and `NAME.json`, checked against each other when read."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.whole_files import write_json, written_whole

BUILT_IN = {"curves": Path(__file__).parent / "curves.npz"}
KERNEL_CHANNELS = 3  # of the images that the weights were made from
START_FILE = "start.npz"  # of a pre-training, in its run folder


class Weights(NamedTuple):
    """Weights of a residual UNet without encoding, for images of three channels.

    Attributes:
        arrays: in the order of `network.get_weights()`, float32.
        card: what they are: command, seed, steps, drawing version, widths, threshold, scores, licence.
        path: where they were read.
    """

    arrays: list[np.ndarray]
    card: dict
    path: Path

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the network's levels."""
        return tuple(self.card["widths"])


def read_weights(name_or_path: str | Path) -> Weights:
    """Reads built-in weights by their name, or a file that `write_weights` wrote.

    Args:
        name_or_path: "curves", or the path of an `.npz` with its card beside it.

    Raises:
        UserError: no such name or file, no card, or a file that the card's checksum does not fit.
    """
    path = BUILT_IN.get(str(name_or_path), Path(name_or_path))
    if not path.is_file() or path.suffix != ".npz":
        raise UserError(
            f"model.start: expected {', '.join(BUILT_IN)}, none or a file of weights (.npz), found {name_or_path}. "
            "Fix: --set model.start=curves"
        )
    card_path = path.with_suffix(".json")
    remake = "copy both files anew, or begin with curves, the built-in weights"
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        expected, _ = card["sha256"], tuple(card["widths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{card_path}: expected the card of {path.name} with its sha256 and widths, found none that can be read "
            f"({type(error).__name__}). Fix: {remake}"
        ) from None
    found = _checksum(path)
    if found != expected:
        raise UserError(
            f"{path}: expected the file whose sha256 is {str(expected)[:12]}..., found {found[:12]}...: it is damaged "
            f"or another's. Fix: {remake}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name].astype(np.float32) for name in sorted(file.files)]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: expected arrays of weights, found {error}. Fix: {remake}") from None
    return Weights(arrays, card, path)


def write_weights(path: Path, arrays, card: dict) -> Weights:
    """Writes weights in float16, and their card with the file's checksum beside them.

    Args:
        path: of the `.npz`; the card gets the suffix `.json`.
        arrays: in the order of `network.get_weights()`.
        card: must have "widths".

    Raises:
        ValueError: a weight that float16 cannot hold.
        UserError: a file cannot be written.
    """
    halves = [np.asarray(array, np.float32).astype(np.float16) for array in arrays]
    if not all(np.isfinite(array).all() for array in halves):
        raise ValueError("Expected weights that float16 can hold, up to 65504. Received: larger or not finite ones")
    named: dict[str, Any] = {f"{number:03d}": array for number, array in enumerate(halves)}
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, **named)
    write_json(path.with_suffix(".json"), {**card, "sha256": _checksum(path)})
    return read_weights(path)


def _checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
