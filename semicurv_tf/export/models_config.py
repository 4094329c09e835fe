"""Reads a server's `models.config` with the server's own protos, so that a typo is found before it starts."""

from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import read_regular

MOST_BYTES = 10_000_000  # tens of thousands of models


def read_models_config(path: str | Path) -> list[dict]:
    """The models of a `models.config`.

    Args:
        path: the file, in protobuf text format.

    Returns:
        Per model `{"name", "base_path", "versions": [int] or None (the newest), "labels": {label: version}}`.

    Raises:
        UserError: the file is missing or wrong, a label points to a version that is not served, or the
            extra `serving` is not installed.
    """
    try:
        from google.protobuf import text_format
        from tensorflow_serving.config import model_server_config_pb2
    except ImportError:
        raise UserError(
            f"{path}: cannot be read without the server's protos. Fix: pip install 'semicurv-tf[serving]'"
        ) from None
    try:
        content = read_regular(Path(path), MOST_BYTES, "compare with serving/models.config").decode()
        config = text_format.Parse(content, model_server_config_pb2.ModelServerConfig())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Fix: check the path") from None
    except (text_format.ParseError, ValueError) as error:
        raise UserError(
            f"{path}: the server would refuse it: {error}. Fix: compare with serving/models.config"
        ) from None
    models = [_model(entry) for entry in config.model_config_list.config]
    faults = (
        [] if models else [f"{path}: expected at least one model, found none. Fix: compare with serving/models.config"]
    )
    for model in models:
        if not model["name"] or not model["base_path"]:
            faults.append(f"{path}: expected name and base_path of every model, found {model}. Fix: fill them in")
        for label, version in model["labels"].items():
            if model["versions"] is not None and version not in model["versions"]:
                faults.append(
                    f"{path}: label {label} of {model['name']}: version {version} is not among the served "
                    f"{model['versions']}. "
                    f"Fix: add 'versions: {version}' under 'specific'"
                )
    if faults:
        raise UserError(faults)
    return models


def _model(entry) -> dict:
    policy = entry.model_version_policy
    return {
        "name": entry.name,
        "base_path": entry.base_path,
        "versions": list(policy.specific.versions) if policy.HasField("specific") else None,
        "labels": dict(entry.version_labels),
    }
