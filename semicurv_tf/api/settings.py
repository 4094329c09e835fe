"""Keywords of Python to the settings of a configuration, and where progress goes."""

import difflib
from typing import Any

from rich.console import Console

from semicurv_tf.config.whole import SECTIONS

# The words that the command line has for single keys.
WORDS = {
    "data_dir": "data.data_dir",
    "unlabelled_dir": "data.unlabelled_dir",
    "labels": "data.labels",
    "method": "method.name",
    "model": "model.name",
    "steps": "training.steps",
    "seed": "training.seed",
    "devices": "training.devices",
    "precision": "training.precision",
}
_PATHS = ("data_dir", "unlabelled_dir")


def settings_of(function: str, keywords: dict[str, Any]) -> dict[str, Any]:
    """Dotted keys of a configuration, as `load_config` takes them.

    Args:
        function: whose keywords they are, for the message.
        keywords: a word of `WORDS` with its value, None where it is not given; or a section with a dict of its keys.

    Raises:
        TypeError: another keyword.

    Example:
        >>> settings_of("train", {"steps": 20, "model": {"widths": [4, 8]}, "method": "cutmix", "seed": None})
        {'model.widths': [4, 8], 'training.steps': 20, 'method.name': 'cutmix'}
    """
    values: dict[str, Any] = {}
    for name, value in keywords.items():
        if name in SECTIONS and isinstance(value, dict):
            values |= {f"{name}.{key}": each for key, each in value.items()}
        elif name not in WORDS:
            known = list(dict.fromkeys([*WORDS, *SECTIONS]))
            near = [] if name in SECTIONS else difflib.get_close_matches(name, known, n=1)
            meant = f", did you mean {near[0]}?" if near else ""
            expected = "a dict of its keys" if name in SECTIONS else f"one of {', '.join(known)}"
            raise TypeError(f"{function}({name}=...): expected {expected}. Received: {name}={value!r}{meant}")
    # A word wins over its section, as options win over --set.
    for name, value in keywords.items():
        if name in WORDS and value is not None and not isinstance(value, dict):
            values[WORDS[name]] = str(value) if name in _PATHS else value
    return values


def console(quiet: bool) -> Console:
    """Progress and messages go to standard error as they are, in plain lines in a notebook."""
    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True, quiet=quiet, force_jupyter=False)
