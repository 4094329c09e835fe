"""Draws a run's predictions beside the truth: worst, median and best test images, errors coloured.

    python scripts/show_results.py --run runs/first --output results.png
    python scripts/show_results.py --run runs/a --run runs/b --output both.png

With several runs of one dataset the images are chosen by the first run's scores.
"""

import json
from pathlib import Path

import click
import numpy as np

from semicurv_tf.cli.console import console, quiet_start
from semicurv_tf.cli.main import run as run_command
from semicurv_tf.pictures.contact_sheet import contact_sheet
from semicurv_tf.pictures.error_map import error_map

with quiet_start():
    from semicurv_tf.metrics.network_scores import make_predictor
    from semicurv_tf.training import run_folder
    from semicurv_tf.training.run_data import open_run_dataset


@click.command()
@click.option(
    "--run",
    "runs",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="A run that was evaluated; may be repeated.",
)
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Images, evenly spread from worst to best.",
)
@click.option(
    "--enlarge", type=click.IntRange(1, 8), default=1, show_default=True, help="Show pixels this much larger."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="A PNG file.")
def main(runs, split, count, enlarge, output):
    """Write a picture of worst to best predictions: white is right, red too much, blue missed."""
    scores = run_folder.read_json(runs[0] / run_folder.SCORES)
    if split not in scores:
        raise click.ClickException(
            f"{runs[0]}: no scores of {split}. Fix: semicurv-tf evaluate --run {runs[0]} --split {split}"
        )
    each = scores[split]["each"]
    ordered = sorted(each, key=lambda name: each[name]["iou"])
    chosen = [ordered[round(place)] for place in np.linspace(0, len(ordered) - 1, min(count, len(ordered)))]

    store = getattr(open_run_dataset(runs[0], run_folder.read_config(runs[0]), console()), split)
    networks = [run_folder.load_deployed(run) for run in runs]
    methods = [facts["method"] for _, facts in networks]
    # Recipes of one method are told apart by the names of their runs.
    names = methods if len(set(methods)) == len(methods) else [run.name for run in runs]
    predictors = [make_predictor(network) for network, _ in networks]
    rows = []
    for index in store.indices(chosen):
        arrays = store.read(index)
        image, target = arrays["image"], arrays["mask"][..., 0] > 0
        valid = arrays["valid"][..., 0] > 0
        pictures = [image if image.shape[-1] == 3 else image[..., 0], target.astype(np.uint8) * 255]
        for predict in predictors:
            probability = np.asarray(predict(image[None].astype(np.float32)))[0, ..., 0]
            pictures.append(error_map(target, probability > 0.5, valid))
        rows.append((f"{store.names[index]}  IoU {100 * each[store.names[index]]['iou']:.0f}", pictures))
    sheet = contact_sheet(rows, ["image", "truth", *names], enlarge)
    sheet.save(output)
    print(json.dumps({"picture": str(output), "images": chosen}))


if __name__ == "__main__":
    run_command(main)
