"""Figures of measured results: order of systems, alpha (Fig. 6), collapse (Fig. 8a), K (Fig. 8b), training curves."""

from collections.abc import Sequence

import numpy as np

from semicurv_tf.data.catalog import dataset_info
from semicurv_tf.pictures.figure import SOFT, colour, drawn
from semicurv_tf.report.document import Figure
from semicurv_tf.report.measured import Group, main_group
from semicurv_tf.report.tables import percent, title_of
from semicurv_tf.study.published import published
from semicurv_tf.study.systems import SYSTEMS
from semicurv_tf.study.targets import TARGETS

# Share of a run over which noisy curves are averaged.
SMOOTHED = 0.05


def order_figure(target: str, dataset: str, labels: float, groups: Sequence[Group]) -> Figure | None:
    """Measured and printed IoU of each system on one line; None where nothing of it was run."""
    names = TARGETS[target].systems(labels)
    found = {name: main_group(groups, dataset, labels, name) for name in names}
    if not any(found.values()):
        return None

    def draw(figure):
        axes = figure.subplots()
        for row, name in enumerate(reversed(names)):
            group, printed = found[name], published(target, dataset, labels, name)
            if printed is not None:
                axes.plot(
                    printed[0],
                    row,
                    "o",
                    markersize=8,
                    markerfacecolor="white",
                    markeredgecolor=SOFT,
                    markeredgewidth=1.4,
                )
            if group is None:
                continue
            iou = group.iou()
            if printed is not None:
                axes.plot([printed[0], iou.mean], [row, row], color=colour(name), linewidth=1, alpha=0.5, zorder=0)
            axes.errorbar(iou.mean, row, xerr=iou.deviation, fmt="o", markersize=8, color=colour(name), capsize=3)
        axes.set_yticks(
            range(len(names)), [SYSTEMS[name].title + ("" if found[name] else " (not run)") for name in reversed(names)]
        )
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.margins(x=0.08)
        axes.set_xlabel("IoU of the test images, %")
        axes.grid(axis="y", visible=False)

    caption = (
        f"{title_of(dataset)}, {percent(labels)} labelled: measured (filled; the bar is the standard deviation over "
        "seeds) and printed (ring)."
    )
    name = f"{target}_{dataset}_{100 * labels:g}pct"
    return Figure(name, drawn(draw, 7, 0.9 + 0.34 * len(names)), caption, width_px=680)


def setting_figure(
    target: str, dataset: str, labels: float, axis: str, value, groups: Sequence[Group]
) -> Figure | None:
    """IoU against a setting, a line for each method; None where nothing was run."""
    lines: dict[str, list] = {}
    for name in TARGETS[target].systems(labels):
        group = main_group(groups, dataset, labels, name)
        if group is not None:
            lines.setdefault(group.first.config.method.name, []).append((value(SYSTEMS[name]), group.iou()))
    if not lines:
        return None
    ticks = sorted({float(value(SYSTEMS[name])) for name in TARGETS[target].systems(labels)})

    def draw(figure):
        axes = figure.subplots()
        for method, points in lines.items():
            points.sort()
            places = [ticks.index(float(x)) for x, _ in points]
            bars = [iou.deviation or 0 for _, iou in points]
            axes.errorbar(
                places,
                [iou.mean for _, iou in points],
                yerr=bars,
                fmt="o-",
                color=colour(method),
                capsize=3,
                label=SYSTEMS[method].title,
            )
        axes.set_xticks(range(len(ticks)), [f"{tick:g}" for tick in ticks])
        axes.set_xlim(-0.4, len(ticks) - 0.6)
        axes.set_xlabel(axis)
        axes.set_ylabel("IoU of the test images, %")
        axes.legend()

    caption = f"{title_of(dataset)}, {percent(labels)} labelled: IoU against {axis}."
    return Figure(f"{target}_{dataset}_{100 * labels:g}pct", drawn(draw, 5.6, 3.4), caption, width_px=560)


def collapse_figure(dataset: str, labels: float, groups: Sequence[Group]) -> Figure | None:
    """Fig. 8a: what share of the pixels is predicted foreground over time, and the IoU that was watched."""
    measured = {name: main_group(groups, dataset, labels, name) for name in TARGETS["figure8a"].systems(labels)}
    found = {name: group for name, group in measured.items() if group is not None}
    if not found:
        return None
    true_share = dataset_info(dataset).positive_percent

    def draw(figure):
        left, right = figure.subplots(1, 2)
        for name, group in found.items():
            for result in group.results:
                first = result is group.first
                steps, shares = _curve(result, "foreground")
                _line(left, steps, 100 * shares, name, SYSTEMS[name].title if first else None)
                _line(right, *_watched(result), name, None, smooth=False)
        if true_share is not None:
            left.axhline(
                true_share, color=SOFT, linestyle=":", linewidth=1.2, label=f"truth, all images: {true_share:g} %"
            )
        left.set(
            title="Predicted foreground", xlabel="step", ylabel="% of the pixels of unlabelled images", ylim=(0, None)
        )
        right.set(title="Watched IoU, teacher", xlabel="step", ylabel="%", ylim=(0, None))
        figure.legend(loc="outside lower center", ncols=4)

    caption = (
        f"{title_of(dataset)}, {percent(labels)} labelled. Left: the teacher's predicted foreground, a collapse to "
        f"background would go to 0. Right: the IoU that was watched ({_watched_on(next(iter(found.values())))}). "
        f"Thin: as logged; thick: averaged over {100 * SMOOTHED:g} % of the run."
    )
    return Figure(f"figure8a_{dataset}_{100 * labels:g}pct", drawn(draw, 9.6, 3.9), caption)


def foreground_at_end(group: Group) -> float | None:
    """The share of predicted foreground over the last tenth of the runs, in percent; None where it was not logged."""
    shares = []
    for result in group.results:
        steps, values = _curve(result, "foreground")
        shares.extend(values[steps > 0.9 * result.steps])
    return 100 * float(np.mean(shares)) if shares else None


def training_figure(dataset: str, labels: float, groups: Sequence[Group]) -> Figure | None:
    """Monitored IoU and supervised loss of the systems of Tables III and V that were run there, first seeds."""
    names = dict.fromkeys([*TARGETS["table3"].systems(labels), *TARGETS["table5"].systems(labels)])
    found = [group for name in names if (group := main_group(groups, dataset, labels, name)) is not None]
    found = [group for group in found if len(group.first.curve) > 1]
    if not found:
        return None

    def draw(figure):
        left, right = figure.subplots(1, 2)
        for group in found:
            result = group.first
            name = result.system.name
            _line(left, *_watched(result), name, result.system.title, smooth=False)
            _line(right, *_curve(result, "dice"), name, None)
            _line(right, *_curve(result, "wbce"), name, None)
        left.set(title="Watched IoU, deployed network", xlabel="step", ylabel="%", ylim=(0, None))
        right.set(title="Supervised loss", xlabel="step", ylim=(0, None))
        figure.legend(loc="outside lower center", ncols=4)

    caption = (
        f"{title_of(dataset)}, {percent(labels)} labelled, seed {found[0].first.seed}. Left: IoU on "
        f"{_watched_on(found[0])}; nothing is chosen by it. Right: loss on the labelled images, averaged over "
        f"{100 * SMOOTHED:g} % of the run."
    )
    return Figure(f"curves_{dataset}_{100 * labels:g}pct", drawn(draw, 9.6, 3.6 + 0.22 * (len(found) // 4)), caption)


def _curve(result, name: str):
    """Steps and values of one entry of the log."""
    lines = [line for line in result.curve if name in line]
    return np.array([line["step"] for line in lines]), np.array([line[name] for line in lines], float)


def _watched(result):
    """Of the network that is deployed: the teacher where there is one. In percent."""
    teacher = any("monitor_teacher_iou" in line for line in result.curve)
    steps, values = _curve(result, f"monitor_{'teacher' if teacher else 'student'}_iou")
    return steps, 100 * values


def _watched_on(group: Group) -> str:
    return {
        "hidden": "masks of unlabelled training images, hidden from the training",
        "validation": "validation images",
    }.get(group.first.config.training.monitor, "images of the training's own choice")


def _line(axes, steps, values, system: str, label: str | None, smooth: bool = True):
    if not len(steps):
        return
    if not smooth or len(steps) < 10:
        axes.plot(steps, values, color=colour(system), label=label, marker="o", markersize=2.5)
        return
    axes.plot(steps, values, color=colour(system), linewidth=0.6, alpha=0.35)
    width = max(1, round(SMOOTHED * len(steps)))
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    axes.plot(steps, np.convolve(padded, np.ones(width) / width, mode="valid"), color=colour(system), label=label)
