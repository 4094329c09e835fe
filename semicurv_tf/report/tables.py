"""The paper's tables with what was measured beside what was printed."""

from collections.abc import Sequence

from semicurv_tf.report.document import Shown, Table
from semicurv_tf.report.measured import Group, Spread, find_groups, main_group
from semicurv_tf.study.published import published, published_labels
from semicurv_tf.study.systems import SYSTEMS
from semicurv_tf.study.targets import DATASETS, TARGETS

PUBLISHED_DATASETS = tuple(name for name in DATASETS if name != "synthetic")

NOT_RUN = Shown("not run", "absent")
NOT_PRINTED = Shown("–", "absent")

# Columns of Table V, by system.
ABLATION = {
    "supervised_wbce": ("–", "WBCE", "✓", "–", "–", "–"),
    "supervised": ("–", "Dice", "✓", "–", "–", "–"),
    "mean_teacher_no_geometry": ("MT", "Dice", "–", "MSE", "–", "–"),
    "mean_teacher": ("MT", "Dice", "✓", "MSE", "–", "–"),
    "semicurv_no_encoding": ("MT", "Dice", "✓", "N-pair", "–", "cosine"),
    "semicurv_linear": ("MT", "Dice", "✓", "N-pair", "linear", "cosine"),
    "semicurv": ("MT", "Dice", "✓", "N-pair", "sinusoid", "cosine"),
    "semicurv_l2": ("MT", "Dice", "✓", "N-pair", "sinusoid", "L2"),
}
ABLATION_HEAD = ("SSL", "loss", "geo.", "cons.", "enc.", "sim.")

SCORE_HEAD = (
    "IoU printed",
    "IoU measured",
    "difference",
    "F1 printed",
    "F1 measured",
    "difference",
    "pooled IoU",
    "seeds",
    "steps",
    "budget",
    "minutes",
)
# Columns of SCORE_HEAD that a table shows: of the others the paper prints no F1, and Table V has columns of its own.
COLUMNS = {"table3": tuple(range(11)), "table4": (0, 1, 2, 4, 6, 7, 8, 9, 10), "table5": (0, 1, 2, 6, 7, 8, 9)}

# As the paper calls them.
TITLES = {
    "crackforest": "CrackForest",
    "crack500": "Crack500",
    "gaps384": "GAPs384",
    "mitroad": "MIT Road",
    "em128": "EM128",
    "drive128": "DRIVE128",
    "synthetic": "Synthetic curves",
}


def title_of(dataset: str) -> str:
    """A dataset as people call it."""
    return TITLES[dataset]


def percent(labels: float) -> str:
    """A labelled fraction as text."""
    return f"{100 * labels:g} %"


def budget_text(budget: float) -> str:
    """A run's length as a share of the paper's."""
    return f"{budget:.3g}"


def measured_text(spread: Spread, digits: int = 1) -> str:
    """`41.2`, or `41.2 ± 0.8` over several seeds."""
    if spread.deviation is None:
        return f"{spread.mean:.{digits}f}"
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"


def difference(measured: float, printed: float | None):
    """Measured minus printed, with its sign."""
    if printed is None:
        return NOT_PRINTED
    gap = round(measured - printed, 1)
    if gap == 0:
        return "0.0"
    return Shown(f"{gap:+.1f}".replace("-", "−"), "better" if gap > 0 else "worse")


def score_cells(table: str, group: Group | None, dataset: str, labels: float, system: str, best: float | None) -> list:
    """The cells of `SCORE_HEAD`.

    Args:
        table: whose printed numbers stand beside.
        group: what was measured, or None.
        dataset, labels, system: which row.
        best: the best measured IoU of the block, shown bold.
    """
    printed = published(table, dataset, labels, system) or [None, None]
    shown = [
        NOT_PRINTED if value is None else Shown(f"{value:g}" if table == "table4" else f"{value:.1f}", "printed")
        for value in printed
    ]
    if group is None:
        return [shown[0], NOT_RUN, "", shown[1], NOT_RUN, "", *[""] * 5]
    iou, f1 = group.iou(), group.spread(lambda result: result.mean["f1"])
    return [
        shown[0],
        Shown(measured_text(iou), "best" if best is not None and iou.mean == best else ""),
        difference(iou.mean, printed[0]),
        shown[1],
        measured_text(f1),
        difference(f1.mean, printed[1]),
        measured_text(group.spread(lambda result: result.pooled["iou"])),
        str(iou.seeds),
        str(group.first.steps),
        budget_text(group.first.budget),
        measured_text(group.spread(lambda result: result.minutes)),
    ]


def _groups_or_none(groups: Sequence[Group], dataset: str, labels: float, system: str) -> list[Group | None]:
    """The groups of a row; one None where nothing was run, which is a row too."""
    return [*find_groups(groups, dataset, labels, system)] or [None]


def dataset_table(target: str, dataset: str, labels: float, groups: Sequence[Group]) -> Table:
    """All rows of a table for one dataset and label budget, with all that was measured."""
    ablation, kept = target == "table5", COLUMNS[target]
    head = ("system", *(ABLATION_HEAD if ablation else ()), *(SCORE_HEAD[column] for column in kept))
    systems, rows = TARGETS[target].systems(labels), []
    best = max(
        (group.iou().mean for name in systems for group in find_groups(groups, dataset, labels, name)), default=None
    )
    for name in systems:
        for group in _groups_or_none(groups, dataset, labels, name):
            title = SYSTEMS[name].title + (f" ({group.variant})" if group and group.variant else "")
            cells = score_cells(target, group, dataset, labels, name, best)
            rows.append([title, *(ABLATION[name] if ablation else ()), *(cells[column] for column in kept)])
    return Table(head, rows, f"{title_of(dataset)}, {percent(labels)} labelled", tuple(range(1, 7)) if ablation else ())


def overview_table(target: str, blocks: Sequence[tuple[str, int]], groups: Sequence[Group]) -> Table:
    """The paper's own layout: a row for each system, a column for each dataset; measured before printed.

    Args:
        target: "table3" or "table5".
        blocks: title, and position among a dataset's printed label budgets.
        groups: what was measured.
    """
    rows: list[str | list] = []
    for title, position in blocks:
        labels = {name: published_labels(target, name)[position] for name in PUBLISHED_DATASETS}
        if title:
            rows.append(title)
        for name in TARGETS[target].systems(next(iter(labels.values()))):
            rows.append(
                [
                    SYSTEMS[name].title,
                    *(_overview_cell(target, groups, dataset, labels[dataset], name) for dataset in labels),
                ]
            )
    one = [published_labels(target, name)[0] for name in PUBLISHED_DATASETS]
    head = [
        f"{title_of(name)}" + (f" {percent(label)}" if len(blocks) == 1 else "")
        for name, label in zip(PUBLISHED_DATASETS, one)
    ]
    return Table(["system", *head], rows, "IoU in percent, measured / printed")


def _overview_cell(target: str, groups, dataset: str, labels: float, system: str):
    printed = (published(target, dataset, labels, system) or [None])[0]
    after = Shown("/ –" if printed is None else f"/ {printed:.1f}", "printed")
    group = main_group(groups, dataset, labels, system)
    return (NOT_RUN if group is None else Shown(f"{group.iou().mean:.1f}", "best"), after)


def order_note(target: str, dataset: str, labels: float, groups: Sequence[Group]) -> str | None:
    """How far the measured order of the systems is the printed one; None with fewer than three systems to compare."""
    found: list[tuple[str, float, float]] = []  # title, measured, printed
    for name in TARGETS[target].systems(labels):
        group, printed = main_group(groups, dataset, labels, name), published(target, dataset, labels, name)
        if group is not None and printed is not None:
            found.append((SYSTEMS[name].title, group.iou().mean, printed[0]))
    if len(found) < 3:
        return None
    pairs = [(a, b) for position, a in enumerate(found) for b in found[position + 1 :] if a[2] != b[2]]
    turned = [(a, b) for a, b in pairs if (a[1] - b[1]) * (a[2] - b[2]) <= 0]
    order = lambda score: " > ".join(row[0] for row in sorted(found, key=score, reverse=True))
    lines = [
        f"Of {len(pairs)} pairs of systems {len(pairs) - len(turned)} stand in the paper's order.",
        f"Measured: {order(lambda row: row[1])}. Printed: {order(lambda row: row[2])}.",
    ]
    if turned:
        widest = max(turned, key=lambda pair: abs(pair[0][1] - pair[1][1]))
        above, below = sorted(widest, key=lambda row: -row[1])
        lines.append(
            f"The widest turn: {above[0]} is {above[1] - below[1]:.1f} points above {below[0]} here, "
            f"and {below[2] - above[2]:.1f} below in the paper."
        )
    return " ".join(lines)


def time_table(dataset: str, labelled: Sequence[float], groups: Sequence[Group]) -> Table:
    """Table VI: minutes of training and seconds per step; printed minutes are of 1000 epochs on another machine."""
    rows = []
    for labels in labelled:
        for name in TARGETS["table6"].systems(labels):
            printed = published("table6", dataset, labels, name)
            shown = NOT_PRINTED if printed is None else Shown(f"{printed:g}", "printed")
            for group in _groups_or_none(groups, dataset, labels, name):
                row = [SYSTEMS[name].title, percent(labels), shown]
                if group is None:
                    rows.append([*row, NOT_RUN, *[""] * 4])
                    continue
                minutes, first = group.spread(lambda result: result.minutes), group.first
                whole = minutes.mean / first.budget
                rows.append(
                    [
                        *row,
                        measured_text(minutes),
                        str(first.steps),
                        budget_text(first.budget),
                        f"{60 * minutes.mean / first.steps:.2f}",
                        f"{whole:.0f}",
                    ]
                )
    head = ("system", "labelled", "printed min", "measured min", "steps", "budget", "s per step", "min at budget 1")
    return Table(head, rows, title_of(dataset))


def setting_table(target: str, dataset: str, labels: float, column: str, value, groups: Sequence[Group]) -> Table:
    """A figure's points: a row for each system, with the value of the axis."""
    rows = []
    for name in TARGETS[target].systems(labels):
        for group in _groups_or_none(groups, dataset, labels, name):
            cells = score_cells("table3", group, dataset, labels, name, None)
            rows.append([SYSTEMS[name].title, f"{value(SYSTEMS[name]):g}", cells[1], cells[4], *cells[6:]])
    head = ("system", column, "IoU", "F1", "pooled IoU", "seeds", "steps", "budget", "minutes")
    return Table(head, rows, f"{title_of(dataset)}, {percent(labels)} labelled")
