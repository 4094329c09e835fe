"""What unlabelled images add: baseline, SemiCurv and recipe by dataset and label budget, over label seeds."""

import itertools
import statistics

from semicurv_tf.study.published import published

_HEAD = (
    "| dataset, labels | paper: supervised | paper: SemiCurv | strong supervised "
    "| faithful SemiCurv | best | best - supervised, by seed "
    "| minutes: supervised, SemiCurv, best | all labels, supervised |\n|---|---|---|---|---|---|---|---|---|\n"
)
SUPERVISED, SEMICURV, BEST = KINDS = ("supervised", "semicurv", "best")


def recipe_table(records: list[dict]) -> str:
    """Markdown, test IoU in percent: mean ± standard deviation (n - 1) over label seeds, and their number.

    Args:
        records: of `read_record`, kind `RECIPE`, opened on the test set. The recipe of a file `NAME_best.yaml` is ours;
            method `semicurv` the paper's; method `supervised` the baseline.
    """
    lines = []
    for dataset, labels in sorted({place_of(record) for record in records if record["config"]["data"]["labels"] < 1}):
        here = [record for record in records if place_of(record) == (dataset, labels)]
        scores = {kind: {_seed(each): _iou(each) for each in here if kind_of(each) == kind} for kind in KINDS}
        minutes = [[each["training_minutes"] for each in here if kind_of(each) == kind] for kind in KINDS]
        printed = [published("table3", dataset, labels, system) for system in ("supervised", "semicurv")]
        both = sorted(scores[SUPERVISED].keys() & scores[BEST].keys())
        gain = [scores[BEST][seed] - scores[SUPERVISED][seed] for seed in both]
        whole = [_iou(each) for each in records if place_of(each) == (dataset, 1.0) and kind_of(each) == SUPERVISED]
        cells = [
            f"{dataset}, {100 * labels:g} %",
            *("-" if value is None else f"{value[0]:.1f}" for value in printed),
            *(_spread(list(scores[kind].values())) for kind in KINDS),
            _signed(gain),
            ", ".join(f"{statistics.mean(each):.1f}" if each else "-" for each in minutes),
            _spread(whole),
        ]
        lines.append("| " + " | ".join(cells) + " |\n")
    return _HEAD + "".join(lines)


def time_table(records: list[dict], minutes: tuple[float, ...]) -> str:
    """Markdown: IoU in percent on hidden training masks after given minutes of training steps, mean over label seeds.

    What was watched last before that time counts; a run that had ended by then counts with its end, and is in brackets.

    Args:
        records: of `read_record`, kind `RECIPE`.
        minutes: ascending.
    """
    groups: dict[tuple, list[list[tuple[float, float]]]] = {}  # time and IoU, per run
    for record in records:
        watched = _watched(record)
        if watched and not nothing_hidden(record):
            groups.setdefault((*place_of(record), kind_of(record)), []).append(watched)
    lines = [
        "| dataset, labels | recipe | "
        + " | ".join(f"{limit:g} min" for limit in minutes)
        + " |\n"
        + "|---" * (2 + len(minutes))
        + "|\n"
    ]
    for (dataset, labels, kind), runs in sorted(groups.items()):
        values = []
        for limit in minutes:
            found = [[iou for time, iou in watched if time <= limit] for watched in runs]
            ended = all(watched[-1][0] <= limit for watched in runs)
            text = f"{statistics.mean(each[-1] for each in found):.1f}" if all(found) else "-"
            values.append(f"({text})" if ended else text)
        lines.append(f"| {dataset}, {100 * labels:g} % | {kind} | " + " | ".join(values) + " |\n")
    return "".join(lines)


def _watched(record: dict) -> list[tuple[float, float]]:
    """Minutes of training and IoU in percent, each time it was watched."""
    curve = record["curve"]
    steps = [0, *(line["step"] for line in curve)]
    times = list(
        itertools.accumulate(line["seconds"] * (after - before) for line, before, after in zip(curve, steps, steps[1:]))
    )
    scale = record["training_minutes"] / times[-1] if times[-1] else 0.0  # of the lines that were left out of the curve
    names = ("monitor_teacher_iou", "monitor_student_iou")
    return [
        (time * scale, 100 * next(line[name] for name in names if name in line))
        for time, line in zip(times, curve)
        if any(name in line for name in names)
    ]


def nothing_hidden(record: dict) -> bool:
    """Whether all masks were taught: what was watched on training images says nothing then about others."""
    return record["config"]["data"]["labels"] == 1


def place_of(record: dict) -> tuple[str, float]:
    """Dataset and labelled fraction of a record."""
    data = record["config"]["data"]
    return data["dataset"], data["labels"]


def kind_of(record: dict) -> str:
    """Which column a record belongs to: one of `KINDS`, or the name of another method."""
    if record["recipe"].endswith("_best.yaml"):
        return BEST
    method = record["config"]["method"]
    return f"{method['name']} with transplants" if method.get("transplants") else method["name"]


def _seed(record: dict) -> int:
    return record["config"]["training"]["seed"]


def _iou(record: dict) -> float:
    return 100 * record["scores"]["mean"]["iou"]


def _spread(values) -> str:
    if not values:
        return "not run"
    mean = f"{statistics.mean(values):.1f}"
    return f"{mean} (1 seed)" if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f} ({len(values)} seeds)"


def _signed(values) -> str:
    if not values:
        return "-"
    each = ", ".join(f"{value:+.1f}" for value in values)
    return each if len(values) == 1 else f"{statistics.mean(values):+.1f} ({each})"
