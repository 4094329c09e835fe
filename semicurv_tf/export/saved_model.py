"""Writes a version of a SavedModel: beside its place first, then renamed; never over another version."""

import contextlib
import errno
import shutil
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.export.card import card_path, version_numbers
from semicurv_tf.parts import new_part, remove_abandoned
from semicurv_tf.whole_files import cannot_write, write_json

MAX_PIXELS = 4_194_304  # of one served image: 2048x2048
LARGEST_VERSION = 2**63 - 1  # TF Serving reads names of versions into 64 bits
MAX_BATCH = 8  # images of that size that one request, or several merged ones, may hold


def choose_version(models: str | Path, version: int | None = None) -> Path:
    """The folder of a new version: `version`, or the highest one there plus 1, or 1.

    Raises:
        UserError: the version exists or is larger than TF Serving reads, or the path is a file.
    """
    models = Path(models)
    if models.exists() and not models.is_dir():
        raise UserError(f"--output {models}: expected a folder, found a file. Fix: name a folder")
    taken = version_numbers(models)
    if version is None:
        version = max(taken, default=0) + 1
        if version > LARGEST_VERSION:
            raise UserError(
                f"--output {models}: expected versions up to {LARGEST_VERSION}, found {max(taken)}. "
                "Fix: --version with a free number, which TF Serving can read"
            )
    elif version > LARGEST_VERSION:
        raise UserError(
            f"--version {version}: expected at most {LARGEST_VERSION}, TF Serving sees no larger one. "
            "Fix: leave --version out"
        )
    elif version in taken:
        free = max(taken) + 1
        remedy = f"leave --version out to write version {free}" if free <= LARGEST_VERSION else "another free number"
        raise UserError(f"--version {version}: {models / str(version)} exists and is never overwritten. Fix: {remedy}")
    return models / str(version)


@contextlib.contextmanager
def new_version(models: str | Path, version: int | None = None):
    """Gives a temporary folder that becomes the version folder once the block ends well.

    Its name is no number, so a server that watches `models` does not load it half-written. Where the
    block fails, nothing is left.

    Yields:
        (temporary folder, version folder to be).

    Raises:
        UserError: the version exists, or the folder cannot be written.
    """
    final = choose_version(models, version)
    part = new_part(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(final.parent, below=False)
        part.mkdir()
        yield part, final
        if final.exists():
            raise _taken(final)
        part.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and final.exists():
            raise _taken(final) from None
        raise cannot_write(final, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _taken(final: Path) -> UserError:
    return UserError(f"{final}: was written by another export meanwhile. Fix: export again")


def write_saved_model(
    network, directory: Path, channels: int, *, threshold=0.5, size=None, max_pixels=MAX_PIXELS, max_batch=MAX_BATCH,
    value_range=None,
) -> None:  # fmt: skip
    """Writes the SavedModel with its signatures; see `signatures.py` for them.

    `keras.export.ExportArchive` is used because `tf.saved_model.save` of a Keras 3 model cannot be
    restored by the C++ session path of TF Serving.

    Args:
        network: from raw float32 images to float32 logits.
        directory: of the SavedModel, best a temporary one from `new_version`.
        channels, threshold, size, max_pixels, value_range: see `make_signatures`.
        max_batch: the largest batch the server may form; a request may hold so many images of `max_pixels`.
    """
    import keras

    from semicurv_tf.export.signatures import make_signatures

    archive = keras.export.ExportArchive()
    signatures = make_signatures(
        lambda image: network(image, training=False), channels, threshold=threshold, size=size, max_pixels=max_pixels,
        request_pixels=max_batch * max_pixels, value_range=value_range,
    )  # fmt: skip
    for name, (function, specification) in signatures.items():
        archive.add_endpoint(name, function, specification)
    archive.write_out(str(directory), verbose=False)


def write_card(directory: Path, card: dict) -> None:
    """Writes the model card into a version folder."""
    write_json(card_path(directory), card)
