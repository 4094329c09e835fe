"""The numbers that the paper printed (Xu et al. 2022, Tables III to VI), from `published.json` beside this file."""

import functools
import json
from importlib import resources


@functools.cache
def read_published() -> dict:
    """The whole file: `source`, the tables, and what the text says of the figures."""
    return json.loads(resources.files("semicurv_tf.study").joinpath("published.json").read_text(encoding="utf-8"))


def published(table: str, dataset: str, labels: float, system: str):
    """A printed number.

    Args:
        table: "table3" to "table6".
        dataset: a name of the catalogue.
        labels: labelled fraction.
        system: a name of `semicurv_tf.study.systems`.

    Returns:
        `[IoU, F1]` in percent, an element None where the paper gives none; minutes for "table6"; or None.
    """
    return read_published()[table].get(dataset, {}).get(f"{labels:g}", {}).get(system)


def published_labels(table: str, dataset: str) -> tuple[float, ...]:
    """The labelled fractions of a dataset in a table, as printed from left to right or top to bottom."""
    return tuple(float(label) for label in read_published()[table].get(dataset, {}))
