"""Results with numbers of our own, in the form that `semicurv-tf reproduce` writes."""

import json

from semicurv_tf.study.plan import Request, make_plan
from semicurv_tf.study.record import CELL


def made_up(cell, iou, f1=None, minutes=10.0, foreground=None, seconds=0.5):
    """The record of a cell.

    Args:
        cell: of a plan.
        iou, f1: shares, means over the test images; pooled ones are 0.02 above.
        minutes: of training.
        foreground: a function of the share of the run that is done, or None: 0.08.
        seconds: of a step.
    """
    scores = {"iou": iou, "f1": iou + 0.1 if f1 is None else f1, "precision": 0.6, "recall": 0.5}
    curve = []
    for position in range(1, 41):
        done = position / 40
        line = {"step": int(cell.steps * done), "loss": 1 - done / 2, "dice": 1 - done / 2, "seconds": seconds}
        line["foreground"] = 0.08 if foreground is None else foreground(done)
        if position % 4 == 0:
            line["monitor_student_iou"] = iou * done
        curve.append(line)
    return {
        "kind": CELL,
        "cell": cell.name,
        "system": cell.system.name,
        "dataset": cell.dataset,
        "labels": cell.labels,
        "seed": cell.seed,
        "steps": cell.steps,
        "full_steps": cell.full_steps,
        "budget": cell.budget,
        "wall_minutes": minutes,
        "config": cell.config.model_dump(mode="json"),
        "labelled": [f"image-{cell.seed}"],
        "precision": {"name": "float32", "reason": "made up"},
        "versions": {"tensorflow": "2.21.0"},
        "processor": "a made-up processor",
        "training_minutes": minutes,
        "seconds_per_step": seconds,
        "scores": {
            "split": "test",
            "step": cell.steps,
            "images": 160,
            "mean": scores,
            "pooled": {k: v + 0.02 for k, v in scores.items()},
            "empty_targets": 0,
        },
        "curve": curve,
    }


def plan(target, dataset, **options):
    """Cells."""
    return make_plan(Request(target, dataset, **options))


def write(folder, record):
    """Puts a record where the command would."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['cell']}.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path
