"""Options of a dataset: defaults, and what a user gave instead."""

from collections.abc import Mapping

from semicurv_tf.errors import UserError
from semicurv_tf.section import set_option


def check_options(dataset: str, known: dict, given: Mapping) -> dict:
    """Defaults overlaid with `given`; names unknown options and wrong types.

    Raises:
        UserError: one line per fault.
    """
    faults, texts = [], {}
    for key, value in given.items():
        if key not in known:
            faults.append(
                f"data.options.{key}: expected one of {', '.join(known) or 'no option'} for "
                f"dataset {dataset}. Fix: remove it"
            )
            continue
        default = known[key]
        if isinstance(default, str) and type(value) is int:
            value = texts[key] = str(value)  # YAML reads 0 as a number where a text such as 253-255 may stand
        fits = value is None or default is None or type(value) is type(default) or (
            isinstance(default, float) and type(value) is int
        )  # fmt: skip
        if not fits:
            faults.append(
                f"data.options.{key}: expected {type(default).__name__} such as {default!r}, "
                f"found {value!r}. Fix: {set_option(f'data.options.{key}', default)}"
            )
    if faults:
        raise UserError(faults)
    return {**known, **given, **texts}
