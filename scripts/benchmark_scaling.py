"""How the training step's time grows with the batch and with the image, and what sharing it between devices costs.

    python scripts/benchmark_scaling.py
    python scripts/benchmark_scaling.py --rounds 1 --steps 2 --widths 4,8 --output trial.json

Cells: batch 8, 16, 32 of 128x128 images, images of 128, 256, 512 at batch 8 (half of each batch labelled), and batch 8
on two devices. Each cell of each round is a process of its own, round after round, so that a machine that slows down
slows all cells. Kept after each cell in OUTPUT; called again, it measures only what is missing there. The table gives
seconds per step (median over rounds) and, beside the first cell, how often linear growth would make it: the ratio is
taken within a round; below 1 is better than linear.
On a processor the two devices share the cores that one device has alone: there the ratio is the cost of sharing.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click
from benchmark.machine import describe_machine
from rich.console import Console
from rich.table import Table

# Images per step, side in pixels, devices; the first is what the others are compared with.
CELLS = [(8, 128, 1), (8, 128, 2), (16, 128, 1), (32, 128, 1), (8, 256, 1), (8, 512, 1)]
BUSY = 0.7  # load average above which times are not to be quoted


@click.command()
@click.option("--output", default="results/benchmark_scaling.json", show_default=True, type=click.Path(path_type=Path))
@click.option(
    "--rounds", default=3, show_default=True, type=click.IntRange(min=1), help="Times that each cell is measured."
)
@click.option(
    "--steps", default=4, show_default=True, type=click.IntRange(min=1), help="Timed steps of a cell in a round."
)
@click.option("--precision", default="float32", show_default=True, type=click.Choice(["float32", "bfloat16"]))
@click.option(
    "--widths", default="32,64,128,256,512", show_default=True, help="Of the network; smaller ones for a trial."
)
@click.option("--cell", hidden=True)
def main(output, rounds, steps, precision, widths, cell):
    """Seconds per training step over batch, image side and devices."""
    settings = {"steps": steps, "precision": precision, "widths": [int(width) for width in widths.split(",")]}
    if cell is not None:
        print(json.dumps({"seconds": measure(*json.loads(cell), settings)}))
        return
    console = Console(highlight=False, soft_wrap=True)
    content = _known(output, settings)
    if (content["machine"]["load_before"] or 0.0) > BUSY:
        console.print(
            "warning: other work runs on this machine; its times are not to be quoted. Fix: repeat on an idle machine"
        )
    start, left = (
        time.monotonic(),
        [key for turn in range(rounds) for key in _keys(turn) if key not in content["seconds"]],
    )
    for done, key in enumerate(left):
        passed = time.monotonic() - start
        remaining = f", {passed / done * (len(left) - done):.0f} s left" if done else ""
        console.print(f"{done + 1} of {len(left)}: {key}{remaining}")
        arguments = ["--steps", steps, "--precision", precision, "--widths", widths, "--cell", key.partition(" ")[2]]
        found = subprocess.run([sys.executable, __file__, *map(str, arguments)], capture_output=True, text=True)
        if found.returncode:
            raise SystemExit(f"error: {key} failed:\n{found.stderr}")
        content["seconds"][key] = json.loads(found.stdout.splitlines()[-1])["seconds"]
        content["table"] = summary(content["seconds"])
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    console.print(_table(content["table"]))


def measure(batch, side_px, devices, settings):
    """Median seconds of a step of SemiCurv, tracing and the two steps after it left out."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from benchmark.images import DrawnImages

    from semicurv_tf.config import load_config
    from semicurv_tf.data.pipeline import training_batches
    from semicurv_tf.training.devices import open_devices
    from semicurv_tf.training.loop import run_steps
    from semicurv_tf.training.train import compiled_method

    opened = open_devices(devices)
    half = batch // 2
    config = load_config(
        None, {"model.widths": settings["widths"], "training.batch_labelled": half, "training.batch_unlabelled": half}
    )
    facts = {
        "channels": 3,
        "mean": [127.5],
        "standard_deviation": [64.0],
        "steps": 1000,
        "precision": {"name": settings["precision"]},
    }
    with opened.strategy.scope():
        method = compiled_method(config, facts)
    store = DrawnImages(side_px)
    batches = training_batches(
        store,
        store.labelled_indices,
        store.unlabelled_indices,
        batch_labelled=half,
        batch_unlabelled=half,
        crop=None,
        seed=0,
        first_step=0,
        steps=settings["steps"] + 3,
        replicas=opened.replicas,
        mine=opened.mine,
    )
    return statistics.median([report["seconds"] for report, _ in run_steps(method, batches, opened, 0)][3:])


def summary(seconds):
    """For each cell measured: median seconds, and its ratio to linear growth from the first cell."""
    rows = []
    for batch, side_px, devices in CELLS:
        rounds = {
            key.partition(" ")[0]: value
            for key, value in seconds.items()
            if key.endswith(f" [{batch}, {side_px}, {devices}]")
        }
        if not rounds:
            continue
        linear = batch * side_px**2 / (CELLS[0][0] * CELLS[0][1] ** 2)
        ratios = [
            value / (linear * seconds[first])
            for turn, value in rounds.items()
            if (first := f"{turn} {list(CELLS[0])}") in seconds
        ]
        rows.append(
            {
                "batch": batch,
                "side_px": side_px,
                "devices": devices,
                "seconds": statistics.median(rounds.values()),
                "pixels": linear,
                "ratio_to_linear": statistics.median(ratios) if ratios else None,
            }
        )
    return rows


def _keys(turn):
    return [f"{turn + 1} {list(cell)}" for cell in CELLS]


def _known(output, settings):
    """What OUTPUT holds already; of other settings it is not gone on with."""
    if output.exists():
        content = json.loads(output.read_text(encoding="utf-8"))
        if content["settings"] != settings:
            raise SystemExit(
                f"error: {output} was measured with other settings ({content['settings']}). Fix: another --output, or "
                "remove it"
            )
        return content
    return {"machine": describe_machine(), "settings": settings, "seconds": {}, "table": []}


def _table(rows):
    table = Table(title="Seconds per training step of SemiCurv", title_justify="left")
    for heading in ("images per step", "side", "devices", "seconds", "pixels", "to linear growth"):
        table.add_column(heading, justify="right")
    for row in rows:
        ratio = "-" if row["ratio_to_linear"] is None else f"{row['ratio_to_linear']:.2f}"
        table.add_row(
            str(row["batch"]),
            str(row["side_px"]),
            str(row["devices"]),
            f"{row['seconds']:.3f}",
            f"x {row['pixels']:g}",
            ratio,
        )
    return table


if __name__ == "__main__":
    main()
