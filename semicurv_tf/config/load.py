"""From YAML files and `--set a.b=c` to a validated configuration; and from those that earlier runs stored."""

import re
from pathlib import Path
from typing import Any, get_args

import pydantic

from semicurv_tf.config.faults import FOREIGN, fault_line, without_echoes
from semicurv_tf.config.plain_yaml import MOST_BYTES, NotPlainYaml, plain_yaml
from semicurv_tf.config.whole import Config, section_class
from semicurv_tf.errors import UserError
from semicurv_tf.methods.registry import methods_with
from semicurv_tf.regular_files import read_regular
from semicurv_tf.section import IDLE


def load_config(
    path: str | Path | None = None, settings: dict[str, Any] | None = None, origin: str | None = None
) -> Config:
    """Reads a configuration and applies settings over it.

    Args:
        path: a YAML file, or None for the defaults.
        settings: dotted key to value, e.g. `{"training.seed": 1}`; they win over the file.
        origin: what messages call the configuration; None: the file, where there is one.

    Returns:
        The validated configuration.

    Raises:
        UserError: one line for each unknown key, key of another method, wrong type or impossible value; or for a file
            that cannot be read.
    """
    values = _read_yaml(Path(path)) if path is not None else {}
    named = origin or ("configuration" if path is None else str(path))
    return _validated(_with(values, settings), named)


def load_stored_config(path: str | Path, settings: dict[str, Any] | None = None) -> Config:
    """Reads the configuration of a run, also of an earlier version, and applies settings over it.

    Earlier versions wrote the keys of all methods, and settings without effect: these are left out. The settings are
    taken as strictly as by `load_config`, which see.
    """
    # Of another method that the settings name, the stored section is no mistake: who asked for it is told so elsewhere.
    names = {key: value for key, value in (settings or {}).items() if key == "method.name"}
    values = _own_settings(_with(_read_yaml(Path(path)), names))
    return _validated(_with(values, settings), str(path))


def load_shared_config(path: str | Path | None = None, settings: dict[str, Any] | None = None) -> Config:
    """As `load_config`, for a comparison of methods and networks that share a file and settings.

    Each takes what it has: keys of other methods, and settings without effect, are left out.
    """
    values = _read_yaml(Path(path)) if path is not None else {}
    return _validated(_own_settings(_with(values, settings)), str(path) if path is not None else "configuration")


def stored_config(values: dict[str, Any]) -> Config:
    """The configuration of a record, also of an earlier version; see `load_stored_config`.

    Raises:
        pydantic.ValidationError: the record is no configuration.
    """
    return Config.model_validate(_own_settings(values))


def parse_setting(text: str) -> tuple[str, Any]:
    """Splits `a.b=c` as given to `--set`; the value is read as YAML, so `1e-3`, `true` and `null` work.

    Raises:
        UserError: without `=` or without a dotted key.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or "." not in key:
        raise UserError(f"--set {text}: expected section.key=value. Fix: --set training.seed=1")
    try:
        parsed = plain_yaml(value)
    except NotPlainYaml as error:
        if error.remedy:
            raise UserError(f"--set {text}: {error}. Fix: {error.remedy}") from None
        raise UserError(f"--set {text}: the value is not valid YAML. Fix: quote it, --set '{key}=\"...\"'") from None
    return key, _number(parsed, *key.split(".", 1))


def _validated(values: dict, origin: str) -> Config:
    try:
        return Config.model_validate(values)
    except pydantic.ValidationError as error:
        raise UserError([fault_line(origin, fault, values) for fault in without_echoes(error.errors())]) from None


def _own_settings(values: dict) -> dict:
    """The values without keys of other methods and without settings that have no effect."""
    while True:
        try:
            Config.model_validate(values)
            return values
        except pydantic.ValidationError as error:
            dropped = [place for fault in error.errors() if (place := _without_meaning(fault)) is not None]
        if not dropped:
            return values
        values = {
            section: {key: value for key, value in content.items() if (section, key) not in dropped}
            if isinstance(content, dict)
            else content
            for section, content in values.items()
        }


def _without_meaning(fault) -> tuple[str, str] | None:
    """Section and key of what a fault says has no meaning where it stands."""
    if fault["type"] == IDLE:
        return fault["ctx"]["section"], fault["ctx"]["key"]
    place = fault["loc"]
    if fault["type"] == FOREIGN and place[0] == "method" and methods_with(str(place[-1])):
        return "method", str(place[-1])
    return None


def _with(values: dict, settings: dict[str, Any] | None) -> dict:
    for key, value in (settings or {}).items():
        _set(values, key, value)
    return values


def _set(values: dict, key: str, value):
    *sections, last = key.split(".")
    node = values
    for section in sections:
        if not isinstance(node.get(section), dict):
            node[section] = {}
        node = node[section]
    node[last] = value


_COMPARE = "compare it with semicurv-tf recipes quickstart"


def _read_yaml(path: Path) -> dict:
    try:
        values = plain_yaml(read_regular(path, MOST_BYTES, "name a configuration").decode("utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Fix: name an existing YAML file") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not valid YAML. Fix: {_COMPARE}") from None
    except NotPlainYaml as error:
        where = f", line {error.line}" if error.line is not None else ""
        raise UserError(f"{path}{where}: {error}. Fix: {error.remedy or _COMPARE}") from None
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise UserError(
            f"{path}: expected sections such as `training:`, found {type(values).__name__}. Fix: {_COMPARE}"
        )
    return {
        section: {key: _number(value, section, key) for key, value in content.items()}
        if isinstance(content, dict)
        else content
        for section, content in values.items()
    }


_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")


def _number(value, section: str, key: str):
    """YAML 1.1 reads `1e-3` as text, which no user means, except where a text belongs: a folder may be named so."""
    if isinstance(value, str) and _EXPONENT.fullmatch(value) and not _is_text(section, key):
        return float(value)
    return value


def _is_text(section: str, key: str) -> bool:
    known = section_class(section)
    field = known.model_fields.get(key) if known is not None else None
    if field is None:
        return False
    kinds = (field.annotation, *get_args(field.annotation))
    return str in [getattr(kind, "__origin__", kind) for kind in kinds]  # a text with a check of its own, too
