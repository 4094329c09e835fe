"""The table of a study: a row for each run, and for each recipe the mean and spread over its label seeds."""

import statistics
import textwrap

from semicurv_tf.study.recipe_table import nothing_hidden

_WIDTH = 120  # of the note's lines
_HEAD = (
    "| recipe | method | labelled | seed | steps | hidden IoU | test IoU | test F1 | pooled IoU | minutes |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def study_table(records: list[dict]) -> str:
    """Markdown, in percent.

    Args:
        records: of `read_record`, kind `RECIPE`; at least one. Those of one recipe, method and
            length are taken for seeds of one another.

    Returns:
        The rows; where a recipe has several seeds, a row `mean ± standard deviation` (n - 1) of each column; and a
        note.
    """
    rows: list[tuple] = []
    groups: dict[tuple, list[list]] = {}
    for record in records:
        group, cells = _cells(record)
        rows.append(
            (*group[:3], record["config"]["training"]["seed"], group[3], *map(_number, cells[:-1]), f"{cells[-1]:.0f}")
        )
        groups.setdefault(group, []).append(cells)
    spreads = [
        (*group[:3], f"{len(seeds)} seeds", group[3], *map(_spread, zip(*seeds)))
        for group, seeds in groups.items()
        if len(seeds) > 1
    ]
    lines = ["| " + " | ".join(map(str, row)) + " |\n" for row in (*rows, *spreads)]
    first = records[0]
    note = (
        "In percent, of the last step's deployed network, at threshold 0.5. Hidden: on the masks of unlabelled "
        "training images, by which settings may be chosen. Test: means over the test images, each scored whole; "
        "pooled over their pixels. ±: standard deviation over seeds; a seed chooses the labelled images, too. "
        f"{first['processor']}, {first['precision']['name']}, TensorFlow {first['versions']['tensorflow']}. "
        "Minutes are of the training steps alone, on a machine that may have done other work beside."
    )
    return _HEAD + "".join(lines) + f"\n{textwrap.fill(note, _WIDTH)}\n"


def _cells(record: dict) -> tuple[tuple, list]:
    """What tells recipes apart (recipe, method, labelled, steps); and hidden IoU, test IoU, F1, pooled IoU, minutes."""
    last, scores = record["curve"][-1], record["scores"]
    watched = last.get("monitor_teacher_iou", last.get("monitor_student_iou"))
    hidden = None if nothing_hidden(record) else watched
    tested = (
        (None, None, None) if scores is None else (scores["mean"]["iou"], scores["mean"]["f1"], scores["pooled"]["iou"])
    )
    percent = [None if value is None else 100 * value for value in (hidden, *tested)]
    group = (record["recipe"], record["config"]["method"]["name"], len(record["labelled"]), last["step"])
    return group, [*percent, record["training_minutes"]]


def _number(value) -> str:
    return "-" if value is None else f"{value:.1f}"


def _spread(values) -> str:
    if None in values:
        return "-"
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"
