"""The tables and figures that can be reproduced: which systems, at which label budgets."""

from collections.abc import Callable
from typing import NamedTuple

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.errors import UserError
from semicurv_tf.methods.registry import METHODS
from semicurv_tf.study.published import published_labels
from semicurv_tf.study.systems import ALPHAS, PERIODS

# The paper's, and the built-in one to try it all on, of which the paper has no numbers.
DATASETS = ("crackforest", "crack500", "gaps384", "mitroad", "em128", "drive128", "synthetic")

FULLY_SUPERVISED = ("deeplab_v3_plus", "hed", "fphbn", "supervised")
SEMI_SUPERVISED = tuple(name for name, method in METHODS.items() if method.title)
ENCODINGS = ("semicurv", "semicurv_learned", "semicurv_rotary")
ABLATION = (
    "supervised_wbce",
    "supervised",
    "mean_teacher_no_geometry",
    "mean_teacher",
    "semicurv_no_encoding",
    "semicurv_linear",
    "semicurv",
    "semicurv_l2",
)
PERIOD_SYSTEMS = tuple("semicurv" if k == 4 else f"semicurv_k_{k}" for k in PERIODS)


class Target(NamedTuple):
    """A table or figure.

    Attributes:
        name: as the command takes it.
        title: what it shows.
        blocks: from a dataset's name to pairs of labelled fraction and names of systems.
        systems: from a labelled fraction to the names of systems, for `--labels`.
    """

    name: str
    title: str
    blocks: Callable[[str], list[tuple[float, tuple[str, ...]]]]
    systems: Callable[[float], tuple[str, ...]]


def _high_low(dataset: str) -> tuple[float, float]:
    high, low = dataset_info(dataset).label_budgets
    return high, low


def _target(name: str, title: str, systems: tuple[str, ...], labels: Callable[[str], tuple[float, ...]]) -> Target:
    return Target(name, title, lambda dataset: [(label, systems) for label in labels(dataset)], lambda label: systems)


def _table3_systems(label: float) -> tuple[str, ...]:
    return FULLY_SUPERVISED if label == 1.0 else SEMI_SUPERVISED


def _lowest(dataset: str) -> tuple[float, ...]:
    return _high_low(dataset)[1:]


def _table5_labels(dataset: str) -> tuple[float, ...]:
    """The one budget of the dataset's column; the lowest for a dataset that the paper has not."""
    return published_labels("table5", dataset) or _lowest(dataset)


_ALL = (
    Target(
        "table3",
        "all systems at all label budgets: IoU and F1",
        lambda dataset: [(label, _table3_systems(label)) for label in (1.0, *_high_low(dataset))],
        _table3_systems,
    ),
    _target("table4", "encodings: sinusoid, learned, rotary", ENCODINGS, _high_low),
    _target("table5", "ablation: loss, geometric views, consistency, encoding, similarity", ABLATION, _table5_labels),
    _target("table6", "training time: supervised and SemiCurv", ("supervised", "semicurv"), _high_low),
    _target(
        "figure6",
        "the teacher's alpha from 0.9 to 0.9999",
        tuple(f"{method}_alpha_{alpha:g}" for method in ("mean_teacher", "semicurv") for alpha in ALPHAS),
        _lowest,
    ),
    _target(
        "figure8a",
        "collapse: predicted foreground over time, MSE against N-pair",
        ("mean_teacher", "semicurv_no_encoding", "semicurv"),
        _lowest,
    ),
    _target("figure8b", "the encoding's period K", PERIOD_SYSTEMS, _lowest),
)

TARGETS = {target.name: target for target in _ALL}


def find_target(name: str) -> Target:
    """The table or figure of a name.

    Raises:
        UserError: one line with all names.
    """
    if name not in TARGETS:
        raise UserError(f"reproduce {name}: no such table or figure. Fix: one of {', '.join(TARGETS)}")
    return TARGETS[name]


def overview() -> str:
    """What `--list` prints: targets with their systems, and datasets with their label budgets."""
    lines = ["tables and figures"]
    for target in TARGETS.values():
        names = dict.fromkeys(name for label in (1.0, 0.01) for name in target.systems(label))
        lines += [f"  {target.name:<9} {target.title}", f"            {', '.join(names)}"]
    lines += ["", "datasets, with the paper's label budgets"]
    for name in DATASETS:
        high, low = _high_low(name)
        lines.append(f"  {name:<12} {100 * high:g} % and {100 * low:g} %")
    return "\n".join(lines)
