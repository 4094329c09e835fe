"""Opens a `.keras` file that may come from elsewhere: what it would make is read before anything is made.

Keras runs what a file names: `Lambda` layers hold Python code, functions are looked up by module and name, vocabularies
are read from where they say, and weights are allocated by what their header says. Newer versions refuse some of it.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import require_regular
from semicurv_tf.wording import in_short

MODULES = (
    "keras.layers", "keras.models", "keras.src.models", "keras.initializers", "keras.constraints", "keras.regularizers",
    "keras.dtype_policies", "keras.activations", "keras.losses", "keras.optimizers", "semicurv_tf",
)  # fmt: skip
PROGRAMS = frozenset((
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "function", "__lambda__",
    "StringLookup", "IntegerLookup", "TextVectorization",  # read the file that their vocabulary names
))  # fmt: skip
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
LARGEST_CONFIG_BYTES = 20_000_000


def load_network(path: str | Path, trust: bool = False):
    """The network of a `.keras` file.

    Args:
        path: the file.
        trust: skip the check of what it holds.

    Raises:
        UserError: damaged, more than layers of Keras and of this package, or weights larger than the file.
    """
    path = Path(path)
    try:
        require_regular(path, _WRITE_AGAIN)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}). {_AGAIN}") from None
    if not trust:
        require_plain(path)
    import keras

    import semicurv_tf.models  # noqa: F401  registers the networks

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, IndexError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: cannot be loaded ({reason[:200]}). {_AGAIN}") from None


def require_plain(path: Path) -> None:
    """Refuses a `.keras` file that holds programs, classes from elsewhere, or weights larger than itself.

    Raises:
        UserError: naming what was found.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            packed = sum(member.file_size for member in members.values())
            if packed > 4 * path.stat().st_size:
                raise UserError(f"{path}: expected a file that is not packed, found {packed} bytes in it. {_AGAIN}")
            if members[CONFIG].file_size > LARGEST_CONFIG_BYTES:
                raise UserError(f"{path}: expected a small {CONFIG}, found {members[CONFIG].file_size} bytes. {_AGAIN}")
            config = json.loads(archive.read(CONFIG))
            _require_small_weights(path, archive.read(WEIGHTS))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}). {_AGAIN}") from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        RecursionError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        struct.error,
        zlib.error,
    ) as error:
        raise UserError(
            f"{path}: expected a file written by Keras, found a damaged one ({in_short(error)}). {_AGAIN}"
        ) from None
    found = sorted(set(_foreign(config)))
    if found:
        raise UserError(
            f"{path}: expected layers of Keras and semicurv_tf, found {', '.join(found[:5])}. "
            "Fix: a network from a source that you trust; `export --check` takes it with --trust"
        )


_WRITE_AGAIN = "write it again from its run"
_AGAIN = f"Fix: {_WRITE_AGAIN}"


def _foreign(config) -> Iterator[str]:
    """Names of what is no plain layer, anywhere in a configuration."""
    stack = [config]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += part
        elif isinstance(part, dict):
            stack += part.values()
            name, module = part.get("class_name"), part.get("module")
            if isinstance(name, str) and (name in PROGRAMS or not _is_ours(module, part)):
                yield f"{name} of {module or part.get('registered_name') or 'an unknown module'}"


def _is_ours(module, part) -> bool:
    registered = part.get("registered_name")
    if isinstance(registered, str) and registered.startswith("semicurv_tf>"):
        # Where Keras knows no such name it imports the module: that must be ours too.
        return module is None or _is_in(module, ("semicurv_tf",))
    if module is None or module == "keras":  # parts of a layer's own configuration; `DTypePolicy`
        return registered is None or registered == part["class_name"]
    return _is_in(module, MODULES)


def _is_in(module, packages: tuple[str, ...]) -> bool:
    return isinstance(module, str) and any(module == one or module.startswith(f"{one}.") for one in packages)


def _require_small_weights(path: Path, content: bytes) -> None:
    import h5py

    total, elsewhere = 0, []

    def visit(name, link):
        if isinstance(link, h5py.ExternalLink):
            elsewhere.append(name)

    def measure(name, item):
        nonlocal total
        if isinstance(item, h5py.Dataset):
            total += item.size * item.dtype.itemsize
            if item.external or item.is_virtual:
                elsewhere.append(name)

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems_links(visit)
        if not elsewhere:
            file.visititems(measure)
    if elsewhere:
        raise UserError(f"{path}: expected weights within the file, found a link to another ({elsewhere[0]}). {_AGAIN}")
    if total > len(content):
        raise UserError(f"{path}: expected at most its own {len(content)} bytes of weights, found {total}. {_AGAIN}")
