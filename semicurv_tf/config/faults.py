"""One line for each fault of a configuration: the key, what was expected, what was found, the remedy."""

import difflib

from semicurv_tf.config.whole import SECTIONS, section_class
from semicurv_tf.methods.registry import DEFAULT, METHODS, methods_with
from semicurv_tf.section import IDLE, TruthValue, set_option

# Pydantic's type of the error for a key that a section does not have.
FOREIGN = "extra_forbidden"
_LONGEST_SHOWN = 200  # characters of a value


def fault_line(origin: str, fault, values: dict) -> str:
    """A line for one of pydantic's errors.

    Args:
        origin: the file, or "configuration".
        fault: of `ValidationError.errors()`.
        values: what was validated.
    """
    if fault["type"] == "value_error":  # raised by a section, with its key and remedy
        return f"{origin}: {fault['ctx']['error']}"
    if fault["type"] == IDLE:
        return f"{origin}: {fault['msg']}"
    path = [str(part) for part in fault["loc"] if not str(part).startswith(("constrained", "function"))]
    if path[0] == "method" and len(path) > 1 and path[1] in METHODS:  # the class that the name chose
        del path[1]
    key = ".".join(path)
    section = section_class(path[0], values.get(path[0]))
    if fault["type"] == "union_tag_invalid":
        names = ", ".join(METHODS)
        return f"{origin}: method.name: expected one of {names}, found {_name(values)!r}. Fix: --method {DEFAULT.name}"
    if fault["type"] == FOREIGN:
        others = methods_with(path[-1]) if path[0] == "method" and len(path) == 2 else []
        if others:
            return (
                f"{origin}: {key}: {_name(values)} has no such key, {_listed(others)}. "
                f"Fix: remove it (--set {key}=null), or --method {others[0]}"
            )
        known = _known(path, section)
        near = difflib.get_close_matches(path[-1], known.split(", "), n=1)
        meant = f", did you mean {'.'.join([*path[:-1], *near])}?" if near else "."
        return f"{origin}: unknown key {key}{meant} Fix: one of {known}"
    if fault["type"] in ("model_type", "model_attributes_type", "dict_type") and len(path) == 1:
        fix = _known([*path, ""], section)
        return f"{origin}: {key}: expected a section with keys, found {_shown(fault['input'])}. Fix: one of {fix}"
    if isinstance(fault["input"], TruthValue):
        kind = "a whole number" if fault["type"].startswith("int") else "a number"
        return f"{origin}: {key}: expected {kind}, found {fault['input']}. Fix: {_remedy(path, section)}"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{origin}: {key}: {message}, found {_shown(fault['input'])}. Fix: {_remedy(path, section)}"


def without_echoes(faults: list) -> list:
    """Pydantic's errors except lists that count as too short only because entries of theirs are wrong."""
    inside = {fault["loc"][:length] for fault in faults for length in range(len(fault["loc"]))}
    return [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in inside]


def _shown(value) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _name(values: dict):
    return (values.get("method") or {}).get("name") or DEFAULT.name


def _listed(names: list[str]) -> str:
    return f"only {', '.join(names)} {'has' if len(names) == 1 else 'have'} it"


def _known(path: list[str], section) -> str:
    return ", ".join(SECTIONS if section is None or len(path) == 1 else section.model_fields)


def _remedy(path: list[str], section) -> str:
    field = section.model_fields.get(path[1]) if section is not None and len(path) > 1 else None
    if field is None:
        return "semicurv-tf recipes quickstart shows the sections and their keys"
    about = f" ({field.description})" if field.description else ""
    return f"{set_option(f'{path[0]}.{path[1]}', field.default)}{about}"
