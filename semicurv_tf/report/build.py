"""The report: the paper's tables and figures beside what was measured, as a page, as Markdown and as CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from semicurv_tf import __version__
from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.report import curves, tables
from semicurv_tf.report.document import (
    PAGE,
    TEXT,
    Bullets,
    Heading,
    Paragraph,
    Part,
    Table,
    require_own_report,
    write_document,
)
from semicurv_tf.report.measured import Group, MeasuredCell, beside_protocol, group_results, main_group, read_results
from semicurv_tf.spreadsheet import cell
from semicurv_tf.study.published import published_labels, read_published
from semicurv_tf.study.targets import DATASETS, TARGETS
from semicurv_tf.training.guards import COLLAPSED_TO_BACKGROUND
from semicurv_tf.whole_files import written_whole
from semicurv_tf.wording import counted

TITLE = "SemiCurv: measured and printed"
MEASURED = "measured.csv"
BLOCKS = (("All labels (fully supervised)", 0), ("The higher label budget", 1), ("The lower label budget", 2))


def build_report(
    folders: Sequence[Path], output: Path, runs: Path | None, data_dir: str | None, images: int, console: Console
):
    """Reads results and writes the report.

    Args:
        folders: results of `semicurv-tf reproduce`.
        output: folder of the report; files of an earlier one are replaced, anyone else's are refused.
        runs: folder of the run folders, for Figure 7; or None.
        data_dir: of the dataset, in place of the runs' own; or None.
        images: how many Figure 7 shows of each dataset.
        console: for progress, and a line for each file that was left out.

    Raises:
        UserError: a folder that is not there, a file that cannot be written, or someone else's in its place.
    """
    require_own_report(output, [PAGE, TEXT, MEASURED])
    results, faults, left_out = read_results(folders)
    for fault in faults:
        console.print(f"warning: {fault}")
    groups = group_results(results)
    parts = [*_opening(results, groups, left_out)]
    parts += _table3(groups) + _table4(groups) + _table5(groups) + _table6(groups)
    parts += (
        _figure3(console)
        + _figure6(groups)
        + _figure7(groups, runs, data_dir, images, console)
        + _figure8(groups)
        + _curves(groups)
    )
    parts += _settings(groups)
    footer = f"semicurv-tf {__version__}, semicurv-tf report. Printed numbers: {read_published()['source']}."
    write_document(output, TITLE, parts, footer)
    _write_csv(output / MEASURED, results)
    console.print(
        f"{counted(len(results), 'result')}, {counted(left_out, 'file')} left out: {output / PAGE}, {TEXT}, {MEASURED}"
    )


def _opening(results: list[MeasuredCell], groups: list[Group], left_out: int) -> list[Part]:
    parts: list[Part] = [
        Paragraph(
            "The tables and figures of SemiCurv (Xu et al. 2022) with what this implementation measured next "
            "to what the paper printed.",
            "lead",
        )
    ]
    if left_out:
        parts.append(
            Paragraph(
                f"Left out as damaged, foreign or given twice: {counted(left_out, 'file')} of the results; the command "
                "said which.",
                "warning",
            )
        )
    if not results:
        return [*parts, Paragraph("No result was given: all cells below are shown as not run.", "warning")]
    datasets = [tables.title_of(name) for name in DATASETS if any(result.dataset == name for result in results)]
    budgets = sorted({result.budget for result in results})
    budget = tables.budget_text(budgets[0]) + (f" to {tables.budget_text(budgets[-1])}" if len(budgets) > 1 else "")
    lines = [
        f"{len(results)} runs of {len({result.system.name for result in results})} systems on {', '.join(datasets)}; "
        f"seeds {_listed(sorted({result.seed for result in results}))}.",
        f"Budget {budget}: the length of a run as a share of the paper's 1000 epochs, where an epoch cycles the "
        "labelled images once, four to a batch.",
        "IoU and F1 in percent at threshold 0.5, means over the test images as in the paper; pooled: over the pixels "
        "of all. The difference is measured minus printed. ± is the standard deviation over seeds (n − 1); a seed "
        "chooses the labelled images, too.",
        "The test images were opened once for each run, at its last step.",
        f"Measured on {'; '.join(sorted({result.machine for result in results}))}. Minutes are of the training steps "
        "alone.",
    ]
    if all(len(group.results) == 1 for group in groups):
        lines.append("One seed each: differences of a few points between systems are not told from chance.")
    return [*parts, Bullets(lines)]


def _table3(groups: list[Group]) -> list[Part]:
    parts: list[Part] = [
        Heading("Table III: all systems", "table3"),
        Paragraph(
            "The label budgets are the paper's: 5 % and 1 %; of MIT Road 1 % and 0.1 %; of EM128 10 % and 5 %. "
            "Of several runs of a system the longest is shown; all are below.",
            "note",
        ),
        tables.overview_table("table3", BLOCKS, groups),
    ]
    return parts + _details("table3", groups)


def _table5(groups: list[Group]) -> list[Part]:
    return [
        Heading("Table V: ablation", "table5"),
        tables.overview_table("table5", [("", 0)], groups),
        *_details("table5", groups),
    ]


def _details(target: str, groups: list[Group]) -> list[Part]:
    """Where something was run: all numbers, the order of the systems in words and drawn."""
    parts: list[Part] = []
    for dataset, labelled in _run_in(target, groups, own=target != "table3"):
        parts.append(Heading(tables.title_of(dataset), level=3))
        for labels in labelled:
            parts.append(tables.dataset_table(target, dataset, labels, groups))
            note = tables.order_note(target, dataset, labels, groups)
            parts += [Paragraph(note)] if note else []
            drawn = curves.order_figure(target, dataset, labels, groups)
            parts += [drawn] if drawn else []
    return parts


def _table4(groups: list[Group]) -> list[Part]:
    """CrackForest, of which there are printed numbers, and where else it was run."""
    places = _printed_or_run("table4", groups)
    return [
        Heading("Table IV: encodings", "table4"),
        *(tables.dataset_table("table4", *place, groups) for place in places),
    ]


def _table6(groups: list[Group]) -> list[Part]:
    note = (
        "The paper's machine is its own: what compares is the ratio of the two rows. "
        "Minutes at budget 1 are extrapolated by the steps."
    )
    places: dict[str, list[float]] = {}
    for name, labels in _printed_or_run("table6", groups):
        places.setdefault(name, []).append(labels)
    return [
        Heading("Table VI: training time", "table6"),
        Paragraph(note, "note"),
        *(tables.time_table(*place, groups) for place in places.items()),
    ]


def _figure3(console: Console) -> list[Part]:
    from semicurv_tf.report.loss_surfaces import surface_figure, view_figure

    console.print("computing figure 3")
    return [Heading("Figure 3: the views and the losses", "figure3"), view_figure(), surface_figure()]


def _figure6(groups: list[Group]) -> list[Part]:
    return _by_setting(
        "figure6", "Figure 6: the teacher's alpha", "alpha", lambda system: system.settings["method.ema_alpha"], groups
    )


def _figure7(groups: list[Group], runs: Path | None, data_dir: str | None, images: int, console: Console) -> list[Part]:
    parts: list[Part] = [Heading("Figure 7: masks and truth", "figure7")]
    if runs is not None:
        from semicurv_tf.report.qualitative import comparison_figure

        for dataset, labelled in _run_in("table3", groups):
            for labels in labelled:
                console.print(f"drawing masks of {dataset} at {tables.percent(labels)}")
                drawn = comparison_figure(dataset, labels, groups, runs, data_dir, images, console)
                parts += [drawn] if drawn else []
    if len(parts) == 1:
        parts.append(
            Paragraph(
                "Not drawn: it needs the run folders and the images, semicurv-tf report --runs RUNS --data-dir DIR.",
                "note",
            )
        )
    return parts


def _figure8(groups: list[Group]) -> list[Part]:
    parts: list[Part] = [
        Heading("Figure 8a: does MSE collapse?", "figure8a"),
        Paragraph(f"The paper: {read_published()['figures']['figure8a']}", "note"),
    ]
    for dataset, labelled in _run_in("figure8a", groups):
        for labels in labelled:
            # SemiCurv alone says nothing of the MSE.
            alone = main_group(groups, dataset, labels, "mean_teacher") is None
            drawn = None if alone else curves.collapse_figure(dataset, labels, groups)
            parts += [drawn, _foreground_table(dataset, labels, groups)] if drawn else []
    if len(parts) == 2:
        parts.append(Paragraph("Not run.", "note"))
    return parts + _by_setting(
        "figure8b",
        "Figure 8b: the encoding's period K",
        "K",
        lambda system: system.settings.get("model.encoding_period", 4),
        groups,
    )


def _foreground_table(dataset: str, labels: float, groups: list[Group]) -> Table:
    truth = dataset_info(dataset).positive_percent
    rows = []
    for name in TARGETS["figure8a"].systems(labels):
        group = main_group(groups, dataset, labels, name)
        share = None if group is None else curves.foreground_at_end(group)
        if group is None or share is None:
            continue
        iou = tables.measured_text(group.iou())
        rows.append(
            [
                group.first.system.title,
                f"{share:.1f}",
                "–" if truth is None else f"{truth:g}",
                "collapsed" if share < 100 * COLLAPSED_TO_BACKGROUND else "no collapse",
                iou,
            ]
        )
    head = ("system", "foreground at the end, %", "truth, %", "", "test IoU")
    return Table(
        head,
        rows,
        f"{tables.title_of(dataset)}, {tables.percent(labels)} labelled: the teacher's foreground in the last tenth "
        "of the run",
        (3,),
    )


def _by_setting(target: str, title: str, axis: str, value, groups: list[Group]) -> list[Part]:
    parts: list[Part] = [Heading(title, target), Paragraph(f"The paper: {read_published()['figures'][target]}", "note")]
    for dataset, labelled in _run_in(target, groups, own=True):
        for labels in labelled:
            drawn = curves.setting_figure(target, dataset, labels, axis, value, groups)
            parts += [drawn, tables.setting_table(target, dataset, labels, axis, value, groups)] if drawn else []
    return parts if len(parts) > 2 else [*parts, Paragraph("Not run.", "note")]


def _curves(groups: list[Group]) -> list[Part]:
    parts: list[Part] = [Heading("Training curves", "curves")]
    places = dict.fromkeys((group.first.dataset, group.first.labels) for group in groups)
    parts += [drawn for dataset, labels in places if (drawn := curves.training_figure(dataset, labels, groups))]
    return parts if len(parts) > 1 else []


def _settings(groups: list[Group]) -> list[Part]:
    """What was set beside the protocol, and which images were labelled."""
    if not groups:
        return []
    parts: list[Part] = [Heading("Settings and labelled images", "settings")]
    told: dict[str, list[Group]] = {}
    for group in groups:
        told.setdefault("; ".join(beside_protocol(group)).replace("->", "→"), []).append(group)
    for lines, members in told.items():
        where = _listed(dict.fromkeys(map(_place, members)))
        systems = _listed(dict.fromkeys(group.first.system.title for group in members))
        parts.append(
            Paragraph(f"{f'Set beside the protocol, {lines}' if lines else 'As the protocol'}: {where} ({systems}).")
        )
    parts.append(Paragraph("Labelled images, as the seed chose them:"))
    chosen: dict[tuple, list[str]] = {}
    for result in (result for group in groups for result in group.results):
        chosen[(result.dataset, result.labels, result.seed)] = result.labelled
    few = {key: names for key, names in chosen.items() if len(names) <= 24}
    parts.append(
        Bullets(
            [
                f"{tables.title_of(dataset)}, {tables.percent(labels)}, seed {seed}: {_listed(names)}"
                for (dataset, labels, seed), names in few.items()
            ]
        )
    )
    return parts


def _place(group: Group) -> str:
    return f"{tables.title_of(group.first.dataset)} {tables.percent(group.first.labels)}"


def _run_in(target: str, groups: list[Group], own: bool = False) -> list[tuple[str, list[float]]]:
    """Datasets, and label budgets, at which a system of the target was run; the paper's order.

    Args:
        target: a name of `TARGETS`.
        groups: what was measured.
        own: pass over places where only such systems of it were run as Table III has, too.
    """
    found: dict[str, set[float]] = {}
    for group in groups:
        first = group.first
        shared = own and target != "table6" and first.system.name in TARGETS["table3"].systems(first.labels)
        if first.system.name in TARGETS[target].systems(first.labels) and not shared:
            found.setdefault(first.dataset, set()).add(first.labels)
    return [(name, sorted(found[name], reverse=True)) for name in DATASETS if name in found]


def _printed_or_run(target: str, groups: list[Group]) -> list[tuple[str, float]]:
    printed = [(name, labels) for name in DATASETS for labels in published_labels(target, name)]
    run = [(name, labels) for name, labelled in _run_in(target, groups, own=True) for labels in labelled]
    return list(dict.fromkeys([*printed, *run]))


def _listed(values) -> str:
    return ", ".join(map(str, values))


def _write_csv(file: Path, results: Sequence[MeasuredCell]):
    """Each result as a line, for other programs."""
    head = [
        "dataset",
        "labels",
        "system",
        "seed",
        "steps",
        "budget",
        "iou",
        "f1",
        "precision",
        "recall",
        "pooled_iou",
        "pooled_f1",
        "minutes",
    ]
    with written_whole(file) as part, open(part, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(head)
        for result in results:
            scores = [result.mean[name] for name in ("iou", "f1", "precision", "recall")] + [
                result.pooled["iou"],
                result.pooled["f1"],
            ]
            where = [
                result.dataset,
                f"{result.labels:g}",
                result.system.name,
                result.seed,
                result.steps,
                f"{result.budget:.4g}",
            ]
            writer.writerow(map(cell, [*where, *(f"{score:.2f}" for score in scores), result.minutes]))
